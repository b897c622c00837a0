use super::remedies::ENABLE_RULES;
use super::signs::unless_rdp_answers;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// `fDenyTSConnections` is 1, gone, or set by a policy: no listener is started.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "rdp-disabled",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "Remote Desktop is switched off on this Windows",
    prior: 0,
    explains: &["port-closed", "port-filtered"],
    page: include_str!("rdp-disabled.md"),
    detect: unless_rdp_answers,
    remedies: |_| remedies(&[&READ_SWITCH, &SWITCH_ON, &ENABLE_RULES, &CHANGE_POLICY]),
};

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
