use super::remedies::{READ_ACCOUNT, READ_LOCAL_ACCOUNT};
use super::signs::unmeasured;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// Too many wrong passwords were tried.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "account-locked",
    stage: Stage::Authenticate,
    severity: Severity::Blocks,
    title: "The account is locked out",
    prior: -3,
    explains: &["logon-refused"],
    page: include_str!("account-locked.md"),
    detect: unmeasured,
    remedies: |_| remedies(&[&READ_ACCOUNT, &READ_LOCAL_ACCOUNT, &FIND, &UNLOCK, &UNLOCK_LOCAL]),
};

const FIND: Step = Step {
    title: "Find who locks it, before unlocking it: 4740 on the domain controller that holds the PDC role names the computer, 4625 on the server the address",
    place: Place::DomainController,
    commands: &[
        "Get-WinEvent -FilterHashtable @{LogName='Security'; Id=4740} -MaxEvents 10 | Format-List TimeCreated, Message",
    ],
    cmd: &[r#"wevtutil qe Security /q:"*[System[(EventID=4740)]]" /c:10 /rd:true /f:text"#],
    ..READ
};

const UNLOCK: Step = Step {
    title: "Unlock an account of the domain; or wait until the lockout ends by itself",
    place: Place::DomainController,
    safety: Safety::Manual,
    interrupts: "nothing; whoever guesses passwords may go on guessing",
    commands: &["Unlock-ADAccount -Identity USER"],
    undo: "nothing to take back: the policy locks it again after as many wrong passwords",
    ..READ
};

const UNLOCK_LOCAL: Step = Step {
    title: "Unlock an account of the server itself, on its console",
    safety: Safety::Manual,
    interrupts: "nothing; whoever guesses passwords may go on guessing",
    commands: &[
        "$user = [ADSI]'WinNT://./USER,user'; $user.psbase.InvokeSet('IsAccountLocked', $false); $user.SetInfo()",
    ],
    undo: "nothing to take back: the policy locks it again after as many wrong passwords",
    ..READ
};
