use super::remedies::READ_CHANNEL;
use super::signs::in_a_domain;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// The server and its domain no longer share the computer's password.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "domain-trust-broken",
    stage: Stage::Authenticate,
    severity: Severity::Blocks,
    title: "The server's trust in its domain is broken",
    prior: -6,
    explains: &["kerberos-unavailable", "logon-refused"],
    page: include_str!("domain-trust-broken.md"),
    detect: in_a_domain,
    remedies: |_| remedies(&[&READ_CHANNEL, &READ_COMPUTER, &REPAIR]),
};

const READ_COMPUTER: Step = Step {
    title: "On a domain controller: see whether the computer's account exists, once, is enabled, and when its password was set",
    place: Place::DomainController,
    commands: &[
        "Get-ADComputer -Filter \"Name -eq 'SERVER'\" -Properties Enabled, PasswordLastSet, ServicePrincipalName, WhenCreated | Format-List",
    ],
    cmd: &["dsquery computer -name SERVER"],
    ..READ
};

const REPAIR: Step = Step {
    title: "On the server, with a local administrator: agree on a new password with the domain; leaving and joining again is not needed",
    safety: Safety::Manual,
    interrupts: "nothing that runs; log on anew afterwards",
    commands: &["Test-ComputerSecureChannel -Repair -Credential (Get-Credential) -Verbose"],
    cmd: &["netdom resetpwd /server:DC /userd:DOMAIN\\USER /passwordd:*"],
    undo: "nothing to take back: the old password was no longer accepted",
    ..READ
};
