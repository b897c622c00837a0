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
    title: "See which program listens on the port; TermService listens in an svchost.exe",
    commands: &[
        "Get-NetTCPConnection -State Listen -LocalPort 3389 | ForEach-Object { Get-Process -Id $_.OwningProcess } | Format-Table Id, ProcessName, Path",
        "Get-WinEvent -FilterHashtable @{LogName='Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational'; Id=259,260,262} -MaxEvents 10 | Format-List TimeCreated, Id, Message",
    ],
    cmd: &["netstat -ano -p tcp | findstr :3389", r#"tasklist /svc /fi "PID eq NUMBER""#],
    ..READ
};

const FREE: Step = Step {
    title: "Move the other program to another port or stop it, and restart the service so that it takes its port",
    safety: Safety::Manual,
    interrupts: "whoever uses the other program loses it",
    commands: &["Restart-Service TermService -Force"],
    cmd: &["net stop TermService /y", "net start TermService", "net start UmRdpService"],
    undo: "give the other program its port back, and restart it",
    ..READ
};
