use super::signs::open_from_outside;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Safety, Severity, Stage};

/// The machine may use FIPS 140 algorithms only.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "fips-mode",
    stage: Stage::Host,
    severity: Severity::Degrades,
    title: "FIPS mode narrows what the server may use",
    prior: -6,
    explains: &["cipher-suite-mismatch"],
    page: include_str!("fips-mode.md"),
    detect: open_from_outside,
    remedies: |_| remedies(&[&READ_FIPS, &LEAVE_FIPS]),
};

const READ_FIPS: Step = Step {
    title: "See whether FIPS mode is on and whether the listener asks for FIPS encryption (MinEncryptionLevel 4)",
    commands: &[
        r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Lsa\FipsAlgorithmPolicy' Enabled",
        r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' MinEncryptionLevel",
    ],
    cmd: &[
        r"reg query HKLM\SYSTEM\CurrentControlSet\Control\Lsa\FipsAlgorithmPolicy /v Enabled",
        r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v MinEncryptionLevel"#,
    ],
    ..READ
};

const LEAVE_FIPS: Step = Step {
    title: "Where no rule demands it, switch FIPS mode off in the policy that sets it, and restart; where one does, bring the clients to TLS 1.2 with ECDHE and AES-GCM",
    safety: Safety::Manual,
    interrupts: "the machine has to be restarted; other programs on it change their algorithms too",
    commands: &[
        r"Set-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Lsa\FipsAlgorithmPolicy' Enabled 0 -Type DWord",
    ],
    cmd: &[r"reg add HKLM\SYSTEM\CurrentControlSet\Control\Lsa\FipsAlgorithmPolicy /v Enabled /t REG_DWORD /d 0 /f"],
    undo: "set Enabled back to 1 and restart",
    ..READ
};
