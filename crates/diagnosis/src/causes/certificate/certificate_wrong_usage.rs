use super::{judge_leaf, remedies};
use crate::certificate::Certificate;
use crate::evidence::Evidence;
use crate::{Cause, Detection, Proof, Severity, Stage};

/// The certificate was made for something else than a server.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "certificate-wrong-usage",
    stage: Stage::Certificate,
    severity: Severity::Degrades,
    title: "The server's certificate is not meant for a server",
    prior: -5,
    explains: &[],
    page: include_str!("certificate-wrong-usage.md"),
    detect,
    remedies: remedies::replace,
};

/// Purposes listed in a proof.
const LISTED: usize = 4;

fn detect(evidence: &Evidence) -> Detection {
    judge_leaf(evidence, |served| match fault(&served.leaf) {
        Some(text) => Detection::Confirmed(Proof::of(text, [served.fact()], 30)),
        None => Detection::RuledOut,
    })
}

/// Windows' own certificate may decipher and not sign, and serves ECDHE all the same: one of the two is enough.
fn fault(leaf: &Certificate) -> Option<String> {
    if !leaf.may_serve() {
        let purposes: Vec<&str> = leaf.purposes.iter().flatten().take(LISTED).map(|oid| purpose(oid)).collect();
        return Some(format!("its extended key usage leaves server authentication out: {}", purposes.join(", ")));
    }
    let idle = !leaf.may_sign && !leaf.may_decipher;
    idle.then(|| "its key usage allows neither digitalSignature nor keyEncipherment".to_owned())
}

fn purpose(oid: &str) -> &str {
    match oid {
        "1.3.6.1.5.5.7.3.2" => "client authentication",
        "1.3.6.1.5.5.7.3.3" => "code signing",
        "1.3.6.1.5.5.7.3.4" => "e-mail protection",
        "1.3.6.1.5.5.7.3.8" => "time stamping",
        "1.3.6.1.5.5.7.3.9" => "OCSP signing",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CertificateMaker, Scene, Script};
    use crate::{Verdict, judge};

    const SERVER: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 3, 1];
    const CLIENT: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 3, 2];
    const REMOTE_DESKTOP: &[u64] = &[1, 3, 6, 1, 4, 1, 311, 54, 1, 2];

    fn scene(maker: CertificateMaker) -> Evidence {
        Scene::named("ts01", &["10.0.0.5"]).client(|a| a.serves(&[maker])).evidence()
    }

    fn plain() -> CertificateMaker {
        CertificateMaker::self_signed("TS01")
    }

    #[test]
    fn fires_and_is_a_warning() {
        let diagnosis = judge(&scene(plain().purposes(&[CLIENT])));
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, diagnosis.verdict), ("certificate-wrong-usage", Verdict::Warning));
        assert!(root.proof.items[0].text.contains("client authentication"));
        assert!(matches!(detect(&scene(plain().usage(0b0000_0100))), Detection::Confirmed(_)));
    }

    #[test]
    fn near_misses() {
        for maker in [
            plain(),
            CertificateMaker::windows("TS01"),
            plain().purposes(&[CLIENT, SERVER]),
            plain().purposes(&[REMOTE_DESKTOP]),
            plain().usage(0b1000_0000),
        ] {
            assert_eq!(detect(&scene(maker)), Detection::RuledOut);
        }
    }

    #[test]
    fn unknown_without_a_certificate() {
        let evidence = Scene::at("10.0.0.5").client(Script::completes_tls).evidence();
        assert_eq!(detect(&evidence), Detection::Unknown(Vec::new()));
    }
}
