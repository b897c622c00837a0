use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};

use super::rdp_alone;
use crate::evidence::Evidence;
use crate::view::{attempt_fact, client_address};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage, Want};

/// The server takes nothing below TLS: right and proper, and a wall for clients without it.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "tls-required",
    stage: Stage::Negotiate,
    severity: Severity::Informs,
    title: "The server requires TLS",
    prior: 0,
    explains: &[],
    page: include_str!("tls-required.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    let Some(address) = client_address(evidence) else { return Detection::Unknown(Vec::new()) };
    let Some((client, _)) = super::as_client(address) else { return Detection::Unknown(Vec::new()) };
    let takes_tls = Protocols::SSL | Protocols::HYBRID | Protocols::HYBRID_EX;
    let Some(selected) = address.selected().filter(|selected| selected.intersects(takes_tls)) else {
        return Detection::RuledOut;
    };
    let Some((alone, attempt)) = address.tries(&rdp_alone()).next() else {
        return Detection::Unknown(vec![Want::attempt(address.endpoint, rdp_alone())]);
    };
    if attempt.failure_code() != Some(FailureCode::SSL_REQUIRED_BY_SERVER) {
        return Detection::RuledOut;
    }
    let refused = "asked for Standard RDP Security alone, the server answered SSL_REQUIRED_BY_SERVER";
    let taken = format!("asked as mstsc asks, it chose {selected}");
    Detection::Confirmed(Proof::of(refused, [attempt_fact(alone)], 30).and(taken, [attempt_fact(client)], 0))
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![Remedy {
        title: "Use a client with TLS; leave the server as it is".into(),
        place: Place::Client,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec!["xfreerdp /sec:tls /v:HOST".into()],
        cmd: Vec::new(),
        undo: "nothing is changed".into(),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Scene;
    use crate::{Verdict, judge};

    fn tls() -> Scene {
        Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL).completes_tls())
    }

    #[test]
    fn fires_and_leaves_the_server_healthy() {
        let evidence = tls().asks(Protocols::RDP, |a| a.fails(FailureCode::SSL_REQUIRED_BY_SERVER)).evidence();
        assert!(matches!(detect(&evidence), Detection::Confirmed(_)));
        assert_eq!(judge(&evidence).verdict, Verdict::Healthy);
    }

    #[test]
    fn near_miss_a_server_that_also_takes_less_does_not_require_it() {
        let evidence = tls().asks(Protocols::RDP, |a| a.selects(Protocols::RDP)).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
    }

    #[test]
    fn near_miss_a_server_that_requires_credssp_says_so() {
        let evidence = Scene::at("10.0.0.5")
            .client(|a| a.selects(Protocols::HYBRID).completes_tls())
            .asks(Protocols::RDP, |a| a.fails(FailureCode::HYBRID_REQUIRED_BY_SERVER));
        assert_eq!(detect(&evidence.evidence()), Detection::RuledOut);
    }

    #[test]
    fn unknown_until_standard_security_alone_was_asked_for() {
        let evidence = tls().evidence();
        let want = Want::attempt(evidence.endpoints()[0], rdp_alone());
        assert_eq!(detect(&evidence), Detection::Unknown(vec![want]));
    }
}
