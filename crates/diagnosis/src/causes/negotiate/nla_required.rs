use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};

use crate::evidence::{Evidence, Offer};
use crate::view::{attempt_fact, client_address};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage, Want};

/// The server takes CredSSP and nothing less: right and proper, and a wall for clients without it.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "nla-required",
    stage: Stage::Negotiate,
    severity: Severity::Informs,
    title: "The server requires Network Level Authentication",
    prior: 0,
    explains: &[],
    page: include_str!("nla-required.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    let Some(address) = client_address(evidence) else { return Detection::Unknown(Vec::new()) };
    // A server that chose something weaker does not insist; one that did not confirm has another trouble.
    let takes_credssp =
        address.selected().is_some_and(|selected| selected.intersects(Protocols::HYBRID | Protocols::HYBRID_EX));
    if !takes_credssp {
        return Detection::RuledOut;
    }
    let less = Offer::negotiate(Protocols::SSL);
    let Some((index, attempt)) = address.tries(&less).next() else {
        return Detection::Unknown(vec![Want::attempt(address.endpoint, less)]);
    };
    if attempt.failure_code() != Some(FailureCode::HYBRID_REQUIRED_BY_SERVER) {
        return Detection::RuledOut;
    }
    Detection::Confirmed(Proof::of(
        "asked for TLS alone, the server answered HYBRID_REQUIRED_BY_SERVER",
        [attempt_fact(index)],
        30,
    ))
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![Remedy {
        title: "Use a client with CredSSP; leave the server as it is".into(),
        place: Place::Client,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec!["xfreerdp /sec:nla /v:HOST".into()],
        cmd: Vec::new(),
        undo: "nothing is changed".into(),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Scene;
    use crate::{Verdict, judge};

    fn nla() -> Scene {
        Scene::at("10.0.0.5").client(|a| a.selects(Protocols::HYBRID_EX).completes_tls())
    }

    #[test]
    fn fires_and_leaves_the_server_healthy() {
        let evidence = nla().asks(Protocols::SSL, |a| a.fails(FailureCode::HYBRID_REQUIRED_BY_SERVER)).evidence();
        assert!(matches!(detect(&evidence), Detection::Confirmed(_)));
        assert_eq!(judge(&evidence).verdict, Verdict::Healthy);
    }

    #[test]
    fn near_miss_a_server_that_also_takes_tls_does_not_require_it() {
        let evidence = nla().asks(Protocols::SSL, |a| a.selects(Protocols::SSL)).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
    }

    #[test]
    fn unknown_until_tls_alone_was_asked_for() {
        let evidence = nla().evidence();
        let want = Want::attempt(evidence.endpoints()[0], Offer::negotiate(Protocols::SSL));
        assert_eq!(detect(&evidence), Detection::Unknown(vec![want]));
    }
}
