use super::registry::{correct, in_force};
use super::{Action, Ground, Restart};
use crate::step::Step;

pub(super) const ACTION: Action = Action {
    id: "demand-nla",
    causes: &["nla-disabled"],
    title: "Demand that clients authenticate before they get a session",
    interrupts: "",
    risk: "clients without CredSSP, and users whose password has to be changed first, no longer get in",
    restart: Restart::Nothing,
    page: include_str!("demand-nla.md"),
    steps,
};

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    if !matches!(in_force(ground, "security-layer"), None | Some(1 | 2)) {
        return Err(
            "with the present SecurityLayer nobody gets in who has to authenticate first: mend security-layer-weak \
                    before, and then this"
                .to_owned(),
        );
    }
    correct(ground, "nla", 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{POLICY, RDP_TCP, World, steps_on};

    #[test]
    fn the_policy_decides_where_there_is_one() {
        let open = World::server().value(RDP_TCP, "UserAuthentication", 0);
        let local = format!("set {RDP_TCP}, value UserAuthentication, to 1");
        assert_eq!(steps_on(&open, &ACTION).unwrap().as_slice(), std::slice::from_ref(&local));
        let by_policy = open.with_key(POLICY).value(POLICY, "UserAuthentication", 0);
        assert_eq!(
            steps_on(&by_policy, &ACTION).unwrap(),
            [local, format!("set {POLICY}, value UserAuthentication, to 1")]
        );
    }

    #[test]
    fn near_misses() {
        assert_eq!(steps_on(&World::server(), &ACTION).unwrap(), [""; 0]);
        let plain = World::server().value(RDP_TCP, "UserAuthentication", 0).value(RDP_TCP, "SecurityLayer", 0);
        assert!(steps_on(&plain, &ACTION).unwrap_err().contains("security-layer-weak"));
    }
}
