use super::remedies::READ_FAILURES;
use super::signs::unmeasured;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// Name and password are right; the server's user rights do not admit the account.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "logon-right-missing",
    stage: Stage::Authenticate,
    severity: Severity::Blocks,
    title: "The account has no right to log on through Remote Desktop",
    prior: -3,
    explains: &["logon-refused"],
    page: include_str!("logon-right-missing.md"),
    detect: unmeasured,
    remedies: |_| remedies(&[&READ_FAILURES, &READ_RIGHTS, &GRANT, &CORRECT]),
};

const READ_RIGHTS: Step = Step {
    title: "On the server: see who may (SeRemoteInteractiveLogonRight), who may not (SeDenyRemoteInteractiveLogonRight, SeDenyNetworkLogonRight), and who is in Remote Desktop Users (S-1-5-32-555)",
    commands: &[
        "secedit /export /areas USER_RIGHTS /cfg \"$env:TEMP\\rights.inf\"; Select-String -Path \"$env:TEMP\\rights.inf\" -Pattern 'LogonRight'",
        "Get-LocalGroupMember -SID S-1-5-32-555",
        "gpresult /scope computer /v",
    ],
    cmd: &[
        r#"secedit /export /areas USER_RIGHTS /cfg "%TEMP%\rights.inf" && type "%TEMP%\rights.inf" | findstr LogonRight"#,
        r#"wmic group where "SID='S-1-5-32-555'" get Name"#,
        "net localgroup \"NAME OF THAT GROUP\"",
    ],
    ..READ
};

const GRANT: Step = Step {
    title: "If the person is meant to get in: put the account into Remote Desktop Users; on a domain controller only administrators have the right, and should",
    safety: Safety::Manual,
    interrupts: "nothing",
    commands: &["Add-LocalGroupMember -SID S-1-5-32-555 -Member 'DOMAIN\\USER'"],
    cmd: &[
        r#"wmic group where "SID='S-1-5-32-555'" get Name"#,
        "net localgroup \"NAME OF THAT GROUP\" DOMAIN\\USER /add",
    ],
    undo: "Remove-LocalGroupMember -SID S-1-5-32-555 -Member 'DOMAIN\\USER', or net localgroup with /delete",
    ..READ
};

const CORRECT: Step = Step {
    title: "If the group has lost the right, or a deny stands on a wide group: correct the policy that says so; as shipped, Administrators (S-1-5-32-544) and S-1-5-32-555 have it and nobody is denied",
    place: Place::DomainController,
    safety: Safety::Manual,
    interrupts: "nothing; it changes who may log on to every server that the policy reaches",
    commands: &["gpupdate /target:computer"],
    undo: "set the accounts that were read before in the same policy",
    ..READ
};
