use super::on_the_client;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// A saved setting, credential or requested mode that contradicts the server.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "client-profile-stale",
    stage: Stage::Client,
    severity: Severity::Degrades,
    title: "A saved setting or credential of the client does not fit the server",
    prior: 0,
    explains: &[],
    page: include_str!("client-profile-stale.md"),
    detect: on_the_client,
    remedies: |_| remedies(&[&LOOK, &WITHOUT, &FORGET]),
};

const LOOK: Step = Step {
    title: "See what is saved: the .rdp file in use, the last server, and the names of stored credentials",
    place: Place::Client,
    commands: &[
        r"Get-Content $env:USERPROFILE\Documents\Default.rdp",
        r"Get-ChildItem 'HKCU:\Software\Microsoft\Terminal Server Client\Servers' -ErrorAction SilentlyContinue",
        "cmdkey /list:TERMSRV/*",
    ],
    cmd: &[
        r"type %USERPROFILE%\Documents\Default.rdp",
        r#"reg query "HKCU\Software\Microsoft\Terminal Server Client\Servers" /s"#,
        "cmdkey /list",
    ],
    ..READ
};

const WITHOUT: Step = Step {
    title: "Connect once without anything saved: a new connection, the full name, the credentials typed",
    place: Place::Client,
    commands: &["mstsc /v:HOST /prompt"],
    ..READ
};

const FORGET: Step = Step {
    title: "Remove the stored credential for this server alone, and correct the line of the .rdp file that does not fit",
    place: Place::Client,
    safety: Safety::Manual,
    interrupts: "nothing; the password has to be typed at the next connection",
    commands: &["cmdkey /delete:TERMSRV/HOST"],
    cmd: &["cmdkey /delete:TERMSRV/HOST"],
    undo: "cmdkey /generic:TERMSRV/HOST /user:USER /pass, which asks for the password",
};
