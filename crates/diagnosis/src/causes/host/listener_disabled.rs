use super::remedies::READ_LISTENER;
use super::signs::unless_rdp_answers;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Safety, Severity, Stage};

/// The listener RDP-Tcp is switched off, incomplete, or bound to an adapter that is gone.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "listener-disabled",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "The service runs, and its Remote Desktop listener does not",
    prior: -6,
    explains: &["port-closed", "port-filtered"],
    page: include_str!("listener-disabled.md"),
    detect: unless_rdp_answers,
    remedies: |_| remedies(&[&READ_LISTENER, &ENABLE, &REPLACE]),
};

const ENABLE: Step = Step {
    title: "Where fEnableWinStation is 0, or LanAdapter names an adapter that is gone: set both to their defaults (1; 0, which means all adapters), and restart the service",
    safety: Safety::Disruptive,
    interrupts: "sessions that still run are cut off; LanAdapter 0 listens on every network of the machine",
    commands: &[
        r"$listener = 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp'",
        r"reg export 'HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' C:\rdp-tcp-before.reg",
        "Set-ItemProperty $listener fEnableWinStation 1 -Type DWord",
        "Set-ItemProperty $listener LanAdapter 0 -Type DWord",
        "Restart-Service TermService -Force",
    ],
    cmd: &[
        r#"reg export "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" C:\rdp-tcp-before.reg"#,
        r#"reg add "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v fEnableWinStation /t REG_DWORD /d 1 /f"#,
        r#"reg add "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v LanAdapter /t REG_DWORD /d 0 /f"#,
        "net stop TermService /y & net start TermService & net start UmRdpService",
    ],
    undo: r"reg import C:\rdp-tcp-before.reg, and restart the service",
    ..READ
};

const REPLACE: Step = Step {
    title: "Where the key itself is damaged: save it, import RDP-Tcp from a healthy machine of the same build, and take the foreign SSLCertificateSHA1Hash out of it",
    safety: Safety::Manual,
    interrupts: "sessions that still run are cut off; the other machine's port and permissions come along: compare them",
    commands: &[
        r"reg export 'HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' C:\rdp-tcp-before.reg",
        r"reg import C:\rdp-tcp-of-the-same-build.reg",
        r"Remove-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' SSLCertificateSHA1Hash -ErrorAction SilentlyContinue",
        "Restart-Service TermService -Force",
    ],
    cmd: &[
        r#"reg export "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" C:\rdp-tcp-before.reg"#,
        r"reg import C:\rdp-tcp-of-the-same-build.reg",
        r#"reg delete "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v SSLCertificateSHA1Hash /f"#,
        "net stop TermService /y & net start TermService & net start UmRdpService",
    ],
    undo: r"delete the imported key, reg import C:\rdp-tcp-before.reg, and restart the service",
    ..READ
};
