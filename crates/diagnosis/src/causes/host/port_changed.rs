use super::remedies::READ_LISTENER;
use super::signs::unless_rdp_answers;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// `PortNumber` is not the port that the client or the firewall knows.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "port-changed",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "The server listens for Remote Desktop on another port",
    prior: -3,
    explains: &["port-closed", "port-filtered"],
    page: include_str!("port-changed.md"),
    detect: unless_rdp_answers,
    remedies: |_| remedies(&[&READ_LISTENER, &ASK_THERE, &OPEN, &MOVE_BACK]),
};

const ASK_THERE: Step = Step {
    title: "Connect to the port that the listener is set to: as HOST:PORT in the client",
    place: Place::Client,
    commands: &["mstsc /v:HOST:PORT", "rdpdoctor diagnose HOST:PORT"],
    ..READ
};

const OPEN: Step = Step {
    title: "Where the port was moved on purpose: let it through the firewall, for Windows' own rule knows 3389 only",
    safety: Safety::Manual,
    interrupts: "nothing; the port is open to the addresses that the rule names",
    commands: &[
        "New-NetFirewallRule -Name RDP-moved -DisplayName 'Remote Desktop on another port' -Direction Inbound -Protocol TCP -LocalPort PORT -Service TermService -RemoteAddress LocalSubnet -Action Allow",
    ],
    cmd: &[
        "netsh advfirewall firewall add rule name=RDP-moved dir=in protocol=tcp localport=PORT service=TermService remoteip=localsubnet action=allow",
    ],
    undo: "Remove-NetFirewallRule -Name RDP-moved, or netsh advfirewall firewall delete rule name=RDP-moved",
    ..READ
};

const MOVE_BACK: Step = Step {
    title: "Where nobody wanted it: see that nothing else uses 3389 (netstat -ano), set it back, and restart the service",
    safety: Safety::Disruptive,
    interrupts: "every Remote Desktop session is cut off; clients that were told of the other port no longer get in",
    commands: &[
        r"Set-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' PortNumber 3389 -Type DWord",
        "Restart-Service TermService -Force",
    ],
    cmd: &[
        r#"reg add "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v PortNumber /t REG_DWORD /d 3389 /f"#,
        "net stop TermService /y & net start TermService & net start UmRdpService",
    ],
    undo: "set PortNumber back to the value read before, and restart the service",
    ..READ
};
