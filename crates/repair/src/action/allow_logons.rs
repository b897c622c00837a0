use super::registry::correct;
use super::{Action, Ground, Restart};
use crate::step::Step;

pub(super) const ACTION: Action = Action {
    id: "allow-logons",
    causes: &["server-denied"],
    title: "Let the listener accept sessions again",
    interrupts: "",
    risk: "none known",
    restart: Restart::Nothing,
    page: include_str!("allow-logons.md"),
    steps,
};

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    let steps = correct(ground, "logon-disabled", 0)?;
    if steps.is_empty() {
        return Err("fLogonDisabled is 0 already: what the server wrote to its event log says why it denied".to_owned());
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{RDP_TCP, World, steps_on};

    #[test]
    fn a_listener_that_refuses_sessions_takes_them() {
        let closed = World::server().value(RDP_TCP, "fLogonDisabled", 1);
        assert_eq!(steps_on(&closed, &ACTION).unwrap(), [format!("set {RDP_TCP}, value fLogonDisabled, to 0")]);
        assert!(steps_on(&World::server(), &ACTION).is_err());
    }
}
