//! What is wrong on the machine that connects. A probe is not that client: of most of it nothing shows, so that what
//! somebody states speaks for it, or what a look at that machine shows.

pub(super) mod client_credssp_broken;
pub(super) mod client_defect;
pub(super) mod client_firewall;
pub(super) mod client_is_server;
pub(super) mod client_license_store_damaged;
pub(super) mod client_policy_forbids;
pub(super) mod client_profile_stale;
pub(super) mod client_tls_too_old;
mod delegation;
mod effect;
mod signs;
mod stored;

use crate::Detection;
use crate::evidence::{Ending, Evidence};
use crate::view::client_address;

/// Refuted by TCP that is refused or reset: the packets get out, and an answer comes back.
fn unless_answered(evidence: &Evidence) -> Detection {
    let answers = client_address(evidence).is_some_and(|address| {
        address.attempts().any(|(_, attempt)| attempt.connected.is_some() || attempt.ending == Ending::Refused)
    });
    if answers { Detection::RuledOut } else { Detection::Unknown(Vec::new()) }
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use crate::causes::{CAUSES, find};
    use crate::evidence::{Ending, Evidence};
    use crate::testing::{Machine, Scene};
    use crate::{Detection, Stage, Verdict, judge};

    fn detect(id: &str, evidence: &Evidence) -> Detection {
        (find(id).unwrap().detect)(evidence)
    }

    #[test]
    fn unknown_on_nothing() {
        let nothing = Scene::unresolved("ts01").evidence();
        for cause in CAUSES.iter().filter(|cause| cause.stage == Stage::Client) {
            assert_eq!((cause.detect)(&nothing), Detection::Unknown(Vec::new()), "{}", cause.id);
        }
    }

    #[test]
    fn a_healthy_client_is_silent() {
        let client = || Machine::healthy().build(22631, "Client");
        let diagnosis = judge(&client().as_origin());
        assert_eq!(diagnosis.verdict, Verdict::Healthy);
        assert!(diagnosis.findings.is_empty(), "{:?}", diagnosis.findings);
        let named = Scene::named("ts02", &["10.0.0.6"]).client(|a| a.selects(Protocols::HYBRID_EX).completes_tls());
        let towards = judge(&Evidence { origin: client().as_origin().origin, ..named.evidence() });
        assert_eq!((towards.verdict, towards.findings.len()), (Verdict::Healthy, 0), "{:?}", towards.findings);
        assert_eq!(judge(&Machine::unread().as_origin()).verdict, Verdict::Inconclusive);
    }

    #[test]
    fn an_answer_refutes_a_firewall_of_our_own() {
        let silent = Scene::at("10.0.0.5").client(|a| a.ends(Ending::Silent)).evidence();
        assert_eq!(detect("client-firewall", &silent), Detection::Unknown(Vec::new()));
        let refused = Scene::at("10.0.0.5").client(|a| a.ends(Ending::Refused)).evidence();
        assert_eq!(detect("client-firewall", &refused), Detection::RuledOut);
        let healthy = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL).completes_tls()).evidence();
        assert_eq!(detect("client-firewall", &healthy), Detection::RuledOut);
        assert_eq!(detect("client-defect", &healthy), Detection::Unknown(Vec::new()));
    }
}
