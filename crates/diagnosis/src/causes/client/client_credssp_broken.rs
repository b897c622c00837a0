use super::on_the_client;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// A client whose CredSSP is missing or switched off.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "client-credssp-broken",
    stage: Stage::Client,
    severity: Severity::Blocks,
    title: "CredSSP is missing or switched off on the client",
    prior: -6,
    explains: &["nla-required"],
    page: include_str!("client-credssp-broken.md"),
    detect: on_the_client,
    remedies: |_| remedies(&[&SEE, &GIVE_BACK]),
};

const SEE: Step = Step {
    title: "See whether the CredSSP packages are registered and their files are there, and whether the .rdp file switches CredSSP off (enablecredsspsupport:i:0)",
    place: Place::Client,
    commands: &[
        r"(Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders').SecurityProviders",
        r"(Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Lsa').'Security Packages'",
        r"Get-Item $env:SystemRoot\System32\credssp.dll, $env:SystemRoot\System32\tspkg.dll | Format-List Name, VersionInfo",
    ],
    cmd: &[
        r"reg query HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders /v SecurityProviders",
        r#"reg query HKLM\SYSTEM\CurrentControlSet\Control\Lsa /v "Security Packages""#,
    ],
    ..READ
};

const GIVE_BACK: Step = Step {
    title: "Give the entries back (credssp.dll, and tspkg among the packages), repair the files, and restart; remove enablecredsspsupport from the .rdp file",
    place: Place::Client,
    safety: Safety::Manual,
    interrupts: "the client has to be restarted",
    commands: &["sfc /scannow"],
    cmd: &["sfc /scannow"],
    undo: "set both values back to what they were before",
};
