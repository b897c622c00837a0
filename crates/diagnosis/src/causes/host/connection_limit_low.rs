use super::signs::open_from_outside;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Safety, Severity, Stage};

/// The server takes few connections at a time, or few unfinished ones.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "connection-limit-low",
    stage: Stage::Host,
    severity: Severity::Degrades,
    title: "The server allows too few connections at a time",
    prior: -6,
    explains: &["backlog-full", "unstable-path"],
    page: include_str!("connection-limit-low.md"),
    detect: open_from_outside,
    remedies: |_| remedies(&[&READ_LIMITS, &LIFT, &RAISE]),
};

const READ_LIMITS: Step = Step {
    title: "See both limits: MaxInstanceCount of the listener (a policy wins over it), and that of unfinished connections, which was reached only where event 1006 says so",
    commands: &[
        r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' MaxInstanceCount",
        r"Get-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services' MaxInstanceCount -ErrorAction SilentlyContinue",
        r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server' MaxOutstandingConnections -ErrorAction SilentlyContinue",
        "Get-WinEvent -FilterHashtable @{LogName='Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin'; Id=1006} -MaxEvents 10 | Format-List TimeCreated, Message",
    ],
    cmd: &[
        r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v MaxInstanceCount"#,
        r#"reg query "HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services" /v MaxInstanceCount"#,
        r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server" /v MaxOutstandingConnections"#,
        "wevtutil qe Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin /q:*[System[EventID=1006]] /c:10 /rd:true /f:text",
    ],
    ..READ
};

const LIFT: Step = Step {
    title: "Where MaxInstanceCount is a small number: lift it to 0xffffffff, as Windows ships it; change the policy where one sets it",
    safety: Safety::Disruptive,
    interrupts: "restarting TermService cuts off every Remote Desktop session: have another way in",
    commands: &[
        r"reg add 'HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' /v MaxInstanceCount /t REG_DWORD /d 0xffffffff /f",
        "Restart-Service TermService -Force",
    ],
    cmd: &[
        r#"reg add "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v MaxInstanceCount /t REG_DWORD /d 0xffffffff /f"#,
        "net stop TermService /y",
        "net start TermService",
        "net start UmRdpService",
    ],
    undo: "set MaxInstanceCount back to the value read before, and restart TermService again",
    ..READ
};

const RAISE: Step = Step {
    title: "Keep strangers away from the port first; raise the limit of unfinished ones moderately, and only where 1006 is there and the connections are your own",
    safety: Safety::Disruptive,
    interrupts: "restarting TermService cuts off every Remote Desktop session: have another way in",
    commands: &[
        r"Set-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server' MaxOutstandingConnections 3000 -Type DWord",
        "Restart-Service TermService -Force",
    ],
    cmd: &[
        r#"reg add "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server" /v MaxOutstandingConnections /t REG_DWORD /d 3000 /f"#,
        "net stop TermService /y",
        "net start TermService",
        "net start UmRdpService",
    ],
    undo: "set the value back to what it was before, or delete it where it was absent, and restart TermService again",
    ..READ
};
