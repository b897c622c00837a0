use super::{READ_LOG, unmeasured};
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// The gateway's authorisation says no.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "gateway-policy",
    stage: Stage::Gateway,
    severity: Severity::Blocks,
    title: "A policy of the RD Gateway refuses this user, computer or target",
    prior: -3,
    explains: &[],
    page: include_str!("gateway-policy.md"),
    detect: unmeasured,
    remedies: |_| remedies(&[&READ_LOG, &LIST, &ADMIT]),
};

const LIST: Step = Step {
    title: "On the gateway: list who may connect (CAP) and to what (RAP); a target asked for by a name that the resource group lacks, short instead of full, is refused too",
    place: Place::Gateway,
    commands: &[
        "Import-Module RemoteDesktopServices",
        "Get-ChildItem RDS:\\GatewayServer\\CAP -Recurse",
        "Get-ChildItem RDS:\\GatewayServer\\RAP -Recurse",
        "Get-WinEvent -FilterHashtable @{LogName='Security'; Id=6272,6273} -MaxEvents 10 | Format-List TimeCreated, Id, Message",
    ],
    cmd: &[r#"wevtutil qe Security /q:"*[System[(EventID=6272 or EventID=6273)]]" /c:10 /rd:true /f:text"#],
    ..READ
};

const ADMIT: Step = Step {
    title: "If the person is meant to get in: put the account into the group that the CAP and RAP name, or the target's full name into the resource group; then log on anew",
    place: Place::DomainController,
    safety: Safety::Manual,
    interrupts: "nothing that runs; it gives access to whatever that group opens",
    commands: &["Add-ADGroupMember -Identity GROUP -Members USER"],
    cmd: &["net group GROUP USER /add /domain"],
    undo: "Remove-ADGroupMember -Identity GROUP -Members USER, or net group GROUP USER /delete /domain",
};
