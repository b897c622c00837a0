use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};

use super::{as_client, rdp_alone, refused_with, settings};
use crate::evidence::{Attempt, Ending, Evidence, NegotiateAnswer};
use crate::view::{AddressView, attempt_fact, client_first};
use crate::{Cause, Detection, Proof, Remedy, Severity, Stage, Want};

/// RDP's own encryption and nothing better: clients get in, and nobody can tell who the server is.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "standard-security-only",
    stage: Stage::Negotiate,
    severity: Severity::Degrades,
    title: "The server offers only Standard RDP Security, without TLS",
    prior: 0,
    explains: &[],
    page: include_str!("standard-security-only.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    client_first(evidence, detect_at)
}

fn detect_at(address: AddressView<'_>) -> Detection {
    let Some((index, attempt)) = as_client(address) else { return Detection::Unknown(Vec::new()) };
    if let Some(text) = chosen(attempt) {
        return Detection::Confirmed(Proof::of(text, [attempt_fact(index)], 30));
    }
    if refused_with(address, FailureCode::SSL_NOT_ALLOWED_BY_SERVER).is_none() {
        return Detection::RuledOut;
    }
    let refusal = "asked as mstsc asks, the server answered SSL_NOT_ALLOWED_BY_SERVER";
    let proof = Proof::of(refusal, [attempt_fact(index)], 10);
    let Some((alone, attempt)) = address.tries(&rdp_alone()).next() else {
        let missing = "whether the server then takes Standard RDP Security, as its answer says";
        return Detection::Likely(proof.missing(missing).want(Want::attempt(address.endpoint, rdp_alone())));
    };
    if attempt.selected().is_some_and(Protocols::is_empty) {
        let text = "asked for Standard RDP Security alone, it confirmed";
        return Detection::Confirmed(proof.and(text, [attempt_fact(alone)], 20));
    }
    if matches!(attempt.ending, Ending::OurSystem { .. }) {
        return Detection::Unknown(vec![Want::repeat(address.endpoint, rdp_alone())]);
    }
    Detection::RuledOut
}

/// How the server chose Standard RDP Security over everything better.
fn chosen(attempt: &Attempt) -> Option<&'static str> {
    match attempt.negotiated.as_ref()?.answer {
        NegotiateAnswer::NoData => Some("asked as mstsc asks, the server confirmed without negotiation data"),
        NegotiateAnswer::Selected { protocols, .. } if protocols.is_empty() => {
            Some("asked as mstsc asks, the server chose PROTOCOL_RDP")
        }
        NegotiateAnswer::Selected { .. } => None,
    }
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![settings::read(), settings::allow_tls(), settings::allow_tls_on_xrdp()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, Script};
    use crate::{Certainty, Verdict, judge};

    fn is_a_warning(scene: Scene) {
        let diagnosis = judge(&scene.evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("standard-security-only", Certainty::Confirmed));
        assert_eq!(diagnosis.verdict, Verdict::Warning);
    }

    fn refuses_tls() -> Scene {
        Scene::at("10.0.0.5").client(|a| a.fails(FailureCode::SSL_NOT_ALLOWED_BY_SERVER))
    }

    #[test]
    fn fires_on_a_confirm_without_negotiation_data() {
        is_a_warning(Scene::at("10.0.0.5").client(Script::confirms_without_data));
    }

    #[test]
    fn fires_when_the_server_chooses_it() {
        is_a_warning(Scene::at("10.0.0.5").client(|a| a.selects(Protocols::RDP)));
    }

    #[test]
    fn fires_when_tls_is_refused_and_it_is_taken_alone() {
        is_a_warning(refuses_tls().asks(Protocols::RDP, |a| a.selects(Protocols::RDP)));
        is_a_warning(refuses_tls().asks(Protocols::RDP, Script::confirms_without_data));
    }

    #[test]
    fn near_miss_a_server_that_takes_it_besides_tls() {
        let scene = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL).completes_tls());
        let evidence = scene.asks(Protocols::RDP, |a| a.selects(Protocols::RDP)).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
    }

    #[test]
    fn near_miss_a_server_that_refuses_both() {
        let scene = refuses_tls().asks(Protocols::RDP, |a| a.fails(FailureCode::HYBRID_REQUIRED_BY_SERVER));
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn asks_for_it_alone_where_tls_is_refused() {
        let evidence = refuses_tls().evidence();
        let Detection::Likely(proof) = detect(&evidence) else { panic!("its word alone is no proof") };
        assert_eq!(proof.wants, [Want::attempt(evidence.endpoints()[0], rdp_alone())]);
        assert_eq!(judge(&evidence).verdict, Verdict::Inconclusive);
    }

    #[test]
    fn unknown_before_anything_was_tried() {
        assert!(matches!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(_)));
    }
}
