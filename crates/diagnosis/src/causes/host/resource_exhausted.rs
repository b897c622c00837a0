use super::signs::open_from_outside;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Safety, Severity, Stage};

/// Disk, memory, ports or handles are used up.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "resource-exhausted",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "The server has run out of something that a new session needs",
    prior: -6,
    explains: &["connection-closed-early", "server-denied", "server-unresponsive", "unstable-path"],
    page: include_str!("resource-exhausted.md"),
    detect: open_from_outside,
    remedies: |_| remedies(&[&READ_RESOURCES, &RELIEVE]),
};

const READ_RESOURCES: Step = Step {
    title: "See what is short: disk space, committed memory, local ports, handles; 2004 of Resource-Exhaustion-Detector and 4227 or 4231 of Tcpip say it themselves",
    commands: &[
        "Get-Volume | Format-Table DriveLetter, SizeRemaining, Size",
        "Get-CimInstance Win32_OperatingSystem | Format-List FreePhysicalMemory, FreeVirtualMemory, TotalVirtualMemorySize",
        "Get-NetTCPConnection | Group-Object State | Format-Table Count, Name",
        "Get-Process | Sort-Object HandleCount -Descending | Select-Object -First 10 Name, Id, HandleCount, PM",
        "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Microsoft-Windows-Resource-Exhaustion-Detector','Tcpip'} -MaxEvents 20 -ErrorAction SilentlyContinue | Format-List TimeCreated, Id, Message",
    ],
    cmd: &["fsutil volume diskfree C:", "systeminfo", "netstat -ano", "tasklist"],
    ..READ
};

const RELIEVE: Step = Step {
    title: "Free what is short, and restart the program that uses it up rather than the whole machine; a restart hides who it was",
    safety: Safety::Manual,
    interrupts: "that program",
    commands: &["Restart-Service NAME"],
    cmd: &["net stop NAME", "net start NAME"],
    undo: "there is nothing to take back",
    ..READ
};
