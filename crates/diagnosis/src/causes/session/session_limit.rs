use super::{after_the_handshake, remedies};
use crate::evidence::Evidence;
use crate::{Cause, Place, Remedy, Safety, Severity, Stage};

/// A host that takes no further session.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "session-limit",
    stage: Stage::Session,
    severity: Severity::Blocks,
    title: "The server has as many sessions as it takes",
    prior: -3,
    explains: &["server-denied"],
    page: include_str!("session-limit.md"),
    detect: after_the_handshake,
    remedies,
};

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![remedies::list_sessions(), remedies::read_session_events(), end_a_session(), read_limits()]
}

fn end_a_session() -> Remedy {
    Remedy {
        title: "End a session that nobody needs any more, by its number".into(),
        place: Place::Server,
        safety: Safety::Disruptive,
        interrupts: "what runs in that session is lost".into(),
        commands: vec!["logoff 3".into()],
        cmd: Vec::new(),
        undo: "what was not saved in that session is gone".into(),
    }
}

fn read_limits() -> Remedy {
    Remedy {
        title: "Read how many sessions are allowed; where a policy sets a limit, the policy wins".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' MaxInstanceCount".into(), r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server' fSingleSessionPerUser".into(), r"Get-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services' -ErrorAction SilentlyContinue | Select-Object MaxInstanceCount, fSingleSessionPerUser".into()],
        cmd: vec![r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v MaxInstanceCount"#.into(), r#"reg query "HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services" /v MaxInstanceCount"#.into()],
        undo: "nothing is changed".into(),
    }
}
