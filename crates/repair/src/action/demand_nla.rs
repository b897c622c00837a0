use super::registry::{correct, in_force};
use super::{Action, Ground, Restart, restore_security_layer};
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
    let is_mended = ground.is_planned(&restore_security_layer::ACTION);
    if !is_mended && !matches!(in_force(ground, "security-layer"), None | Some(1 | 2)) {
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
    use rdpdoctor_sources::host::snapshot;

    use super::*;
    use crate::action::Options;
    use crate::plan::Plan;
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
    fn where_the_same_plan_brings_tls_back_both_are_planned() {
        let open = World::server().value(RDP_TCP, "UserAuthentication", 0).value(RDP_TCP, "SecurityLayer", 0);
        let host = snapshot(&open, jiff::Timestamp::UNIX_EPOCH);
        let plan = |causes: &[&str]| Plan::make(causes, &open, &host, &Options::default()).unwrap();
        let both = plan(&["nla-disabled", "security-layer-weak"]);
        let done: Vec<&str> = both.measures.iter().map(|measure| measure.action.id).collect();
        assert_eq!((done, both.refused.len()), (vec!["restore-security-layer", "demand-nla"], 0));
        assert_eq!(plan(&["nla-disabled"]).refused.len(), 1);
    }

    #[test]
    fn near_misses() {
        assert_eq!(steps_on(&World::server(), &ACTION).unwrap(), [""; 0]);
        let plain = World::server().value(RDP_TCP, "UserAuthentication", 0).value(RDP_TCP, "SecurityLayer", 0);
        assert!(steps_on(&plain, &ACTION).unwrap_err().contains("security-layer-weak"));
    }
}
