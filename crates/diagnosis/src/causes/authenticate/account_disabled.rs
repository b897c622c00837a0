use super::failed::by_log;
use super::remedies::{READ_ACCOUNT, READ_FAILURES, READ_LOCAL_ACCOUNT};
use super::signs::unmeasured;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// Somebody, or a rule, has switched the account off.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "account-disabled",
    stage: Stage::Authenticate,
    severity: Severity::Blocks,
    title: "The account is disabled",
    prior: -6,
    explains: &["logon-refused"],
    page: include_str!("account-disabled.md"),
    detect: |evidence| by_log(evidence, unmeasured(evidence), "account-disabled"),
    remedies: |_| remedies(&[&READ_FAILURES, &READ_ACCOUNT, &READ_LOCAL_ACCOUNT, &ENABLE, &ENABLE_LOCAL]),
};

const ENABLE: Step = Step {
    title: "Enable an account of the domain, once it is known why it was disabled",
    place: Place::DomainController,
    safety: Safety::Manual,
    interrupts: "nothing; whoever knows the password gets in again",
    commands: &["Enable-ADAccount -Identity USER"],
    cmd: &["net user USER /active:yes /domain"],
    undo: "Disable-ADAccount -Identity USER, or net user USER /active:no /domain",
};

const ENABLE_LOCAL: Step = Step {
    title: "Enable an account of the server itself, on its console",
    safety: Safety::Manual,
    interrupts: "nothing; whoever knows the password gets in again",
    commands: &["Enable-LocalUser USER"],
    cmd: &["net user USER /active:yes"],
    undo: "Disable-LocalUser USER, or net user USER /active:no",
    ..READ
};
