use super::{File, Remark, fires};
use crate::evidence::Evidence;
use crate::evidence::snapshot::{SavedSetting, SettingKind};

pub(super) fn of(file: File<'_>, evidence: &Evidence) -> impl Iterator<Item = Remark> {
    let found = [unproven(file), without_credssp(file), drives(file, evidence), basic(file), unsigned_address(file)];
    found.into_iter().flatten().chain(secrets(file))
}

fn unproven(file: File<'_>) -> Option<Remark> {
    let line = file.line("authentication level").filter(|_| file.number("authentication level") == Some(0))?;
    let text = "authentication level is 0: it connects without a word to whoever answers; 2 asks, 1 refuses";
    Some(Remark::grave(Some(line), text))
}

fn without_credssp(file: File<'_>) -> Option<Remark> {
    let line = file.line("enablecredsspsupport").filter(|_| file.number("enablecredsspsupport") == Some(0))?;
    let text =
        "enablecredsspsupport is 0: the password is typed on the server's own screen, before anything proves who it is";
    Some(Remark::grave(Some(line), text))
}

/// Drives are given away where nothing proves who gets them.
fn drives(file: File<'_>, evidence: &Evidence) -> Option<Remark> {
    let (line, which) = redirected(file)?;
    let unknown = if file.number("authentication level") == Some(0) {
        "whoever answers gets them"
    } else if file.concerns(evidence) && fires("certificate-untrusted", evidence) {
        "nothing proves who gets them: the server's certificate is not trusted"
    } else {
        let text =
            format!("the remote computer may read and write {which} of this one: leave it only where that is needed");
        return Some(Remark::note(line, text));
    };
    Some(Remark::grave(line, format!("the remote computer may read and write {which} of this one, and {unknown}")))
}

fn redirected(file: File<'_>) -> Option<(Option<usize>, &'static str)> {
    if let Some(drives) = file.text("drivestoredirect") {
        let which = if drives == "*" { "all drives" } else { "drives" };
        return Some((file.line("drivestoredirect"), which));
    }
    (file.number("redirectdrives") == Some(1)).then(|| (file.line("redirectdrives"), "all drives"))
}

fn basic(file: File<'_>) -> Option<Remark> {
    let line = file.line("gatewaycredentialssource").filter(|_| file.number("gatewaycredentialssource") == Some(3))?;
    Some(Remark::note(Some(line), "gatewaycredentialssource is 3: the gateway is given the password itself"))
}

/// A signature that leaves the address out vouches for a file that leads anywhere.
fn unsigned_address(file: File<'_>) -> Option<Remark> {
    file.text("signature")?;
    let scope = file.text("signscope").unwrap_or_default();
    let covers = |name: &str| scope.split(',').any(|signed| signed.trim().eq_ignore_ascii_case(name));
    let open = |name: &&str| file.text(name).is_some() && !covers(name);
    let name = ["full address", "alternate full address", "gatewayhostname"].into_iter().find(open)?;
    Some(Remark::grave(file.line(name), format!("the file is signed, and the signature does not cover {name}")))
}

/// Windows keeps a password for one user of one machine as `password 51`; other programs write it down.
fn secrets(file: File<'_>) -> impl Iterator<Item = Remark> {
    let kept = file.saved.settings.iter().filter(|setting| setting.kind == SettingKind::Secret);
    kept.map(|SavedSetting { line, name, .. }| match name.to_ascii_lowercase().as_str() {
        "password 51" => {
            Remark::note(Some(*line), "it holds a password that only the user who saved it, on that machine, can use")
        }
        "gatewayaccesstoken" => Remark::note(
            Some(*line),
            "it holds an access token: who has the file has the access, for as long as the token holds",
        ),
        _ => Remark::grave(
            Some(*line),
            format!("it holds a secret in {}, for whoever reads the file", super::quoted(name)),
        ),
    })
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use super::*;
    use crate::testing::{CertificateMaker, Machine, Scene, Script};

    fn said(text: &str, trust: fn(Script) -> Script) -> Vec<(Option<usize>, bool)> {
        let origin = Machine::healthy().saves("C:\\a.rdp", text).as_origin().origin;
        let scene = Scene::named("ts01", &["10.0.0.5"])
            .client(|a| trust(a.selects(Protocols::HYBRID_EX).serves(&[CertificateMaker::windows("ts01")])));
        let evidence = Evidence { origin, ..scene.evidence() };
        let remarks = super::super::files(&evidence).flat_map(|file| of(file, &evidence).collect::<Vec<_>>());
        remarks.map(|remark| (remark.line, remark.grave)).collect()
    }

    #[test]
    fn what_lets_anybody_be_the_server_is_grave() {
        assert_eq!(said("authentication level:i:0", Script::trusted), [(Some(1), true)]);
        assert_eq!(said("authentication level:i:2", Script::untrusted), []);
        assert_eq!(said("enablecredsspsupport:i:0", Script::trusted), [(Some(1), true)]);
        assert_eq!(said("enablecredsspsupport:i:1", Script::trusted), []);
    }

    #[test]
    fn drives_are_grave_where_nobody_knows_who_gets_them() {
        assert_eq!(said("drivestoredirect:s:*", Script::trusted), [(Some(1), false)]);
        assert_eq!(said("drivestoredirect:s:*", Script::untrusted), [(Some(1), true)]);
        assert_eq!(said("full address:s:ts02\nredirectdrives:i:1", Script::untrusted), [(Some(2), false)]);
        let anybody = "authentication level:i:0\ndrivestoredirect:s:C:\\;";
        assert_eq!(said(anybody, Script::trusted), [(Some(1), true), (Some(2), true)]);
        assert_eq!(said("drivestoredirect:s:\nredirectdrives:i:0", Script::untrusted), []);
    }

    #[test]
    fn secrets_are_told_apart() {
        let text = "password 51:b:0100\npassword:s:x\ngatewayaccesstoken:s:x";
        assert_eq!(said(text, Script::trusted), [(Some(1), false), (Some(2), true), (Some(3), false)]);
    }

    #[test]
    fn a_signature_covers_the_address_or_vouches_for_nothing() {
        let signed = |scope: &str| format!("full address:s:ts01\nsignscope:s:{scope}\nsignature:s:AQAB");
        assert_eq!(said(&signed("Full Address,Server Port"), Script::trusted), []);
        assert_eq!(said(&signed("Server Port"), Script::trusted), [(Some(1), true)]);
        assert_eq!(said("full address:s:ts01\nsignscope:s:Server Port", Script::trusted), []);
    }
}
