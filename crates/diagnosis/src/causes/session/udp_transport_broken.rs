use super::after_the_handshake;
use crate::evidence::Evidence;
use crate::{Cause, Place, Remedy, Safety, Severity, Stage};

/// The second transport, over UDP, that does not come up or dies.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "udp-transport-broken",
    stage: Stage::Session,
    severity: Severity::Informs,
    title: "The UDP transport does not work; the session runs over TCP",
    prior: -3,
    explains: &[],
    page: include_str!("udp-transport-broken.md"),
    detect: after_the_handshake,
    remedies,
};

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![read_udp_events(), without_udp()]
}

fn read_udp_events() -> Remedy {
    Remedy {
        title: "Read how the UDP transport went, on both sides".into(),
        place: Place::Client,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec!["Get-WinEvent -LogName 'Microsoft-Windows-TerminalServices-RDPClient/Operational' -MaxEvents 30 | Format-List TimeCreated, Id, Message".into()],
        cmd: vec!["wevtutil qe Microsoft-Windows-TerminalServices-RDPClient/Operational /c:30 /rd:true /f:text".into()],
        undo: "nothing is changed".into(),
    }
}

fn without_udp() -> Remedy {
    Remedy {
        title: "Where sessions freeze or drop after about a minute: have the client use TCP alone, to see whether UDP is to blame".into(),
        place: Place::Client,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![r"Set-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services\Client' fClientDisableUDP 1 -Type DWord".into()],
        cmd: vec![r#"reg add "HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services\Client" /v fClientDisableUDP /t REG_DWORD /d 1 /f"#.into()],
        undo: "set fClientDisableUDP back to what it was before, or delete it where it was absent".into(),
    }
}
