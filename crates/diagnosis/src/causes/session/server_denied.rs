use super::{after_the_handshake, remedies};
use crate::evidence::Evidence;
use crate::{Cause, Place, Remedy, Safety, Severity, Stage};

/// A server that refuses and gives no other reason.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "server-denied",
    stage: Stage::Session,
    severity: Severity::Blocks,
    title: "The server denies the connection, and does not say more",
    prior: -6,
    explains: &[],
    page: include_str!("server-denied.md"),
    detect: after_the_handshake,
    remedies,
};

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![remedies::read_session_events(), read_logon_settings(), remedies::connect_as_administrator()]
}

fn read_logon_settings() -> Remedy {
    Remedy {
        title: "Read whether new logons are allowed at all: drain mode, disabled logons, the number of sessions".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec!["change logon /query".into(), r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server' | Select-Object TSServerDrainMode, fDenyTSConnections".into(), r"Get-ItemProperty 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon' WinStationsDisabled".into()],
        cmd: vec!["change logon /query".into(), r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server" /v TSServerDrainMode"#.into(), r#"reg query "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon" /v WinStationsDisabled"#.into()],
        undo: "nothing is changed".into(),
    }
}
