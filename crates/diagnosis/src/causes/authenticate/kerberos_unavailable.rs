use super::remedies::READ_TICKET;
use super::signs::in_a_domain;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// Kerberos fails, and what remains is NTLM, where that is allowed.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "kerberos-unavailable",
    stage: Stage::Authenticate,
    severity: Severity::Degrades,
    title: "Clients cannot get a Kerberos ticket for the server",
    prior: -3,
    explains: &[],
    page: include_str!("kerberos-unavailable.md"),
    detect: in_a_domain,
    remedies: |_| remedies(&[&READ_TICKET, &READ_TYPES, &BY_NAME, &ALLOW_AES]),
};

const READ_TYPES: Step = Step {
    title: "On a domain controller: see which encryption the server's account may use; 0x18 is AES alone, 4 is RC4 alone, empty is the domain's default",
    place: Place::DomainController,
    commands: &["Get-ADComputer SERVER -Properties msDS-SupportedEncryptionTypes, PasswordLastSet | Format-List"],
    ..READ
};

const BY_NAME: Step = Step {
    title: "Connect by the server's full name, with USER@DOMAIN, from where a domain controller or a KDC proxy can be reached",
    place: Place::Client,
    ..READ
};

const ALLOW_AES: Step = Step {
    title: "If no encryption is shared: allow AES for the server's account, instead of RC4 for the domain",
    place: Place::DomainController,
    safety: Safety::Manual,
    interrupts: "tickets are fetched anew; a client that knows RC4 alone gets none",
    commands: &["Set-ADComputer SERVER -KerberosEncryptionType AES128, AES256"],
    undo: "Set-ADComputer SERVER -Replace @{'msDS-SupportedEncryptionTypes'=VALUE} with the value that was read before",
    ..READ
};
