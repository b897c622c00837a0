use super::failed::by_log;
use super::remedies::{READ_ACCOUNT, READ_FAILURES};
use super::signs::before_the_session;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// The password must be changed, and Network Level Authentication cannot do that.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "password-expired",
    stage: Stage::Authenticate,
    severity: Severity::Blocks,
    title: "The password has expired or must be changed before the first logon",
    prior: -3,
    explains: &["logon-refused"],
    page: include_str!("password-expired.md"),
    detect: |evidence| by_log(evidence, before_the_session(evidence), "password-expired"),
    remedies: |_| remedies(&[&READ_FAILURES, &READ_ACCOUNT, &CHANGE, &RESET, &RESET_LOCAL]),
};

const CHANGE: Step = Step {
    title: "Change the password elsewhere: at a computer of the domain with Ctrl+Alt+Del, on the server's console, in the web form of RD Web Access or of the mail server",
    place: Place::Client,
    safety: Safety::Manual,
    interrupts: "whatever is stored with the old password",
    undo: "change it once more",
    ..READ
};

const RESET: Step = Step {
    title: "Or set a new password for an account of the domain, without demanding a change at the next logon",
    place: Place::DomainController,
    safety: Safety::Manual,
    interrupts: "whatever runs or is stored with the old password",
    commands: &[
        "Set-ADAccountPassword USER -Reset -NewPassword (Read-Host -AsSecureString)",
        "Set-ADUser USER -ChangePasswordAtLogon $false",
    ],
    cmd: &["net user USER * /domain", "net user USER /logonpasswordchg:no /domain"],
    undo: "the old password cannot be brought back; set another",
};

const RESET_LOCAL: Step = Step {
    title: "Or for an account of the server itself, on its console",
    safety: Safety::Manual,
    interrupts: "whatever runs or is stored with the old password; what the account has encrypted is lost with a reset",
    commands: &["net user USER *", "net user USER /logonpasswordchg:no"],
    undo: "the old password cannot be brought back; set another",
    ..READ
};
