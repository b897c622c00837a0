use rdpdoctor_diagnosis::evidence::snapshot::RegistryValue;
use rdpdoctor_machine::registry::Data;

use super::registry::{delete, in_force, known, set};
use super::{Action, Ground, Restart};
use crate::step::Step;

/// Up to here a limit keeps people out.
const SOME: u64 = 100;

pub(super) const ACTION: Action = Action {
    id: "raise-session-limit",
    causes: &["connection-limit-low"],
    title: "Take as many connections as Windows does as it comes",
    interrupts: "restarting TermService cuts off every Remote Desktop session",
    risk: "a limit that somebody set for a small machine is gone",
    restart: Restart::Services,
    page: include_str!("raise-session-limit.md"),
    steps,
};

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    let limit = known("max-instance")?;
    let number = |path: &str| ground.host.value(path, limit.value).value().and_then(RegistryValue::number);
    let is_low = |path: &&str| number(path).is_some_and(|number| number <= SOME);
    let mut steps = Vec::new();
    // Without a policy the local number counts.
    steps.extend(limit.policy_path.filter(is_low).map(|policy| delete(policy, limit.value)));
    if is_low(&limit.path) {
        steps.extend(set(ground.machine, limit.path, limit.value, Data::of_dword(u32::MAX)));
    }
    if in_force(ground, "max-outstanding").is_some_and(|limit| limit < SOME) {
        let limit = known("max-outstanding")?;
        steps.push(delete(limit.path, limit.value));
    }
    if steps.is_empty() {
        return Err(
            "no limit is lower than Windows' own: keep strangers from the port first, and where event 1006 still \
                    comes, raise MaxOutstandingConnections by hand"
                .to_owned(),
        );
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{POLICY, RDP_TCP, TERMINAL_SERVER, World, steps_on};

    #[test]
    fn low_limits_of_policy_and_listener_go() {
        let low = World::server().with_key(POLICY).value(POLICY, "MaxInstanceCount", 1);
        let low = low.value(RDP_TCP, "MaxInstanceCount", 2).value(TERMINAL_SERVER, "MaxOutstandingConnections", 5);
        assert_eq!(
            steps_on(&low, &ACTION).unwrap(),
            [
                format!("delete {POLICY}, value MaxInstanceCount"),
                format!("set {RDP_TCP}, value MaxInstanceCount, to 4294967295"),
                format!("delete {TERMINAL_SERVER}, value MaxOutstandingConnections"),
            ]
        );
    }

    #[test]
    fn near_miss_limits_that_are_not_low() {
        let high = World::server().value(RDP_TCP, "MaxInstanceCount", 500);
        assert!(steps_on(&high, &ACTION).unwrap_err().contains("strangers"));
        let high = high.value(TERMINAL_SERVER, "MaxOutstandingConnections", 10_000);
        assert!(steps_on(&high, &ACTION).is_err());
    }
}
