use super::signs::unless_rdp_answers;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Safety, Severity, Stage};

/// Another program holds the port of the listener.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "port-taken",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "Another program holds the Remote Desktop port",
    prior: -6,
    explains: &["not-rdp", "port-closed"],
    page: include_str!("port-taken.md"),
    detect: unless_rdp_answers,
    remedies: |_| remedies(&[&READ_OWNER, &FREE]),
};

const READ_OWNER: Step = Step {
    title: "See which program listens on the port; TermService listens in an svchost.exe, and event 260 says that it could not",
    commands: &[
        r"$port = (Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp').PortNumber; Get-NetTCPConnection -State Listen -LocalPort $port | ForEach-Object { Get-Process -Id $_.OwningProcess } | Format-Table Id, ProcessName, Path",
        "Get-WinEvent -FilterHashtable @{LogName='Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational'; Id=258,259,260} -MaxEvents 10 | Format-List TimeCreated, Id, Message",
    ],
    cmd: &["netstat -ano -p tcp | findstr LISTENING", r#"tasklist /svc /fi "PID eq NUMBER""#],
    ..READ
};

const FREE: Step = Step {
    title: "Move the other program to another port or stop it, and restart the service so that it takes its port",
    safety: Safety::Disruptive,
    interrupts: "whoever uses the other program loses it; restarting TermService cuts off sessions that came in by another listener",
    commands: &["Restart-Service TermService -Force"],
    cmd: &["net stop TermService /y", "net start TermService", "net start UmRdpService"],
    undo: "give the other program its port back, and restart it",
    ..READ
};
