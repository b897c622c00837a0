//! RD Gateway. Nothing that is measured at the target tells of the gateway before it, so these causes live on what a
//! client's code, the gateway's log or a person says.

pub(super) mod gateway_certificate;
pub(super) mod gateway_policy;
pub(super) mod gateway_service_failing;
pub(super) mod gateway_target_unreachable;
pub(super) mod gateway_unreachable;

use crate::evidence::Evidence;
use crate::{Detection, Place};

use super::step::{READ, Step};

/// What answers at the target says nothing of the way through the gateway, for good or ill.
fn unmeasured(_: &Evidence) -> Detection {
    Detection::Unknown(Vec::new())
}

/// The gateway's own account of what it did.
const READ_LOG: Step = Step {
    title: "On the gateway: read its log, which tells authorisation (200, 201, 300, 301), the onward connection (302, 304) and its certificate (102) apart",
    place: Place::Gateway,
    commands: &[
        "Get-WinEvent -LogName Microsoft-Windows-TerminalServices-Gateway/Operational -MaxEvents 30 | Format-List TimeCreated, Id, Message",
    ],
    cmd: &["wevtutil qe Microsoft-Windows-TerminalServices-Gateway/Operational /c:30 /rd:true /f:text"],
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::CAUSES;
    use crate::testing::{Scene, Script};
    use crate::{Stage, judge};

    #[test]
    fn what_the_target_answers_neither_proves_nor_refutes_any() {
        let silent = Scene::unresolved("ts01").evidence();
        let healthy = Scene::at("10.0.0.5").client(Script::completes_tls).evidence();
        let causes: Vec<_> = CAUSES.iter().filter(|cause| cause.stage == Stage::Gateway).collect();
        assert_eq!(causes.len(), 5);
        for cause in causes {
            for evidence in [&silent, &healthy] {
                assert_eq!((cause.detect)(evidence), Detection::Unknown(Vec::new()), "{}", cause.id);
            }
        }
    }

    #[test]
    fn a_gateway_that_somebody_names_leaves_a_healthy_target_healthy() {
        let evidence = Scene::at("10.0.0.5").client(Script::completes_tls).told(&["gateway", "http=503"]).evidence();
        assert_eq!(judge(&evidence).verdict, crate::Verdict::Healthy);
    }
}
