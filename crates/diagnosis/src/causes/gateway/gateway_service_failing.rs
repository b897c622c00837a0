use super::{READ_LOG, unmeasured};
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// The gateway's service, its web server or its policy server is down, full or faulty.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "gateway-service-failing",
    stage: Stage::Gateway,
    severity: Severity::Blocks,
    title: "The RD Gateway answers and cannot do its work",
    prior: -6,
    explains: &["gateway-unreachable"],
    page: include_str!("gateway-service-failing.md"),
    detect: unmeasured,
    remedies: |_| remedies(&[&READ_LOG, &LOOK, &START]),
};

const LOOK: Step = Step {
    title: "On the gateway: see whether its services run, whether the application pool is started, and how near it is to its limit of connections",
    place: Place::Gateway,
    commands: &[
        "Get-Service TSGateway, W3SVC, IAS -ErrorAction SilentlyContinue | Format-Table Name, Status, StartType",
        "Import-Module WebAdministration; Get-ChildItem IIS:\\AppPools",
        "Import-Module RemoteDesktopServices; Get-Item RDS:\\GatewayServer\\MaxConnections",
        "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Service Control Manager'; Level=2} -MaxEvents 10 | Format-List TimeCreated, Id, Message",
    ],
    cmd: &["sc query TSGateway", "sc query W3SVC", "sc query IAS", r"%windir%\system32\inetsrv\appcmd list apppool"],
    ..READ
};

const START: Step = Step {
    title: "On the gateway: start what has stopped, the web server before the gateway; if it stops again, its error in the System log says why",
    place: Place::Gateway,
    safety: Safety::Manual,
    interrupts: "starting interrupts nothing; restarting TSGateway cuts off every connection through this gateway",
    commands: &["Start-Service W3SVC", "Start-Service IAS", "Start-Service TSGateway"],
    cmd: &["net start W3SVC", "net start IAS", "net start TSGateway"],
    undo: "stop the service that was started",
};
