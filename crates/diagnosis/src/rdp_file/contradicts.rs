use rdpdoctor_protocol::negotiation::FailureCode;

use super::{File, files, fires};
use crate::Severity;
use crate::catalogue::setting;
use crate::evidence::{Attempt, Ending, Evidence};
use crate::view::{AddressView, attempt_fact, client_address, host_fact, origin_fact};

/// A setting that does not fit the server, or cannot work at all.
pub(crate) struct Contradiction {
    pub(crate) line: Option<usize>,
    pub(crate) text: String,
    pub(crate) facts: Vec<String>,
    /// In decibans; 30 is proof.
    pub(crate) decibans: i16,
    pub(crate) severity: Severity,
}

/// Every one, over all files that concern the target.
pub(crate) fn contradictions(evidence: &Evidence) -> Vec<Contradiction> {
    files(evidence).flat_map(|file| of(file, evidence)).collect()
}

pub(super) fn of(file: File<'_>, evidence: &Evidence) -> Vec<Contradiction> {
    if !file.concerns(evidence) {
        return Vec::new();
    }
    let found = [without_credssp(file, evidence), refuses(file, evidence), port(file, evidence), entra(file)];
    found.into_iter().flatten().collect()
}

/// `enablecredsspsupport:i:0` against a server that demands it.
fn without_credssp(file: File<'_>, evidence: &Evidence) -> Option<Contradiction> {
    if file.number("enablecredsspsupport") != Some(0) || file.number("enablerdsaadauth") == Some(1) {
        return None;
    }
    let server = demands_nla(evidence)?;
    let text = "enablecredsspsupport is 0, and the server demands Network Level Authentication";
    Some(file.contradiction("enablecredsspsupport", text.to_owned(), vec![server], 40))
}

/// What shows that the server takes CredSSP and nothing less.
fn demands_nla(evidence: &Evidence) -> Option<String> {
    let demanded = |attempt: &Attempt| attempt.failure_code() == Some(FailureCode::HYBRID_REQUIRED_BY_SERVER);
    let mut attempts = client_address(evidence).into_iter().flat_map(AddressView::attempts);
    if let Some((index, _)) = attempts.find(|(_, attempt)| demanded(attempt)) {
        return Some(attempt_fact(index));
    }
    let (host, nla) = (evidence.host.as_deref()?, setting("nla")?);
    (host.in_force(nla).number() == Some(1)).then(|| host_fact(&["registry", nla.path]))
}

/// `authentication level:i:1` against a certificate that does not verify.
fn refuses(file: File<'_>, evidence: &Evidence) -> Option<Contradiction> {
    const WRONG: [(&str, &str); 4] = [
        ("certificate-expired", "has expired"),
        ("certificate-not-yet-valid", "is not valid yet"),
        ("certificate-untrusted", "is not trusted"),
        ("certificate-name-mismatch", "is for another name"),
    ];
    if file.number("authentication level") != Some(1) {
        return None;
    }
    let (_, wrong) = WRONG.iter().find(|(id, _)| fires(id, evidence))?;
    let text = format!(
        "authentication level is 1 (do not connect), and the server's certificate {wrong}: only Kerberos could still prove who it is"
    );
    Some(file.contradiction("authentication level", text, Vec::new(), 18))
}

/// Another port than the one at which the server answers.
fn port(file: File<'_>, evidence: &Evidence) -> Option<Contradiction> {
    let target = file.target().filter(|target| target.port != evidence.target.port)?;
    let address = client_address(evidence).filter(|address| address.speaks_rdp())?;
    let asked = std::net::SocketAddr::new(address.endpoint.ip(), target.port);
    let there = || evidence.attempts_at(asked);
    if there().any(|(_, attempt)| attempt.connected.is_some()) {
        return None;
    }
    let refused = there().find(|(_, attempt)| attempt.ending == Ending::Refused);
    let line = if file.line("server port").is_some() { "server port" } else { "full address" };
    let (how, weight, fact) = match refused {
        Some((index, _)) => (", where nobody listens", 40, vec![attempt_fact(index)]),
        None => ("", 8, Vec::new()),
    };
    let text = format!("it asks for port {}{how}; the server answers at port {}", target.port, evidence.target.port);
    Some(file.contradiction(line, text, fact, weight))
}

/// Entra authentication proves the name that was asked for; an address is none.
fn entra(file: File<'_>) -> Option<Contradiction> {
    file.target()?.literal().filter(|_| file.number("enablerdsaadauth") == Some(1))?;
    let text =
        "enablerdsaadauth is 1, and full address is an address: Microsoft Entra knows the computer by its name only";
    Some(file.contradiction("enablerdsaadauth", text.to_owned(), Vec::new(), 12))
}

impl File<'_> {
    fn contradiction(self, name: &str, text: String, mut facts: Vec<String>, decibans: i16) -> Contradiction {
        let index = self.index.to_string();
        facts.insert(0, origin_fact(&["connections", "observed", &index]));
        Contradiction { line: self.line(name), text, facts, decibans, severity: Severity::Blocks }
    }
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use super::*;
    use crate::testing::{CertificateMaker, Machine, Scene, Script};

    fn found(text: &str, scene: Scene) -> Vec<(Option<usize>, i16)> {
        let origin = Machine::healthy().saves("C:\\a.rdp", text).as_origin().origin;
        let evidence = Evidence { origin, ..scene.evidence() };
        contradictions(&evidence).into_iter().map(|found| (found.line, found.decibans)).collect()
    }

    fn nla() -> Scene {
        Scene::at("10.0.0.5")
            .client(|a| a.selects(Protocols::HYBRID_EX).completes_tls())
            .asks(Protocols::SSL, |a| a.fails(FailureCode::HYBRID_REQUIRED_BY_SERVER))
    }

    #[test]
    fn credssp_switched_off_against_a_server_that_demands_it() {
        assert_eq!(found("enablecredsspsupport:i:0", nla()), [(Some(1), 40)]);
        assert_eq!(found("enablecredsspsupport:i:1", nla()), []);
        let lax = Scene::at("10.0.0.5").asks(Protocols::SSL, |a| a.selects(Protocols::SSL));
        assert_eq!(found("enablecredsspsupport:i:0", lax), []);
        assert_eq!(found("full address:s:ts02\nenablecredsspsupport:i:0", nla()), [], "another server");
    }

    #[test]
    fn the_servers_own_registry_tells_what_it_demands() {
        let text = "enablecredsspsupport:i:0";
        let origin = Machine::healthy().saves("C:\\a.rdp", text).as_origin().origin;
        let host = Machine::healthy().evidence().host;
        let evidence = Evidence { host, origin, ..Scene::at("10.0.0.5").evidence() };
        assert_eq!(contradictions(&evidence)[0].facts[1], host_fact(&["registry", setting("nla").unwrap().path]));
    }

    fn served(maker: CertificateMaker, trust: fn(Script) -> Script) -> Scene {
        Scene::named("ts01", &["10.0.0.5"]).client(|a| trust(a.selects(Protocols::HYBRID_EX).serves(&[maker])))
    }

    #[test]
    fn a_refusal_of_unproven_servers_against_a_certificate_that_proves_nothing() {
        let untrusted = || served(CertificateMaker::windows("ts01"), Script::untrusted);
        assert_eq!(found("authentication level:i:1", untrusted()), [(Some(1), 18)]);
        assert_eq!(found("authentication level:i:2", untrusted()), []);
        let trusted = served(CertificateMaker::windows("ts01"), Script::trusted);
        assert_eq!(found("authentication level:i:1", trusted), []);
    }

    #[test]
    fn another_port_than_the_one_that_answers() {
        let answers = || Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL));
        assert_eq!(found("full address:s:10.0.0.5:3390", answers()), [(Some(1), 8)]);
        let refused = || answers().client(|a| a.to("10.0.0.5:3390").ends(Ending::Refused));
        assert_eq!(found("full address:s:10.0.0.5\nserver port:i:3390", refused()), [(Some(2), 40)]);
        let connects = answers().client(|a| a.to("10.0.0.5:3390").connects());
        assert_eq!(found("full address:s:10.0.0.5:3390", connects), []);
        assert_eq!(found("full address:s:10.0.0.5", answers()), []);
    }

    #[test]
    fn entra_needs_a_name() {
        let at = || Scene::at("10.0.0.5");
        assert_eq!(found("full address:s:10.0.0.5\nenablerdsaadauth:i:1", at()), [(Some(2), 12)]);
        let named = Scene::named("ts01", &["10.0.0.5"]);
        assert_eq!(found("full address:s:ts01\nenablerdsaadauth:i:1", named), []);
    }
}
