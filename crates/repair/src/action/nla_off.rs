use super::registry::set_number;
use super::{Action, Ground, Restart};
use crate::step::Step;

pub(super) const ACTION: Action = Action {
    id: "nla-off",
    causes: &[],
    title: "Let clients in without Network Level Authentication for a while",
    interrupts: "",
    risk: "until it is taken back, whoever reaches the port sees the logon screen",
    restart: Restart::Nothing,
    page: include_str!("nla-off.md"),
    steps,
};

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    set_number(ground, "nla", 0)
}
