use super::failed::by_log;
use super::remedies::{READ_ACCOUNT, READ_FAILURES};
use super::signs::unmeasured;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// Name and password are right, and not here, not now or not in this way.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "account-restricted",
    stage: Stage::Authenticate,
    severity: Severity::Blocks,
    title: "A restriction of the account forbids this logon",
    prior: -6,
    explains: &["logon-refused"],
    page: include_str!("account-restricted.md"),
    detect: |evidence| by_log(evidence, unmeasured(evidence), "account-restricted"),
    remedies: |_| remedies(&[&READ_FAILURES, &READ_ACCOUNT, &READ_LIMITS, &SET_PASSWORD, &LIFT]),
};

const READ_LIMITS: Step = Step {
    title: "On the server: see whether accounts without a password are confined to the console (1, as shipped), and whether Restricted Admin is off (1, or absent)",
    commands: &[
        r"Get-ItemProperty HKLM:\SYSTEM\CurrentControlSet\Control\Lsa | Select-Object LimitBlankPasswordUse, DisableRestrictedAdmin",
    ],
    cmd: &[
        r"reg query HKLM\SYSTEM\CurrentControlSet\Control\Lsa /v LimitBlankPasswordUse",
        r"reg query HKLM\SYSTEM\CurrentControlSet\Control\Lsa /v DisableRestrictedAdmin",
    ],
    ..READ
};

const SET_PASSWORD: Step = Step {
    title: "If the account has no password: give it one on the server's console, instead of allowing empty ones over the network",
    safety: Safety::Manual,
    interrupts: "an automatic logon or a task that uses the account needs the password too",
    commands: &["Set-LocalUser USER -Password (Read-Host -AsSecureString)"],
    cmd: &["net user USER *"],
    undo: "net user USER \"\", where the password policy allows it",
    ..READ
};

const LIFT: Step = Step {
    title: "If hours or workstations are restricted, and not meant to be: lift that for an account of the domain; members of Protected Users (RID 525) are to use Kerberos, by the server's full name",
    place: Place::DomainController,
    safety: Safety::Manual,
    interrupts: "nothing; the account may be used at more times or from more places",
    commands: &["Set-ADUser USER -LogonWorkstations $null", "Set-ADUser USER -Clear logonHours"],
    cmd: &["net user USER /workstations:* /domain", "net user USER /times:all /domain"],
    undo: "set the workstations and hours that were read before: net user USER /workstations:LIST /times:TIMES /domain",
};
