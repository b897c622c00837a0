use super::remedies::ENABLE_RULES;
use super::signs::{by_host, setting_of, unless_rdp_answers};
use crate::catalogue::setting;
use crate::causes::policy::{Side, naming, with_author};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::Snapshot;
use crate::evidence::snapshot::{Authority, ValueSeen};
use crate::view::host_fact;
use crate::{Cause, Detection, Place, Proof, Safety, Severity, Stage};

/// `fDenyTSConnections` is 1, gone, or set by a policy: no listener is started.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "rdp-disabled",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "Remote Desktop is switched off on this Windows",
    prior: 0,
    explains: &["port-closed", "port-filtered"],
    page: include_str!("rdp-disabled.md"),
    detect: |evidence| by_host(evidence, unless_rdp_answers(evidence), look),
    remedies: |evidence| {
        let change = naming(remedies(&[&CHANGE_POLICY]), evidence.host.as_deref(), look);
        [remedies(&[&READ_SWITCH, &SWITCH_ON, &ENABLE_RULES]), change].concat()
    },
};

fn look(host: &Snapshot) -> Detection {
    let (switch, fact) = setting_of(host, "deny-connections");
    if switch.seen == ValueSeen::Unread {
        return unless_a_policy_switches_it_on(host);
    }
    let text = match (switch.number(), switch.by) {
        (Some(0), _) => return Detection::RuledOut,
        (_, Authority::Default) => "fDenyTSConnections is missing, which counts as 1: every connection is refused",
        (_, Authority::Policy) => "a policy sets fDenyTSConnections to 1: every connection is refused",
        (_, Authority::Local) => "fDenyTSConnections is 1: every connection is refused",
    };
    Detection::Confirmed(with_author(Proof::of(text, [fact], 40), host, Side::Server, "deny-connections"))
}

/// The local value alone, where the policy that would win over it could not be read.
fn unless_a_policy_switches_it_on(host: &Snapshot) -> Detection {
    let Some(setting) = setting("deny-connections") else { return Detection::Unknown(Vec::new()) };
    let off = match host.value(setting.path, setting.value) {
        ValueSeen::Value(value) => value.number() != Some(0),
        ValueSeen::Absent => true,
        ValueSeen::Unread => return Detection::Unknown(Vec::new()),
    };
    if !off {
        return Detection::Unknown(Vec::new());
    }
    let text = "the local value of fDenyTSConnections refuses every connection";
    let proof = Proof::of(text, [host_fact(&["registry", setting.path])], 30);
    let missing = "whether a policy (fDenyTSConnections in SOFTWARE) switches it on: it could not be read";
    Detection::Likely(proof.missing(missing))
}

const READ_SWITCH: Step = Step {
    title: "Read the switch: 0 means on; a value of the policy wins over the local one, and a missing local value means off",
    commands: &[
        r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server' fDenyTSConnections",
        r"Get-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services' fDenyTSConnections -ErrorAction SilentlyContinue",
    ],
    cmd: &[
        r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server" /v fDenyTSConnections"#,
        r#"reg query "HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services" /v fDenyTSConnections"#,
    ],
    ..READ
};

const SWITCH_ON: Step = Step {
    title: "Switch Remote Desktop on, if this machine is meant to be reached; the listener opens at once",
    safety: Safety::Manual,
    interrupts: "nothing; the port is open to whoever the firewall lets in",
    commands: &[
        r"Set-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server' fDenyTSConnections 0 -Type DWord",
    ],
    cmd: &[
        r#"reg add "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server" /v fDenyTSConnections /t REG_DWORD /d 0 /f"#,
    ],
    undo: "set fDenyTSConnections back to the value read before, or delete it where there was none",
    ..READ
};

const CHANGE_POLICY: Step = Step {
    title: "Where a policy sets it: find the policy by name and change \"Allow users to connect remotely by using Remote Desktop Services\" there; a local change does not last",
    place: Place::DomainController,
    safety: Safety::Manual,
    interrupts: "nothing; it holds for every machine under that policy",
    commands: &["gpresult /scope computer /v", "gpupdate /target:computer"],
    undo: "set the policy back to what it was, and run gpupdate",
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Machine;
    use crate::{Verdict, judge};

    #[test]
    fn fires_on_the_value_its_absence_and_a_policy() {
        let machine = Machine::healthy;
        for off in [
            machine().dword("deny-connections", 1),
            machine().without("deny-connections"),
            machine().policy("deny-connections", 1),
        ] {
            let diagnosis = judge(&off.no_listeners().evidence());
            assert_eq!(diagnosis.root().unwrap().cause.id, "rdp-disabled");
            assert_eq!(diagnosis.verdict, Verdict::Broken);
        }
    }

    #[test]
    fn near_miss_a_policy_that_switches_it_on_wins() {
        let on = Machine::healthy().dword("deny-connections", 1).policy("deny-connections", 0);
        assert_eq!(look(&on.snapshot()), Detection::RuledOut);
    }

    #[test]
    fn likely_where_the_policy_cannot_be_read_and_unknown_where_nothing_is() {
        let path = setting("deny-connections").unwrap().policy_path.unwrap();
        let machine = Machine::healthy().dword("deny-connections", 1).unreadable(path);
        assert!(matches!(look(&machine.clone().snapshot()), Detection::Likely(_)));
        assert_eq!(judge(&machine.evidence()).verdict, Verdict::Broken);
        let on = Machine::healthy().unreadable(path);
        assert_eq!(look(&on.snapshot()), Detection::Unknown(Vec::new()));
        assert_eq!(look(&Machine::unread().snapshot()), Detection::Unknown(Vec::new()));
    }
}
