use super::{by_server, remedies};
use crate::causes::host::signs::setting_of;
use crate::evidence::{Evidence, Snapshot};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// A server that refuses and gives no other reason.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "server-denied",
    stage: Stage::Session,
    severity: Severity::Blocks,
    title: "The server denies the connection, and does not say more",
    prior: -6,
    explains: &[],
    page: include_str!("server-denied.md"),
    detect: |evidence| by_server(evidence, look),
    remedies,
};

/// The one reason of the listener's own that no other cause is about.
fn look(host: &Snapshot) -> Detection {
    let (disabled, fact) = setting_of(host, "logon-disabled");
    match disabled.number() {
        Some(1) => {
            let text = "fLogonDisabled of the listener is 1: sessions are refused after the connection";
            Detection::Likely(Proof::of(text, [fact], 25))
        }
        _ => Detection::Unknown(Vec::new()),
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Machine;
    use crate::{Certainty, judge};

    #[test]
    fn fires_where_the_listener_takes_no_logons() {
        let diagnosis = judge(&Machine::healthy().dword("logon-disabled", 1).evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("server-denied", Certainty::Likely));
    }

    #[test]
    fn unknown_where_it_does_or_nobody_read_it() {
        for machine in [Machine::healthy().dword("logon-disabled", 0), Machine::unread()] {
            assert_eq!(look(&machine.snapshot()), Detection::Unknown(Vec::new()));
        }
    }
}
