use super::failed::by_log;
use super::remedies::READ_CHANNEL;
use super::signs::in_a_domain;
use crate::causes::logged::{NETLOGON, lately};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::Evidence;
use crate::{Cause, Detection, Place, Proof, Safety, Severity, Stage};

/// The server and its domain no longer share the computer's password.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "domain-trust-broken",
    stage: Stage::Authenticate,
    severity: Severity::Blocks,
    title: "The server's trust in its domain is broken",
    prior: -6,
    explains: &["kerberos-unavailable", "logon-refused"],
    page: include_str!("domain-trust-broken.md"),
    detect: |evidence| look(evidence, by_log(evidence, in_a_domain(evidence), CAUSE.id)),
    remedies: |_| remedies(&[&READ_CHANNEL, &READ_COMPUTER, &REPAIR]),
};

/// Accounts of the server itself get in all the same.
fn look(evidence: &Evidence, found: Detection) -> Detection {
    let host = evidence.host.as_deref().filter(|_| found != Detection::RuledOut);
    let Some(last) = host.and_then(|host| lately(host, NETLOGON, &[3210], 72).pop()) else { return found };
    let text = format!("event 3210 at {}: the domain did not accept this computer's password", last.when());
    Detection::Likely(match found {
        Detection::Likely(proof) => proof.and(text, [last.fact], 10),
        _ => Proof::of(text, [last.fact], 20).severity(Severity::Degrades),
    })
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge;
    use crate::testing::Machine;

    #[test]
    fn fires_on_3210_of_the_last_days_only() {
        let logged = |minutes| Machine::healthy().event("System", NETLOGON, 3210, minutes, &[]).evidence();
        let diagnosis = judge(&logged(60));
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.severity), ("domain-trust-broken", Severity::Degrades));
        assert_eq!((CAUSE.detect)(&logged(60 * 24 * 9)), Detection::Unknown(Vec::new()));
    }
}
