use super::remedies::{READ_ACCOUNT, READ_CHANNEL, READ_FAILURES};
use super::signs::before_the_session;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Severity, Stage};

/// CredSSP ends without a status after the credentials were sent.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "logon-refused",
    stage: Stage::Authenticate,
    severity: Severity::Blocks,
    title: "The server hangs up after the password was sent, and gives no reason",
    prior: -3,
    explains: &[],
    page: include_str!("logon-refused.md"),
    detect: before_the_session,
    remedies: |_| remedies(&[&READ_FAILURES, &READ_SECURITY, &READ_ACCOUNT, &READ_CHANNEL]),
};

const READ_SECURITY: Step = Step {
    title: "On the server: read RdpCoreTS 139, which carries the status when the security layer failed",
    commands: &[
        "Get-WinEvent -FilterHashtable @{LogName='Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational'; Id=139} -MaxEvents 10 | Format-List TimeCreated, Message",
    ],
    cmd: &[
        r#"wevtutil qe Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational /q:"*[System[(EventID=139)]]" /c:10 /rd:true /f:text"#,
    ],
    ..READ
};
