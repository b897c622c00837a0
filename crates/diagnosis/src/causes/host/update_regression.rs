use super::signs::open_from_outside;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Safety, Severity, Stage};

/// An update that brought a known fault with it.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "update-regression",
    stage: Stage::Host,
    severity: Severity::Degrades,
    title: "A known fault of a Windows update",
    prior: -6,
    explains: &[],
    page: include_str!("update-regression.md"),
    detect: open_from_outside,
    remedies: |_| remedies(&[&READ_UPDATES, &MEND]),
};

const READ_UPDATES: Step = Step {
    title: "See the build and which updates came shortly before it began, on both sides, and compare with the known issues of that build",
    commands: &[
        r"Get-ItemProperty 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion' | Format-List ProductName, CurrentBuild, UBR",
        "Get-HotFix | Sort-Object InstalledOn -Descending | Select-Object -First 10",
    ],
    cmd: &["ver", "systeminfo"],
    ..READ
};

const MEND: Step = Step {
    title: "Install the update that mends it, or apply the Known Issue Rollback that the release notes name; take an update off only where neither exists",
    safety: Safety::Manual,
    interrupts: "updates restart the machine",
    commands: &["Start-Process ms-settings:windowsupdate"],
    cmd: &["start ms-settings:windowsupdate"],
    undo: "a Known Issue Rollback is a policy: remove it once the mending update is installed",
    ..READ
};
