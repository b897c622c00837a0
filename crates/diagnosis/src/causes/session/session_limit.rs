use super::{by_server, remedies};
use crate::causes::logged::{SESSIONS, lately, reason};
use crate::evidence::{Evidence, Snapshot};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// A host that takes no further session.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "session-limit",
    stage: Stage::Session,
    severity: Severity::Blocks,
    title: "The server has as many sessions as it takes",
    prior: -3,
    explains: &["server-denied"],
    page: include_str!("session-limit.md"),
    detect: |evidence| by_server(evidence, look),
    remedies,
};

/// The server's own word that it denied somebody fits a limit, drain mode and other denials.
fn look(host: &Snapshot) -> Detection {
    let mut denied = lately(host, SESSIONS, &[40], 72);
    denied.retain(|logged| reason(logged.event) == Some(7));
    let Some(last) = denied.last() else { return Detection::Unknown(Vec::new()) };
    let text = format!("event 40 with reason 7, last at {}: the server denied a connection", last.when());
    let missing = "how many sessions there were then, and are: qwinsta on the server";
    Detection::Likely(Proof::of(text, [last.fact.clone()], 10).missing(missing).severity(Severity::Degrades))
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Machine;
    use crate::{Certainty, judge};

    fn ended(reason: &str) -> Machine {
        let local = "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational";
        Machine::healthy().event(local, SESSIONS, 40, 20, &[("Session", "4"), ("Reason", reason)])
    }

    #[test]
    fn a_denial_is_possible_and_drain_mode_explains_it() {
        let diagnosis = judge(&ended("7").evidence());
        let found = diagnosis.findings.iter().find(|finding| finding.cause.id == "session-limit").unwrap();
        assert_eq!((found.certainty, found.severity), (Certainty::Possible, Severity::Degrades));
        let drained = judge(&ended("7").dword("drain-mode", 1).evidence());
        assert_eq!(drained.root().unwrap().cause.id, "drain-mode");
    }

    #[test]
    fn near_miss_a_user_who_left() {
        for reason in ["5", "11", "12", ""] {
            assert_eq!(look(&ended(reason).snapshot()), Detection::Unknown(Vec::new()), "{reason}");
        }
    }
}
