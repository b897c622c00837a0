use super::remedies::READ_SERVICES;
use super::signs::unless_rdp_answers;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Safety, Severity, Stage};

/// TermService, or something that it needs, is stopped, disabled or crashing.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "service-stopped",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "The Remote Desktop service does not run on the server",
    prior: -3,
    explains: &["connection-closed-early", "port-closed", "port-filtered"],
    page: include_str!("service-stopped.md"),
    detect: unless_rdp_answers,
    remedies: |_| remedies(&[&READ_SERVICES, &START, &READ_CRASHES]),
};

const START: Step = Step {
    title: "Give the service its start type and account back where they were changed, and start it; after event 7001 start what it depends on first",
    safety: Safety::Manual,
    interrupts: "nothing; somebody may have stopped it on purpose: event 7040 says when its start type was changed",
    commands: &["Set-Service TermService -StartupType Manual", "Start-Service TermService"],
    cmd: &["sc config TermService start= demand", "net start TermService", "net start UmRdpService"],
    undo: "Stop-Service TermService -Force, and Set-Service TermService -StartupType with the type read before",
    ..READ
};

const READ_CRASHES: Step = Step {
    title: "Where it ends by itself: read which module crashed; one that is not Windows' own points to a patched service",
    commands: &[
        "Get-WinEvent -FilterHashtable @{LogName='Application'; ProviderName='Application Error'; Id=1000} -MaxEvents 20 | Where-Object Message -match 'TermService|termsrv|rdp' | Format-List TimeCreated, Message",
        r"(Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Services\TermService\Parameters').ServiceDll",
    ],
    cmd: &[
        "wevtutil qe Application /q:\"*[System[Provider[@Name='Application Error'] and EventID=1000]]\" /c:20 /rd:true /f:text",
        r"reg query HKLM\SYSTEM\CurrentControlSet\Services\TermService\Parameters /v ServiceDll",
    ],
    ..READ
};
