//! What goes wrong after the handshake: licensing, logon to a session, redirection. A probe without credentials comes
//! nowhere near it, so that only the server's own settings and log, and what somebody states, speak for these causes.

pub(super) mod broker_misconfigured;
pub(super) mod broker_target_unavailable;
pub(super) mod drain_mode;
pub(super) mod license_unavailable;
pub(super) mod redirected;
mod remedies;
pub(super) mod server_denied;
pub(super) mod session_driver_crash;
pub(super) mod session_limit;
pub(super) mod udp_transport_broken;

use crate::Detection;
use crate::evidence::{Evidence, Snapshot};

/// Nothing that can be measured before a logon speaks for or against it.
fn after_the_handshake(_: &Evidence) -> Detection {
    Detection::Unknown(Vec::new())
}

/// What the server itself shows, where somebody looked there.
fn by_server(evidence: &Evidence, look: impl FnOnce(&Snapshot) -> Detection) -> Detection {
    evidence.host.as_deref().map_or(Detection::Unknown(Vec::new()), look)
}

/// Whether it may be a server edition: client editions have neither drain mode nor licences.
fn may_be_server(host: &Snapshot) -> bool {
    host.build.observed().and_then(crate::evidence::snapshot::Build::is_server) != Some(false)
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use crate::causes::CAUSES;
    use crate::testing::Scene;
    use crate::{Detection, Stage, Verdict, judge};

    #[test]
    fn unknown_before_a_logon_on_nothing_and_on_a_healthy_server_alike() {
        let healthy = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::HYBRID).completes_tls()).evidence();
        let nothing = Scene::unresolved("ts01").evidence();
        for cause in CAUSES.iter().filter(|cause| cause.stage == Stage::Session) {
            for evidence in [&healthy, &nothing] {
                assert_eq!((cause.detect)(evidence), Detection::Unknown(Vec::new()), "{}", cause.id);
            }
        }
        assert_eq!(judge(&healthy).verdict, Verdict::Healthy);
    }
}
