use super::{judge_leaf, or_stored, remedies};
use crate::certificate::{Certificate, KeyKind};
use crate::evidence::Evidence;
use crate::server::Served;
use crate::{Cause, Detection, Proof, Severity, Stage};

/// The key or a signature of the chain is too weak for current or hardened clients.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "certificate-weak",
    stage: Stage::Certificate,
    severity: Severity::Degrades,
    title: "The server's certificate has a weak key or signature",
    prior: -4,
    explains: &[],
    page: include_str!("certificate-weak.md"),
    detect,
    remedies: remedies::replace,
};

/// RSA bits below which Windows takes no certificate since 2012.
const BLOCKED: usize = 1024;
/// RSA bits below which a key counts as weak.
const WEAK: usize = 2048;
/// The curves that current Windows clients can verify.
const CURVES: [&str; 3] = ["secp256r1", "secp384r1", "secp521r1"];

fn detect(evidence: &Evidence) -> Detection {
    let wire = judge_leaf(evidence, |served| weigh(faults(served)));
    or_stored(evidence, wire, |used, _| weigh(of_leaf(&used.leaf, &used.fact).collect()))
}

fn weigh(faults: Vec<Fault>) -> Detection {
    let blocks = faults.iter().any(|(_, _, severity)| *severity == Severity::Blocks);
    let proof = faults.into_iter().enumerate().fold(Proof::default(), |proof, (place, (text, fact, _))| {
        proof.and(text, [fact], if place == 0 { 30 } else { 0 })
    });
    match proof {
        proof if proof.items.is_empty() => Detection::RuledOut,
        proof if blocks => Detection::Confirmed(proof.severity(Severity::Blocks)),
        proof => Detection::Confirmed(proof),
    }
}

/// What is weak, where it shows, and what it does.
type Fault = (String, String, Severity);

fn faults(served: &Served<'_>) -> Vec<Fault> {
    // What a root says of itself is never verified.
    let others = served.others.iter().filter(|certificate| !certificate.self_issued);
    let others = others.filter_map(weak_signature);
    let others = others.map(|text| (format!("further up the chain, {text}"), served.fact(), Severity::Degrades));
    let fact = served.fact();
    of_leaf(&served.leaf, &fact).chain(others).collect()
}

fn of_leaf(leaf: &Certificate, fact: &str) -> impl Iterator<Item = Fault> {
    let signature = weak_signature(leaf).map(|text| (text, Severity::Degrades));
    let all = [weak_key(leaf), signature].into_iter().flatten();
    all.map(move |(text, severity)| (text, fact.to_owned(), severity))
}

fn weak_key(certificate: &Certificate) -> Option<(String, Severity)> {
    match &certificate.key {
        KeyKind::Rsa { bits } if *bits < BLOCKED => {
            Some((format!("the key is RSA with {bits} bits; Windows refuses less than 1024"), Severity::Blocks))
        }
        KeyKind::Rsa { bits } if *bits < WEAK => {
            Some((format!("the key is RSA with {bits} bits; hardened clients want 2048"), Severity::Degrades))
        }
        KeyKind::Rsa { .. } => None,
        KeyKind::Ec { curve } if CURVES.contains(&curve.as_str()) => None,
        key => Some((format!("the key is {key}, which current Windows clients cannot verify"), Severity::Degrades)),
    }
}

fn weak_signature(certificate: &Certificate) -> Option<String> {
    let broken = ["MD2", "MD5", "SHA1"].iter().any(|hash| certificate.signature.ends_with(hash));
    broken.then(|| format!("the signature is {}, which hardened clients refuse", certificate.signature))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CertificateMaker, Machine, Scene, Script};
    use crate::{Verdict, judge};

    const SHA1: &[u64] = &[1, 2, 840, 113_549, 1, 1, 5];
    const MD5: &[u64] = &[1, 2, 840, 113_549, 1, 1, 4];
    const P256: &[u64] = &[1, 2, 840, 10045, 3, 1, 7];

    fn scene(chain: &[CertificateMaker]) -> Evidence {
        Scene::named("ts01", &["10.0.0.5"]).client(|a| a.serves(chain)).evidence()
    }

    fn verdict(maker: CertificateMaker) -> (Option<&'static str>, Verdict) {
        let diagnosis = judge(&scene(&[maker]));
        (diagnosis.root().map(|finding| finding.cause.id), diagnosis.verdict)
    }

    fn plain() -> CertificateMaker {
        CertificateMaker::self_signed("TS01")
    }

    #[test]
    fn blocks_below_1024_bits() {
        for bits in [512, 1023] {
            assert_eq!(verdict(plain().rsa(bits)), (Some("certificate-weak"), Verdict::Broken));
        }
    }

    #[test]
    fn degrades_where_only_hardened_clients_stop() {
        let odd_key = plain().key_algorithm(&[1, 3, 101, 112]);
        for maker in [plain().rsa(1024), plain().signed_with(SHA1), plain().signed_with(MD5), odd_key] {
            assert_eq!(verdict(maker), (Some("certificate-weak"), Verdict::Warning));
        }
        assert_eq!(verdict(plain().curve(&[1, 3, 132, 0, 10])), (Some("certificate-weak"), Verdict::Warning));
    }

    #[test]
    fn near_misses() {
        for maker in [plain(), plain().rsa(4096), plain().curve(P256)] {
            assert_eq!(detect(&scene(&[maker])), Detection::RuledOut);
        }
    }

    #[test]
    fn a_weak_intermediate_counts_and_a_root_does_not() {
        let leaf = CertificateMaker::issued("ts01", "Issuing CA");
        let root = CertificateMaker::self_signed("Root CA").signed_with(SHA1);
        assert_eq!(detect(&scene(&[leaf.clone(), root])), Detection::RuledOut);
        let issuing = CertificateMaker::issued("Issuing CA", "Root CA").signed_with(SHA1);
        let Detection::Confirmed(proof) = detect(&scene(&[leaf, issuing])) else { panic!("clients verify it") };
        assert!(proof.items[0].text.contains("further up"));
    }

    #[test]
    fn a_certificate_in_the_store_is_judged_where_nobody_probed() {
        let chosen = |maker: CertificateMaker| Machine::healthy().certificate("My", &maker, "tp-1").pins(&maker);
        assert!(matches!(detect(&chosen(plain().rsa(1024)).evidence()), Detection::Confirmed(_)));
        assert_eq!(detect(&chosen(plain()).evidence()), Detection::RuledOut);
    }

    #[test]
    fn unknown_without_a_certificate() {
        let evidence = Scene::at("10.0.0.5").client(Script::completes_tls).evidence();
        assert_eq!(detect(&evidence), Detection::Unknown(Vec::new()));
    }
}
