use super::bind_renewed_certificate::is_possible;
use super::registry::reset;
use super::{Action, Ground, Restart};
use crate::step::Step;

pub(super) const ACTION: Action = Action {
    id: "unbind-certificate",
    causes: &["configured-certificate-missing"],
    title: "Stop asking for a certificate that cannot be used; Windows serves the one that it makes itself",
    interrupts: "restarting TermService cuts off every Remote Desktop session",
    risk: "clients that trusted the chosen certificate warn of the new one until a good one is chosen again",
    restart: Restart::Services,
    page: include_str!("unbind-certificate.md"),
    steps,
};

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    if is_possible(ground) {
        return Ok(Vec::new());
    }
    reset(ground, "cert-pin")
}
