use super::{judge_leaf, remedies};
use crate::evidence::{Evidence, Trust};
use crate::view::attempt_fact;
use crate::{Cause, Detection, Proof, Severity, Stage};

/// The authority has taken the certificate back.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "certificate-revoked",
    stage: Stage::Certificate,
    severity: Severity::Blocks,
    title: "The server's certificate was revoked",
    prior: -5,
    explains: &["certificate-untrusted"],
    page: include_str!("certificate-revoked.md"),
    detect,
    remedies: remedies::replace,
};

fn detect(evidence: &Evidence) -> Detection {
    judge_leaf(evidence, |served| {
        let trust: Option<&Trust> = served.attempt.tls.as_ref().and_then(|tls| tls.trust.observed());
        // That a store says nothing of it does not prove that it looked.
        if !trust.is_some_and(|trust| trust.revoked) {
            return Detection::Unknown(Vec::new());
        }
        let text = "the certificate store of this machine says that a certificate of the chain was revoked";
        Detection::Confirmed(Proof::of(text, [format!("{}/tls/trust", attempt_fact(served.index))], 30))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CertificateMaker, Scene, Script};
    use crate::{Verdict, judge};

    fn scene(revoked: bool) -> Evidence {
        let trust = Trust { trusted: !revoked, reason: None, revoked };
        let chain = [CertificateMaker::issued("ts01", "Corp CA")];
        Scene::named("ts01", &["10.0.0.5"]).client(|a| a.serves(&chain).trust(trust)).evidence()
    }

    #[test]
    fn fires_and_stops_clients() {
        let diagnosis = judge(&scene(true));
        assert_eq!(diagnosis.root().unwrap().cause.id, "certificate-revoked");
        assert_eq!(diagnosis.verdict, Verdict::Broken);
    }

    #[test]
    fn near_miss_untrusted_is_not_revoked() {
        let chain = [CertificateMaker::windows("TS01")];
        let evidence = Scene::at("10.0.0.5").client(|a| a.serves(&chain).untrusted()).evidence();
        assert_eq!(detect(&evidence), Detection::Unknown(Vec::new()));
    }

    #[test]
    fn unknown_where_nobody_says_so() {
        assert_eq!(detect(&scene(false)), Detection::Unknown(Vec::new()));
        let bare = Scene::at("10.0.0.5").client(Script::completes_tls).evidence();
        assert_eq!(detect(&bare), Detection::Unknown(Vec::new()));
    }
}
