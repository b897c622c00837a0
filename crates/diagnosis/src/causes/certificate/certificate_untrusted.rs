use rdpdoctor_protocol::text::safe_text;

use super::{judge_leaf, remedies};
use crate::evidence::Evidence;
use crate::view::attempt_fact;
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// The store of this machine does not trust the chain: that is how Windows ships.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "certificate-untrusted",
    stage: Stage::Certificate,
    severity: Severity::Informs,
    title: "The server's certificate is not trusted by this machine",
    prior: 0,
    explains: &[],
    page: include_str!("certificate-untrusted.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    judge_leaf(evidence, |served| {
        let Some(tls) = &served.attempt.tls else { return Detection::Unknown(Vec::new()) };
        let Some(trust) = tls.trust.observed() else { return Detection::Unknown(Vec::new()) };
        if trust.trusted {
            return Detection::RuledOut;
        }
        let maker = if served.leaf.self_issued { "it is self-signed" } else { "no trusted authority stands behind it" };
        let reason = trust.reason.as_deref().map_or(String::new(), |reason| format!(" ({})", safe_text(reason, 120)));
        let text = format!("{maker}, and the certificate store of this machine does not know it{reason}");
        Detection::Confirmed(Proof::of(text, [format!("{}/tls/trust", attempt_fact(served.index))], 30))
    })
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    let compare = Remedy {
        title: "Leave it as it is, and compare the thumbprint that the client shows with the server's own before the first password".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![r"Get-ChildItem 'Cert:\LocalMachine\Remote Desktop' | Format-List Subject, NotAfter, Thumbprint".into()],
        cmd: vec![r#"certutil -store "Remote Desktop""#.into()],
        undo: "nothing is changed".into(),
    };
    vec![compare, remedies::look()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Trust;
    use crate::testing::{CertificateMaker, Scene, Script};
    use crate::{Verdict, judge};

    fn scene(script: impl FnOnce(Script) -> Script) -> Evidence {
        Scene::named("ts01", &["10.0.0.5"])
            .client(|a| script(a.serves(&[CertificateMaker::windows("TS01")])))
            .evidence()
    }

    #[test]
    fn fires_and_leaves_the_server_healthy() {
        let evidence = scene(Script::untrusted);
        assert!(matches!(detect(&evidence), Detection::Confirmed(_)));
        let diagnosis = judge(&evidence);
        assert_eq!(diagnosis.verdict, Verdict::Healthy);
        assert!(diagnosis.root().is_none());
    }

    #[test]
    fn near_miss_a_trusted_one() {
        let trusted = Trust { trusted: true, reason: None, revoked: false };
        assert_eq!(detect(&scene(|a| a.trust(trusted))), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_no_store_was_asked() {
        assert_eq!(detect(&scene(|a| a)), Detection::Unknown(Vec::new()));
        let bare = Scene::at("10.0.0.5").client(Script::completes_tls).evidence();
        assert_eq!(detect(&bare), Detection::Unknown(Vec::new()));
    }
}
