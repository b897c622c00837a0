use super::failed::met;
use super::remedies::READ_FAILURES;
use super::rights::judged;
use crate::causes::logged::{AUDITING, SESSIONS, lately, reason};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::{Evidence, Snapshot};
use crate::{Cause, Detection, Place, Proof, Safety, Severity, Stage};

/// Name and password are right; the server's user rights do not admit the account.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "logon-right-missing",
    stage: Stage::Authenticate,
    severity: Severity::Blocks,
    title: "The account has no right to log on through Remote Desktop",
    prior: -3,
    explains: &["logon-refused"],
    page: include_str!("logon-right-missing.md"),
    detect: look,
    remedies: |_| remedies(&[&READ_FAILURES, &READ_RIGHTS, &GRANT, &CORRECT]),
};

/// Rights that keep all out prove it; else whoever met it speaks for it. That wide groups have the right clears nobody.
fn look(evidence: &Evidence) -> Detection {
    let Some(host) = evidence.host.as_deref() else { return Detection::Unknown(Vec::new()) };
    let refused = refused(host);
    match judged(host) {
        Some(Detection::Confirmed(proof)) => Detection::Confirmed(match refused {
            Some(more) => Proof { items: [proof.items, more.items].concat(), ..proof },
            None => proof,
        }),
        _ => refused.map_or(Detection::Unknown(Vec::new()), Detection::Likely),
    }
}

fn refused(host: &Snapshot) -> Option<Proof> {
    let denied = lately(host, AUDITING, &[4825], 72).pop();
    let ended = lately(host, SESSIONS, &[40], 72).into_iter().rfind(|logged| reason(logged.event) == Some(9));
    let said = denied.or(ended).map(|last| {
        let text = format!("event {} at {}: a user was refused for want of this right", last.event.id, last.when());
        Proof::of(text, [last.fact], 15).severity(Severity::Degrades)
    });
    match (met(host, CAUSE.id), said) {
        (Some(proof), Some(more)) => Some(Proof { items: [proof.items, more.items].concat(), ..proof }),
        (one, other) => one.or(other),
    }
}

/// That name depends on the language of Windows.
const NAME_OF_GROUP: &str = r#"powershell -NoProfile -Command "(New-Object Security.Principal.SecurityIdentifier 'S-1-5-32-555').Translate([Security.Principal.NTAccount]).Value.Split('\')[1]""#;

const READ_RIGHTS: Step = Step {
    title: "On the server: see who may (SeRemoteInteractiveLogonRight), who may not (SeDenyRemoteInteractiveLogonRight, SeDenyNetworkLogonRight), and who is in Remote Desktop Users (S-1-5-32-555)",
    commands: &[
        "secedit /export /areas USER_RIGHTS /cfg \"$env:TEMP\\rights.inf\"; Select-String -Path \"$env:TEMP\\rights.inf\" -Pattern 'LogonRight'",
        "Get-LocalGroupMember -SID S-1-5-32-555",
        "gpresult /scope computer /v",
    ],
    cmd: &[
        r#"secedit /export /areas USER_RIGHTS /cfg "%TEMP%\rights.inf" && type "%TEMP%\rights.inf" | findstr LogonRight"#,
        NAME_OF_GROUP,
        "net localgroup \"NAME OF THAT GROUP\"",
    ],
    ..READ
};

const GRANT: Step = Step {
    title: "If the person is meant to get in: put the account into Remote Desktop Users; on a domain controller only administrators have the right, and should",
    safety: Safety::Manual,
    interrupts: "nothing",
    commands: &["Add-LocalGroupMember -SID S-1-5-32-555 -Member 'DOMAIN\\USER'"],
    cmd: &[NAME_OF_GROUP, "net localgroup \"NAME OF THAT GROUP\" DOMAIN\\USER /add"],
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge;
    use crate::testing::Machine;

    #[test]
    fn a_user_who_was_refused_speaks_for_it() {
        let local = "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational";
        let machines = [
            Machine::healthy().event("Security", AUDITING, 4825, 20, &[]),
            Machine::healthy().event(local, SESSIONS, 40, 20, &[("Session", "3"), ("Reason", "9")]),
        ];
        for machine in machines {
            let diagnosis = judge(&machine.evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.severity), ("logon-right-missing", Severity::Degrades));
        }
    }

    #[test]
    fn near_miss_a_session_that_was_replaced() {
        let local = "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational";
        let machine = Machine::healthy().event(local, SESSIONS, 40, 20, &[("Session", "3"), ("Reason", "5")]);
        assert_eq!(look(&machine.evidence()), Detection::Unknown(Vec::new()));
    }
}
