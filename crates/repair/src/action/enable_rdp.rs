use super::registry::set_number;
use super::{Action, Ground, Restart};
use crate::step::Step;

pub(super) const ACTION: Action = Action {
    id: "enable-rdp",
    causes: &["rdp-disabled"],
    title: "Switch Remote Desktop on",
    interrupts: "",
    risk: "the port is open at once to whoever the firewall lets in",
    restart: Restart::Nothing,
    page: include_str!("enable-rdp.md"),
    steps,
};

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    set_number(ground, "deny-connections", 0)
}
