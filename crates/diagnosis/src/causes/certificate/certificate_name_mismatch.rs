use super::{judge_leaf, names, remedies, short};
use crate::evidence::{Evidence, Target};
use crate::server::Served;
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// The certificate is for another name than the one asked for.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "certificate-name-mismatch",
    stage: Stage::Certificate,
    severity: Severity::Informs,
    title: "The server's certificate is for another name",
    prior: -2,
    explains: &[],
    page: include_str!("certificate-name-mismatch.md"),
    detect,
    remedies,
};

/// Names listed in a proof.
const LISTED: usize = 5;

fn detect(evidence: &Evidence) -> Detection {
    judge_leaf(evidence, |served| {
        if names::is_for(&served.leaf, &evidence.target) {
            return Detection::RuledOut;
        }
        let text = format!("asked as {}, the server shows a certificate for {}", evidence.target.host, listed(served));
        let proof = Proof::of(text, [served.fact(), "/target/host".to_owned()], 30);
        if by_address_or_self_signed(served, &evidence.target) {
            return Detection::Confirmed(proof);
        }
        Detection::Confirmed(proof.severity(Severity::Degrades))
    })
}

/// No certificate authority vouches for a name here, or none was asked for: nothing is lost.
fn by_address_or_self_signed(served: &Served<'_>, target: &Target) -> bool {
    served.leaf.self_issued || target.literal().is_some()
}

fn listed(served: &Served<'_>) -> String {
    let addresses = served.leaf.addresses.iter().map(ToString::to_string);
    let all: Vec<String> = served.leaf.names().into_iter().map(short).chain(addresses).collect();
    let shown = all.get(..LISTED).unwrap_or(&all).join(", ");
    match all.len().saturating_sub(LISTED) {
        _ if all.is_empty() => "no name at all".to_owned(),
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    let name = served_name(evidence).map_or("a name of the certificate".to_owned(), |name| format!("\"{name}\""));
    let by_name = Remedy {
        title: format!("Connect by {name}, if that is the server that is meant; look its address up first"),
        place: Place::Client,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: Vec::new(),
        cmd: Vec::new(),
        undo: "nothing is changed".into(),
    };
    std::iter::once(by_name).chain(remedies::replace(evidence)).collect()
}

fn served_name(evidence: &Evidence) -> Option<String> {
    crate::server::served(evidence)?.leaf.names().first().map(|name| short(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CertificateMaker, Scene, Script};
    use crate::{Verdict, judge};

    fn asked(host: &str, maker: CertificateMaker) -> Evidence {
        let scene =
            if host.parse::<std::net::IpAddr>().is_ok() { Scene::at(host) } else { Scene::named(host, &["10.0.0.5"]) };
        scene.client(|a| a.serves(&[maker])).evidence()
    }

    fn verdict(evidence: &Evidence) -> Verdict {
        assert!(matches!(detect(evidence), Detection::Confirmed(_)));
        judge(evidence).verdict
    }

    #[test]
    fn degrades_where_an_authority_vouches_for_another_name() {
        let evidence = asked("ts01.corp.example", CertificateMaker::issued("OTHER", "CA").dns(&["ts02.corp.example"]));
        assert_eq!(verdict(&evidence), Verdict::Warning);
        let Detection::Confirmed(proof) = detect(&evidence) else { panic!("names differ") };
        assert!(proof.items[0].text.contains("ts02.corp.example"), "{proof:?}");
    }

    #[test]
    fn only_informs_on_a_self_signed_one_or_by_address() {
        assert_eq!(verdict(&asked("ts01", CertificateMaker::windows("OTHER"))), Verdict::Healthy);
        assert_eq!(verdict(&asked("10.0.0.5", CertificateMaker::issued("a", "CA").dns(&["ts01"]))), Verdict::Healthy);
    }

    #[test]
    fn near_misses() {
        let wildcard = CertificateMaker::issued("x", "CA").dns(&["*.corp.example"]);
        assert_eq!(detect(&asked("ts01.corp.example", wildcard)), Detection::RuledOut);
        assert_eq!(detect(&asked("ts01", CertificateMaker::windows("TS01"))), Detection::RuledOut);
        let address = CertificateMaker::issued("x", "CA").address("10.0.0.5");
        assert_eq!(detect(&asked("10.0.0.5", address)), Detection::RuledOut);
    }

    #[test]
    fn the_common_name_counts_only_without_dns_names() {
        let maker = CertificateMaker::issued("ts01.corp.example", "CA").dns(&["ts02.corp.example"]);
        assert!(matches!(detect(&asked("ts01.corp.example", maker)), Detection::Confirmed(_)));
    }

    #[test]
    fn unknown_without_a_certificate() {
        let evidence = Scene::at("10.0.0.5").client(Script::completes_tls).evidence();
        assert_eq!(detect(&evidence), Detection::Unknown(Vec::new()));
    }
}
