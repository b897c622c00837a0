use super::signs::open_from_outside;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Safety, Severity, Stage};

/// The server takes few unfinished connections at a time.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "connection-limit-low",
    stage: Stage::Host,
    severity: Severity::Degrades,
    title: "The server allows too few unfinished connections",
    prior: -6,
    explains: &["backlog-full", "unstable-path"],
    page: include_str!("connection-limit-low.md"),
    detect: open_from_outside,
    remedies: |_| remedies(&[&READ_LIMIT, &RAISE]),
};

const READ_LIMIT: Step = Step {
    title: "See the limit, and whether the server reached it: event 1006 says so",
    commands: &[
        r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server' MaxOutstandingConnections -ErrorAction SilentlyContinue",
        "Get-WinEvent -FilterHashtable @{LogName='Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin'; Id=1006} -MaxEvents 10 | Format-List TimeCreated, Message",
    ],
    cmd: &[
        r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server" /v MaxOutstandingConnections"#,
        "wevtutil qe Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin /q:*[System[EventID=1006]] /c:10 /rd:true /f:text",
    ],
    ..READ
};

const RAISE: Step = Step {
    title: "Keep strangers away from the port first; raise the limit moderately only where 1006 is there and the connections are your own",
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
