use super::remedies::READ_TICKET;
use super::signs::in_a_domain;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// TERMSRV and this name belong to nobody, to two accounts or to another machine.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "spn-mismatch",
    stage: Stage::Authenticate,
    severity: Severity::Degrades,
    title: "Kerberos does not find the server under the name that was asked for",
    prior: -6,
    explains: &["kerberos-unavailable"],
    page: include_str!("spn-mismatch.md"),
    detect: in_a_domain,
    remedies: |_| remedies(&[&READ_TICKET, &READ_NAMES, &REMOVE_TWIN, &REGISTER]),
};

const READ_NAMES: Step = Step {
    title: "On a computer of the domain: see to whom the name belongs, which names the server has, and whether any name stands twice",
    place: Place::DomainController,
    commands: &["setspn -Q TERMSRV/NAME", "setspn -L SERVER", "setspn -X"],
    ..READ
};

const REMOVE_TWIN: Step = Step {
    title: "If the name stands on a second account, one that no longer exists or never should have had it: take it away there",
    place: Place::DomainController,
    safety: Safety::Manual,
    interrupts: "Kerberos under this name for whatever uses the other account",
    commands: &["setspn -D TERMSRV/NAME OTHER"],
    undo: "setspn -S TERMSRV/NAME OTHER, once no other account has the name",
    ..READ
};

const REGISTER: Step = Step {
    title: "If clients are to use an alias: register it for the server's account, which -S does only where no other has it; or let them use the server's own full name",
    place: Place::DomainController,
    safety: Safety::Manual,
    interrupts: "nothing",
    commands: &["setspn -S TERMSRV/ALIAS SERVER", "setspn -S TERMSRV/ALIAS.DOMAIN SERVER"],
    undo: "setspn -D TERMSRV/ALIAS SERVER, and the same for the full name",
    ..READ
};
