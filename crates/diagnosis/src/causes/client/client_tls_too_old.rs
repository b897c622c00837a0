use super::on_the_client;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// A client that speaks no TLS version that the server still takes.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "client-tls-too-old",
    stage: Stage::Client,
    severity: Severity::Blocks,
    title: "The client speaks no TLS version that the server takes",
    prior: -3,
    explains: &["tls-version-mismatch"],
    page: include_str!("client-tls-too-old.md"),
    detect: on_the_client,
    remedies: |_| remedies(&[&SEE, &UPDATE, &OTHER]),
};

const SEE: Step = Step {
    title: "See how old the client is and which TLS versions it may use; `rdpdoctor diagnose HOST` lists which known clients get through",
    place: Place::Client,
    commands: &[
        r"(Get-Item $env:SystemRoot\System32\mstsc.exe).VersionInfo.FileVersion",
        r"Get-ChildItem 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols' -Recurse -ErrorAction SilentlyContinue | Where-Object PSChildName -eq Client | Get-ItemProperty | Format-List PSPath, Enabled, DisabledByDefault",
    ],
    cmd: &[r"reg query HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols /s"],
    ..READ
};

const UPDATE: Step = Step {
    title: "Update the client: on Windows 7 the RDP 8.0 update (KB2592687) brings TLS 1.1 and 1.2; elsewhere a current release of the program and of its TLS library",
    place: Place::Client,
    safety: Safety::Manual,
    interrupts: "updates may restart the machine",
    undo: "remove the update again",
    ..READ
};

const OTHER: Step = Step {
    title: "Meanwhile connect with another client; do not switch TLS 1.0 on again on the server for one old machine",
    place: Place::Client,
    commands: &["rdpdoctor diagnose HOST"],
    ..READ
};
