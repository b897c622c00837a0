use super::failed::by_log;
use super::remedies::{READ_ACCOUNT, READ_LOCAL_ACCOUNT};
use super::signs::unmeasured;
use crate::causes::logged::{AUDITING, lately};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::Evidence;
use crate::{Cause, Detection, Place, Proof, Safety, Severity, Stage};

/// Too many wrong passwords were tried.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "account-locked",
    stage: Stage::Authenticate,
    severity: Severity::Blocks,
    title: "The account is locked out",
    prior: -3,
    explains: &["logon-refused"],
    page: include_str!("account-locked.md"),
    detect: |evidence| by_lockout(evidence, by_log(evidence, unmeasured(evidence), "account-locked")),
    remedies: |_| remedies(&[&READ_ACCOUNT, &READ_LOCAL_ACCOUNT, &FIND, &UNLOCK, &UNLOCK_LOCAL]),
};

/// Accounts of the server itself are locked here, those of a domain at its controller.
fn by_lockout(evidence: &Evidence, found: Detection) -> Detection {
    let last = evidence.host.as_deref().and_then(|host| lately(host, AUDITING, &[4740], 24).pop());
    let Some(last) = last else { return found };
    let text = format!("event 4740 at {}: an account was locked", last.when());
    match found {
        Detection::Likely(proof) => Detection::Likely(proof.and(text, [last.fact], 3)),
        _ => Detection::Likely(Proof::of(text, [last.fact], 10).severity(Severity::Informs)),
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Machine, logged_client};

    #[test]
    fn a_lockout_of_today_speaks_for_it_and_one_of_last_week_does_not() {
        let locked =
            |minutes| Machine::healthy().event("Security", AUDITING, 4740, minutes, &[("TargetUserName", "ann")]);
        let detect = CAUSE.detect;
        assert!(matches!(detect(&locked(60).evidence()), Detection::Likely(proof) if proof.items.len() == 1));
        assert_eq!(detect(&locked(60 * 24 * 7).evidence()), Detection::Unknown(Vec::new()));
        let failed = locked(60).client(logged_client("10.0.0.7", 30).fails(0xC000_0234, 2, 1));
        assert!(matches!(detect(&failed.evidence()), Detection::Likely(proof) if proof.items.len() == 2));
    }
}
