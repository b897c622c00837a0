use super::{after_the_handshake, remedies};
use crate::evidence::Evidence;
use crate::{Cause, Place, Remedy, Safety, Severity, Stage};

/// A display, input or security driver that brings the session down.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "session-driver-crash",
    stage: Stage::Session,
    severity: Severity::Blocks,
    title: "A driver or a system process of the session fails as it begins",
    prior: -6,
    explains: &[],
    page: include_str!("session-driver-crash.md"),
    detect: after_the_handshake,
    remedies,
};

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![remedies::read_session_events(), list_displays(), without_driver()]
}

fn list_displays() -> Remedy {
    Remedy {
        title: "Look for display adapters that a remote-control or virtual-monitor program has installed, and for crashes of dwm.exe, winlogon.exe or csrss.exe".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec!["Get-PnpDevice -Class Display, Monitor | Format-Table Status, FriendlyName, InstanceId -AutoSize".into(), "Get-WinEvent -FilterHashtable @{LogName='Application'; ProviderName='Application Error'; Id=1000} -MaxEvents 20 | Format-List TimeCreated, Message".into()],
        cmd: vec!["pnputil /enum-devices /class Display".into(), r#"wevtutil qe Application /q:"*[System[Provider[@Name='Application Error'] and EventID=1000]]" /c:20 /rd:true /f:text"#.into()],
        undo: "nothing is changed".into(),
    }
}

fn without_driver() -> Remedy {
    Remedy {
        title: "Disable the added adapter, connect again, and then update or remove the program that brought it".into(),
        place: Place::Server,
        safety: Safety::Manual,
        interrupts: "screens that this adapter serves go dark; the program that brought it may stop".into(),
        commands: vec!["Disable-PnpDevice -InstanceId 'INSTANCE' -Confirm:$false".into()],
        cmd: vec![r#"pnputil /disable-device "INSTANCE""#.into()],
        undo: "Enable-PnpDevice -InstanceId 'INSTANCE' -Confirm:$false, or pnputil /enable-device".into(),
    }
}
