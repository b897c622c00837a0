use super::{judge_leaf, remedies, short};
use crate::evidence::{Evidence, Sibling};
use crate::server::{Served, computer};
use crate::view::attempt_fact;
use crate::{Cause, Detection, Proof, Severity, Stage};

/// Several hosts serve one key.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "certificate-shared",
    stage: Stage::Certificate,
    severity: Severity::Degrades,
    title: "Several hosts serve the same certificate key",
    prior: -6,
    explains: &[],
    page: include_str!("certificate-shared.md"),
    detect,
    remedies: remedies::replace,
};

fn detect(evidence: &Evidence) -> Detection {
    judge_leaf(evidence, |served| {
        if evidence.siblings.is_empty() {
            return Detection::Unknown(Vec::new());
        }
        let own = computer(evidence);
        let found = evidence.siblings.iter().enumerate().find(|(_, other)| is_clone(served, own.as_deref(), other));
        let Some((index, other)) = found else { return Detection::RuledOut };
        let text = format!("{} at {} serves the same public key", short(&other.host), other.address);
        let proof = Proof::of(text, [served.fact(), format!("/evidence/siblings/{index}")], 5);
        let proof = if served.leaf.self_issued { proof } else { proof.severity(Severity::Informs) };
        judge_names(own.as_deref(), other, served, proof)
    })
}

/// One machine under two names or addresses is no clone.
fn is_clone(served: &Served<'_>, own: Option<&str>, other: &Sibling) -> bool {
    let same_name = own.is_some_and(|own| other.computer.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(own)));
    other.key_sha256 == served.leaf.key_sha256 && other.address != served.attempt.endpoint.ip() && !same_name
}

/// Two computer names behind one key are two machines; without them it may be one with two addresses.
fn judge_names(own: Option<&str>, other: &Sibling, served: &Served<'_>, proof: Proof) -> Detection {
    let (Some(own), Some(name)) = (own, &other.computer) else {
        return Detection::Likely(proof.missing(
            "whether the addresses belong to one machine: neither name that they give themselves is known for both",
        ));
    };
    let text = format!("they call themselves {} and {}", short(own), short(name));
    let fact = format!("{}/credssp", attempt_fact(served.index));
    Detection::Confirmed(proof.and(text, [fact], 25))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CertificateMaker, Scene, Script};
    use crate::{Certainty, Verdict, judge};

    fn other(address: &str, key: &str, computer: Option<&str>) -> Sibling {
        let address = address.parse().unwrap();
        Sibling { host: "ts02".into(), address, key_sha256: key.into(), computer: computer.map(str::to_owned) }
    }

    fn key(maker: &CertificateMaker) -> String {
        crate::certificate::Certificate::parse(&maker.der()).unwrap().key_sha256
    }

    fn scene(maker: &CertificateMaker, sibling: Sibling) -> Evidence {
        let served = |a: Script| a.serves(std::slice::from_ref(maker)).challenged_by("TS01", "ts01.corp.example");
        Scene::named("ts01", &["10.0.0.5"]).client(served).sibling(sibling).evidence()
    }

    #[test]
    fn fires_where_two_computers_serve_one_key() {
        let maker = CertificateMaker::windows("TS01");
        let diagnosis = judge(&scene(&maker, other("10.0.0.6", &key(&maker), Some("ts02.corp.example"))));
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("certificate-shared", Certainty::Confirmed));
        assert_eq!(diagnosis.verdict, Verdict::Warning);
    }

    #[test]
    fn a_farm_under_one_certificate_of_an_authority_only_informs() {
        let maker = CertificateMaker::issued("farm", "CA").dns(&["ts01"]);
        let diagnosis = judge(&scene(&maker, other("10.0.0.6", &key(&maker), Some("ts02.corp.example"))));
        assert_eq!(diagnosis.verdict, Verdict::Healthy);
    }

    #[test]
    fn near_misses_one_machine_asked_twice_and_another_key() {
        let maker = CertificateMaker::windows("TS01");
        let same_name = other("10.0.0.6", &key(&maker), Some("TS01.corp.example"));
        let same_address = other("10.0.0.5", &key(&maker), None);
        let other_key = other("10.0.0.6", &key(&CertificateMaker::windows("TS01").key_number(3)), Some("ts02"));
        for sibling in [same_name, same_address, other_key] {
            assert_eq!(detect(&scene(&maker, sibling)), Detection::RuledOut);
        }
    }

    #[test]
    fn without_names_it_may_be_one_machine() {
        let maker = CertificateMaker::windows("TS01");
        let diagnosis = judge(&scene(&maker, other("10.0.0.6", &key(&maker), None)));
        assert_eq!(diagnosis.verdict, Verdict::Healthy);
        assert!(diagnosis.findings.iter().any(|finding| finding.certainty == Certainty::Possible));
    }

    #[test]
    fn unknown_without_other_targets() {
        let maker = CertificateMaker::windows("TS01");
        let alone = Scene::at("10.0.0.5").client(|a| a.serves(&[maker])).evidence();
        assert_eq!(detect(&alone), Detection::Unknown(Vec::new()));
    }
}
