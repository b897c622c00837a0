use super::signs::{by_host, open_from_outside};
use crate::catalogue::setting;
use crate::causes::logged::{MANAGER, lately};
use crate::causes::policy::{Side, naming, with_author_of};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::Snapshot;
use crate::evidence::snapshot::{RegistryValue, ValueSeen};
use crate::view::host_fact;
use crate::{Cause, Detection, Proof, Safety, Severity, Stage};

/// A policy copy says something else than the setting that somebody changed.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "policy-conflict",
    stage: Stage::Host,
    severity: Severity::Degrades,
    title: "A policy overrides the setting that somebody changed",
    prior: -6,
    explains: &[],
    page: include_str!("policy-conflict.md"),
    detect: |evidence| by_host(evidence, open_from_outside(evidence), look),
    remedies: |evidence| {
        let refresh = naming(remedies(&[&REFRESH]), evidence.host.as_deref(), look);
        [remedies(&[&READ_POLICY]), refresh].concat()
    },
};

/// Whether a value keeps clients out, or lets less safe ones in.
type Harms = fn(u64) -> bool;

/// Settings of which it matters who wins, with what of each lets fewer or less safe connections through.
const CONTESTED: [(&str, Harms); 4] = [
    ("deny-connections", |number| number != 0),
    ("security-layer", |number| number == 0),
    ("nla", |number| number == 0),
    ("min-encryption", |number| number == 4),
];

fn look(host: &Snapshot) -> Detection {
    let found: Vec<Option<Vec<Contest>>> = CONTESTED.iter().map(|(id, harms)| contest(host, id, *harms)).collect();
    let settled = found.iter().all(Option::is_some);
    let contests: Vec<Contest> = found.into_iter().flatten().flatten().collect();
    if contests.is_empty() {
        let none = if settled { Detection::RuledOut } else { Detection::Unknown(Vec::new()) };
        return corrected(host, Proof::default())
            .map_or(none, |proof| Detection::Likely(proof.severity(Severity::Informs)));
    }
    let undone = contests.iter().any(|contest| contest.policy_harms);
    let proof = contests.into_iter().enumerate().fold(Proof::default(), |proof, (place, contest)| {
        let proof = proof.and(contest.text, contest.facts, if place == 0 { 25 } else { 0 });
        with_author_of(proof, host, Side::Server, contest.policy, contest.value)
    });
    let proof = corrected(host, proof.clone()).unwrap_or(proof);
    Detection::Confirmed(if undone { proof } else { proof.severity(Severity::Informs) })
}

/// The service says which settings it could not take together, whoever made them.
fn corrected(host: &Snapshot, proof: Proof) -> Option<Proof> {
    let last = lately(host, MANAGER, &[1050], 24 * 30).pop()?;
    let text = format!(
        "event 1050 at {}: security layer and encryption level contradicted each other, and the service took another value",
        last.when()
    );
    Some(proof.and(text, [last.fact], 17))
}

/// A setting on which policy and the local value differ so that it matters.
struct Contest {
    text: String,
    facts: [String; 2],
    /// Where the policy writes.
    policy: &'static str,
    value: &'static str,
    /// Whether it is the policy's value that keeps clients out or weakens the server.
    policy_harms: bool,
}

/// None where one of the two was not read.
fn contest(host: &Snapshot, id: &str, harms: Harms) -> Option<Vec<Contest>> {
    let setting = setting(id)?;
    let path = setting.policy_path?;
    let (policy, local) = (host.value(path, setting.value), host.value(setting.path, setting.value));
    if !policy.is_read() || (policy != ValueSeen::Absent && !local.is_read()) {
        return None;
    }
    let number = |seen: ValueSeen<'_>| seen.value().and_then(RegistryValue::number);
    let (Some(wins), Some(loses)) = (number(policy), number(local)) else { return Some(Vec::new()) };
    if harms(wins) == harms(loses) {
        return Some(Vec::new());
    }
    let text = format!("policy sets {} to {wins}; the local value {loses} has no effect", setting.value);
    let facts = [host_fact(&["registry", path]), host_fact(&["registry", setting.path])];
    Some(vec![Contest { text, facts, policy: path, value: setting.value, policy_harms: harms(wins) }])
}

const READ_POLICY: Step = Step {
    title: "Compare the policy values with those of the listener: where both exist, the policy wins; gpresult names the policy that sets them",
    commands: &[
        r"Get-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services' -ErrorAction SilentlyContinue",
        r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server' fDenyTSConnections",
        r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' | Select-Object SecurityLayer, UserAuthentication, MinEncryptionLevel, MaxInstanceCount",
        r"gpresult /h C:\policies.html /f",
    ],
    cmd: &[
        r#"reg query "HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services""#,
        r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server" /v fDenyTSConnections"#,
        "gpresult /r /scope computer",
    ],
    ..READ
};

const REFRESH: Step = Step {
    title: "Change the value in the policy that sets it, and fetch the policies anew; a value changed on the machine alone comes back at the next refresh",
    safety: Safety::Manual,
    interrupts: "what else changed in the policies takes effect too",
    commands: &["gpupdate /target:computer /force"],
    cmd: &["gpupdate /target:computer /force"],
    undo: "set the value back in the same policy, and fetch the policies again",
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Machine;
    use crate::{Verdict, judge};

    #[test]
    fn degrades_where_the_policy_undoes_what_somebody_set() {
        let machine = Machine::healthy().dword("nla", 1).policy("nla", 0);
        let Detection::Confirmed(proof) = look(&machine.clone().snapshot()) else { panic!("they differ") };
        assert_eq!(proof.severity, None);
        let diagnosis = judge(&machine.evidence());
        assert_eq!(diagnosis.verdict, Verdict::Warning);
        let ids: Vec<&str> = diagnosis.findings.iter().map(|finding| finding.cause.id).collect();
        assert!(ids.contains(&"policy-conflict") && ids.contains(&"nla-disabled"), "{ids:?}");
    }

    #[test]
    fn a_policy_that_closes_the_server_stays_the_root() {
        let machine = Machine::healthy().policy("deny-connections", 1).no_listeners();
        assert_eq!(judge(&machine.evidence()).root().unwrap().cause.id, "rdp-disabled");
    }

    #[test]
    fn informs_where_the_policy_holds_the_better_value() {
        let diagnosis = judge(&Machine::healthy().dword("nla", 0).policy("nla", 1).evidence());
        assert!(diagnosis.findings.iter().any(|finding| finding.cause.id == "policy-conflict"));
        assert_eq!(diagnosis.verdict, Verdict::Healthy);
    }

    #[test]
    fn a_contradiction_that_the_service_corrected_informs_and_backs_a_conflict() {
        let corrected = |machine: Machine, days: i64| machine.event("System", MANAGER, 1050, 60 * 24 * days, &[]);
        let diagnosis = judge(&corrected(Machine::healthy(), 2).evidence());
        let found = diagnosis.findings.iter().find(|finding| finding.cause.id == "policy-conflict").unwrap();
        assert_eq!((found.severity, diagnosis.verdict), (Severity::Informs, Verdict::Healthy));
        assert_eq!(look(&corrected(Machine::healthy(), 40).snapshot()), Detection::RuledOut);
        let both = corrected(Machine::healthy().dword("nla", 1).policy("nla", 0), 2);
        let Detection::Confirmed(proof) = look(&both.snapshot()) else { panic!("they differ") };
        assert!(proof.severity.is_none() && proof.items.iter().any(|item| item.text.contains("event 1050")));
    }

    #[test]
    fn near_misses_values_that_amount_to_the_same() {
        let machine = Machine::healthy().dword("security-layer", 1).policy("security-layer", 2);
        assert_eq!(look(&machine.snapshot()), Detection::RuledOut);
        assert_eq!(look(&Machine::healthy().snapshot()), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_the_policy_was_not_read() {
        assert_eq!(look(&Machine::unread().snapshot()), Detection::Unknown(Vec::new()));
    }
}
