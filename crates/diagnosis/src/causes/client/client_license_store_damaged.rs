use super::on_the_client;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// A client that cannot read or write its stored Remote Desktop licence.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "client-license-store-damaged",
    stage: Stage::Client,
    severity: Severity::Blocks,
    title: "The client's stored Remote Desktop licence is damaged",
    prior: -6,
    explains: &[],
    page: include_str!("client-license-store-damaged.md"),
    detect: on_the_client,
    remedies: |_| remedies(&[&SEE, &RENEW]),
};

const SEE: Step = Step {
    title: "See whether the stored licence is there, and who may write it",
    place: Place::Client,
    commands: &[
        r"Get-ChildItem HKLM:\SOFTWARE\Microsoft\MSLicensing -Recurse -ErrorAction SilentlyContinue",
        r"(Get-Acl HKLM:\SOFTWARE\Microsoft\MSLicensing).AccessToString",
    ],
    cmd: &[r"reg query HKLM\SOFTWARE\Microsoft\MSLicensing /s"],
    ..READ
};

const RENEW: Step = Step {
    title: "Keep a copy of the stored licence, remove it, and connect once as an administrator (run mstsc elevated), so that the client can write a new one",
    place: Place::Client,
    safety: Safety::Manual,
    interrupts: "nothing; the server counts a new licence for this device",
    commands: &[
        r"reg export HKLM\SOFTWARE\Microsoft\MSLicensing C:\mslicensing-before.reg /y",
        r"Remove-Item HKLM:\SOFTWARE\Microsoft\MSLicensing -Recurse",
        "Start-Process mstsc -ArgumentList '/v:HOST' -Verb RunAs",
    ],
    cmd: &[
        r"reg export HKLM\SOFTWARE\Microsoft\MSLicensing C:\mslicensing-before.reg /y",
        r"reg delete HKLM\SOFTWARE\Microsoft\MSLicensing /f",
    ],
    undo: r"reg import C:\mslicensing-before.reg",
};
