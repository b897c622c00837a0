use super::signs::open_from_outside;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Safety, Severity, Stage};

/// A policy copy says something else than the setting that somebody changed.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "policy-conflict",
    stage: Stage::Host,
    severity: Severity::Degrades,
    title: "A policy overrides the setting that somebody changed",
    prior: -6,
    explains: &[],
    page: include_str!("policy-conflict.md"),
    detect: open_from_outside,
    remedies: |_| remedies(&[&READ_POLICY, &REFRESH]),
};

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
