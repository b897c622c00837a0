use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};

use super::{as_client, settings};
use crate::evidence::{Attempt, Ending, Evidence, Offer, Routing};
use crate::view::{AddressView, attempt_fact, client_first};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage, Want};

/// The answer to a proper Connection Request is none that the rules allow.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "negotiation-malformed",
    stage: Stage::Negotiate,
    severity: Severity::Blocks,
    title: "The server's answer in the negotiation makes no sense",
    prior: 0,
    explains: &[],
    page: include_str!("negotiation-malformed.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    client_first(evidence, detect_at)
}

fn detect_at(address: AddressView<'_>) -> Detection {
    let Some((_, client)) = as_client(address) else { return Detection::Unknown(Vec::new()) };
    let faulty: Vec<(usize, String)> = with_offer_of(address, client)
        .filter_map(|(index, attempt)| fault(attempt).map(|fault| (index, fault)))
        .collect();
    let Some((index, text)) = faulty.first() else { return Detection::RuledOut };
    if makes_sense_otherwise(address) {
        return Detection::RuledOut;
    }
    let proof = Proof::of(text.clone(), [attempt_fact(*index)], 15);
    match faulty.iter().skip(1).find(|(_, again)| again == text) {
        Some((again, _)) => {
            Detection::Confirmed(proof.and("it did so again on a second try", [attempt_fact(*again)], 15))
        }
        None => Detection::Likely(proof.want(Want::repeat(address.endpoint, client.offer.clone()))),
    }
}

fn with_offer_of<'a>(
    address: AddressView<'a>,
    client: &'a Attempt,
) -> impl Iterator<Item = (usize, &'a Attempt)> + use<'a> {
    address.attempts().filter(move |(_, attempt)| attempt.offer == client.offer)
}

/// A sound answer to the same offer, or to that without the cookie, blames the path and not the server.
fn makes_sense_otherwise(address: AddressView<'_>) -> bool {
    let asked = Offer::mstsc().protocols();
    let same = |attempt: &Attempt| {
        let negotiate = attempt.offer.negotiate.as_ref();
        attempt.offer.protocols() == asked
            && negotiate.is_some_and(|offer| matches!(offer.routing, Routing::Cookie | Routing::None))
    };
    address.attempts().any(|(_, attempt)| same(attempt) && attempt.spoke_rdp() && fault(attempt).is_none())
}

/// What makes no sense in the answer to this offer.
fn fault(attempt: &Attempt) -> Option<String> {
    let asked = attempt.offer.protocols()?;
    if let Some(selected) = attempt.selected() {
        let unasked = selected.without(asked);
        return (!unasked.is_empty()).then(|| format!("asked for {asked}, the server chose {unasked}"));
    }
    match &attempt.ending {
        Ending::Malformed { what } => Some(format!("the answer to our Connection Request is malformed: {what}")),
        Ending::Disconnect { reason } => Some(format!("the server met our Connection Request with {reason}")),
        Ending::NegotiationFailure { code } if contradicts(*code, asked) => {
            Some(format!("asked for {asked}, the server answered {code}"))
        }
        _ => None,
    }
}

/// Whether the failure code cannot be the answer to what was asked for.
fn contradicts(code: FailureCode, asked: Protocols) -> bool {
    match code {
        FailureCode::HYBRID_REQUIRED_BY_SERVER => asked.intersects(Protocols::HYBRID | Protocols::HYBRID_EX),
        FailureCode::SSL_REQUIRED_BY_SERVER => asked.contains(Protocols::SSL),
        // Possible only where TLS was begun before X.224, which we never do.
        FailureCode::INCONSISTENT_FLAGS => true,
        code => code.name().is_none(),
    }
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    vec![
        Remedy {
            title: "Ask again from the server's own network, past proxies, bastions and balancers".into(),
            place: Place::Network,
            safety: Safety::Safe,
            interrupts: String::new(),
            commands: vec![format!("rdpdoctor diagnose {}", evidence.target)],
            cmd: Vec::new(),
            undo: "nothing is changed".into(),
        },
        settings::read(),
        settings::allow_tls(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, Script};
    use crate::{Certainty, Verdict, judge};

    fn twice(script: fn(Script) -> Script) -> Scene {
        Scene::at("10.0.0.5").client(script).client(script)
    }

    fn is_broken(scene: Scene) {
        let diagnosis = judge(&scene.evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("negotiation-malformed", Certainty::Confirmed));
        assert_eq!(diagnosis.verdict, Verdict::Broken);
    }

    #[test]
    fn fires_when_credssp_is_demanded_of_who_offers_it() {
        is_broken(twice(|a| a.fails(FailureCode::HYBRID_REQUIRED_BY_SERVER)));
    }

    #[test]
    fn fires_when_tls_is_demanded_of_who_offers_it() {
        is_broken(twice(|a| a.fails(FailureCode::SSL_REQUIRED_BY_SERVER)));
    }

    #[test]
    fn fires_on_codes_that_cannot_be() {
        is_broken(twice(|a| a.fails(FailureCode::INCONSISTENT_FLAGS)));
        is_broken(twice(|a| a.fails(FailureCode(99))));
    }

    #[test]
    fn fires_on_a_protocol_that_nobody_asked_for() {
        is_broken(twice(|a| a.selects(Protocols::RDSTLS)));
    }

    #[test]
    fn fires_on_malformed_bytes_and_on_a_disconnect() {
        let malformed = Ending::Malformed { what: "RDP_NEG_RSP length is 9".into() };
        let disconnect = Ending::Disconnect { reason: "X.224 Disconnect Request: congestion".into() };
        for ending in [malformed, disconnect] {
            let ends = |a: Script| a.connects().ends(ending.clone());
            let evidence = Scene::at("10.0.0.5").client(ends).client(ends).evidence();
            assert!(matches!(detect(&evidence), Detection::Confirmed(_)), "{ending:?}");
        }
    }

    #[test]
    fn near_miss_a_server_that_refuses_in_a_way_that_makes_sense() {
        for code in [FailureCode::SSL_NOT_ALLOWED_BY_SERVER, FailureCode::SSL_CERT_NOT_ON_SERVER] {
            let evidence = Scene::at("10.0.0.5").client(|a| a.fails(code)).evidence();
            assert_eq!(detect(&evidence), Detection::RuledOut, "{code}");
        }
    }

    #[test]
    fn near_miss_bytes_that_break_the_rules_only_within_tls() {
        let malformed = Ending::Malformed { what: "TLS record of 20000 bytes".into() };
        let scene = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL).starts_tls().ends(malformed));
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn near_miss_an_answer_that_makes_sense_without_the_cookie() {
        let scene = twice(|a| a.fails(FailureCode::HYBRID_REQUIRED_BY_SERVER))
            .tries(Offer::mstsc().without_cookie(), |a| a.selects(Protocols::HYBRID).completes_tls());
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn asks_for_a_second_try_after_the_first() {
        let scene = Scene::at("10.0.0.5").client(|a| a.fails(FailureCode::HYBRID_REQUIRED_BY_SERVER));
        let evidence = scene.evidence();
        let Detection::Likely(proof) = detect(&evidence) else { panic!("one answer is no proof") };
        assert_eq!(proof.wants, [Want::repeat(evidence.endpoints()[0], Offer::mstsc())]);
    }

    #[test]
    fn unknown_before_anything_was_tried() {
        assert!(matches!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(_)));
    }
}
