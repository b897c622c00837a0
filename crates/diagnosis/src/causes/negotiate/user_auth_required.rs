use rdpdoctor_protocol::negotiation::FailureCode;

use super::proven_by;
use crate::evidence::Evidence;
use crate::view::client_first;
use crate::{Cause, Detection, Place, Remedy, Safety, Severity, Stage};

/// The server wants the user's certificate within TLS.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "user-auth-required",
    stage: Stage::Negotiate,
    severity: Severity::Blocks,
    title: "The server demands the user's certificate within TLS",
    prior: 0,
    explains: &[],
    page: include_str!("user-auth-required.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    client_first(evidence, |address| proven_by(address, FailureCode::SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER))
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![
        Remedy {
            title: "Ask whoever keeps the server which client and which user certificate or smart card it expects".into(),
            place: Place::Client,
            safety: Safety::Manual,
            interrupts: String::new(),
            commands: Vec::new(),
            cmd: Vec::new(),
            undo: "nothing is changed".into(),
        },
        Remedy {
            title: "Where no user certificate is meant to be demanded, switch that off in the product that answers on this port".into(),
            place: Place::Server,
            safety: Safety::Manual,
            interrupts: "depends on the product; no setting of the Windows listener is known to demand it".into(),
            commands: Vec::new(),
            cmd: Vec::new(),
            undo: "switch it on again".into(),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Scene;
    use crate::{Certainty, Verdict, judge};

    #[test]
    fn fires_on_the_servers_own_word() {
        let scene = Scene::at("10.0.0.5").client(|a| a.fails(FailureCode::SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER));
        let diagnosis = judge(&scene.evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("user-auth-required", Certainty::Confirmed));
        assert_eq!(diagnosis.verdict, Verdict::Broken);
    }

    #[test]
    fn near_miss_a_server_that_wants_credssp() {
        let scene = Scene::at("10.0.0.5").client(|a| a.fails(FailureCode::HYBRID_REQUIRED_BY_SERVER));
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn unknown_before_anything_was_tried() {
        assert!(matches!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(_)));
    }
}
