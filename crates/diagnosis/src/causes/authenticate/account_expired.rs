use super::failed::by_log;
use super::remedies::{READ_ACCOUNT, READ_FAILURES, READ_LOCAL_ACCOUNT};
use super::signs::unmeasured;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// The account was given an end, and that has passed.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "account-expired",
    stage: Stage::Authenticate,
    severity: Severity::Blocks,
    title: "The account has expired",
    prior: -6,
    explains: &["logon-refused"],
    page: include_str!("account-expired.md"),
    detect: |evidence| by_log(evidence, unmeasured(evidence), "account-expired"),
    remedies: |_| remedies(&[&READ_FAILURES, &READ_ACCOUNT, &READ_LOCAL_ACCOUNT, &EXTEND, &EXTEND_LOCAL]),
};

const EXTEND: Step = Step {
    title: "Give an account of the domain a later end, if the person is still to get in",
    place: Place::DomainController,
    safety: Safety::Manual,
    interrupts: "nothing",
    commands: &["Set-ADAccountExpiration -Identity USER -DateTime YYYY-MM-DD"],
    cmd: &["net user USER /expires:MM/DD/YYYY /domain"],
    undo: "set the date that was read before in the same way",
};

const EXTEND_LOCAL: Step = Step {
    title: "Give an account of the server itself a later end, on its console",
    safety: Safety::Manual,
    interrupts: "nothing",
    commands: &["Set-LocalUser USER -AccountExpires YYYY-MM-DD"],
    cmd: &["net user USER /expires:MM/DD/YYYY"],
    undo: "set the date that was read before in the same way",
    ..READ
};
