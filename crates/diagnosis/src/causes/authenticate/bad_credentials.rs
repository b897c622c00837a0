use super::failed::by_log;
use super::remedies::READ_FAILURES;
use super::signs::unmeasured;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// The server says that name and password do not belong together.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "bad-credentials",
    stage: Stage::Authenticate,
    severity: Severity::Blocks,
    title: "The user name or the password is wrong",
    prior: 0,
    explains: &["logon-refused"],
    page: include_str!("bad-credentials.md"),
    detect: |evidence| by_log(evidence, unmeasured(evidence), "bad-credentials"),
    remedies: |_| remedies(&[&READ_FAILURES, &RETYPE, &FORGET, &RESET]),
};

const RETYPE: Step = Step {
    title: "Type name and password once more, the name in full: DOMAIN\\USER or USER@DOMAIN, and .\\USER for an account of the server itself; mind the keyboard layout, and few tries, or the account is locked",
    place: Place::Client,
    ..READ
};

const FORGET: Step = Step {
    title: "On the client: see which password is stored for this server, and remove it if it is an old one",
    place: Place::Client,
    safety: Safety::Manual,
    interrupts: "the stored password has to be typed again",
    commands: &["cmdkey /list", "cmdkey /delete:TERMSRV/SERVER"],
    cmd: &["cmdkey /list", "cmdkey /delete:TERMSRV/SERVER"],
    undo: "cmdkey /generic:TERMSRV/SERVER /user:USER /pass, which asks for the password",
};

const RESET: Step = Step {
    title: "If the password is lost: set a new one elsewhere, on a domain controller or, for an account of the server itself, on its console",
    place: Place::DomainController,
    safety: Safety::Manual,
    interrupts: "whatever runs or is stored with the old password; resetting a local account's also loses what it has encrypted",
    commands: &["Set-ADAccountPassword USER -Reset -NewPassword (Read-Host -AsSecureString)"],
    cmd: &["net user USER * /domain"],
    undo: "the old password cannot be brought back; set another",
};
