use super::registry::{correct, in_force};
use super::{Action, Ground, Restart};
use crate::step::Step;

pub(super) const ACTION: Action = Action {
    id: "restore-security-layer",
    causes: &["security-layer-weak"],
    title: "Demand TLS of every client",
    interrupts: "restarting TermService cuts off every Remote Desktop session",
    risk: "clients that know Standard RDP Security alone no longer get in",
    restart: Restart::Services,
    page: include_str!("restore-security-layer.md"),
    steps,
};

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    let mut steps = correct(ground, "security-layer", 2)?;
    // What is stronger than Windows' own stays.
    if !matches!(in_force(ground, "min-encryption"), None | Some(2..=4)) {
        steps.extend(correct(ground, "min-encryption", 2)?);
    }
    if in_force(ground, "allow-sec-nego").is_some_and(|allowed| allowed != 1) {
        steps.extend(correct(ground, "allow-sec-nego", 1)?);
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{POLICY, RDP_TCP, World, steps_on};

    #[test]
    fn tls_is_demanded_and_what_is_weak_beside_it_goes() {
        let weak = World::server().value(RDP_TCP, "SecurityLayer", 0).value(RDP_TCP, "MinEncryptionLevel", 1);
        let weak = weak.value(RDP_TCP, "fAllowSecProtocolNegotiation", 0);
        let to = |name: &str, number: u32| format!("set {RDP_TCP}, value {name}, to {number}");
        assert_eq!(
            steps_on(&weak, &ACTION).unwrap(),
            [to("SecurityLayer", 2), to("MinEncryptionLevel", 2), to("fAllowSecProtocolNegotiation", 1)]
        );
    }

    #[test]
    fn near_miss_what_is_stronger_stays() {
        let strong = World::server().value(RDP_TCP, "MinEncryptionLevel", 4);
        assert_eq!(steps_on(&strong, &ACTION).unwrap(), [""; 0]);
        let by_policy = strong.with_key(POLICY).value(POLICY, "SecurityLayer", 2).value(RDP_TCP, "SecurityLayer", 0);
        assert_eq!(steps_on(&by_policy, &ACTION).unwrap(), [""; 0], "the policy decides");
    }
}
