use super::{by_server, may_be_server, remedies};
use crate::causes::host::signs::setting_of;
use crate::causes::logged::{MANAGER, lately};
use crate::evidence::snapshot::{InForce, RegistryValue};
use crate::evidence::{Evidence, Snapshot};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// A session host that an administrator closed for new sessions.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "drain-mode",
    stage: Stage::Session,
    severity: Severity::Blocks,
    title: "The session host takes no new sessions: it is in drain mode",
    prior: -6,
    explains: &["server-denied"],
    page: include_str!("drain-mode.md"),
    detect: |evidence| by_server(evidence, look),
    remedies,
};

fn look(host: &Snapshot) -> Detection {
    let (drain, drain_fact) = setting_of(host, "drain-mode");
    let (disabled, disabled_fact) = setting_of(host, "winstations-disabled");
    let (drained, closed) = (number(drain), number(disabled));
    let found = match (drained, closed) {
        _ if !may_be_server(host) => return Detection::RuledOut,
        (_, Some(1)) => Some(("WinStationsDisabled is 1: the server takes no logons", disabled_fact)),
        (Some(1 | 2), _) => Some(("TSServerDrainMode is on: the server takes no new sessions", drain_fact)),
        _ => None,
    };
    let refused = lately(host, MANAGER, &[1070, 1071], 24).pop();
    let said = refused.map(|last| {
        let what = if last.event.id == 1070 {
            "a logon was denied in drain mode"
        } else {
            "the server accepted no connections"
        };
        (format!("event {} at {}: {what}", last.event.id, last.when()), last.fact)
    });
    match (found, said) {
        (Some((text, fact)), Some((event, at))) => {
            Detection::Confirmed(Proof::of(text, [fact], 30).and(event, [at], 3))
        }
        (Some((text, fact)), None) => Detection::Confirmed(Proof::of(text, [fact], 30)),
        (None, _) if drained == Some(0) && closed == Some(0) => Detection::RuledOut,
        (None, Some((event, at))) => {
            let missing = "whether it is so still: change logon /query on the server";
            Detection::Likely(Proof::of(event, [at], 18).missing(missing))
        }
        (None, None) => Detection::Unknown(Vec::new()),
    }
}

/// Winlogon keeps its number as a text.
fn number(setting: InForce<'_>) -> Option<u64> {
    setting.number().or_else(|| setting.seen.value().and_then(RegistryValue::text)?.trim().parse().ok())
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![query(), remedies::connect_as_administrator(), enable()]
}

fn query() -> Remedy {
    Remedy {
        title: "Ask the session host whether it takes new logons".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec!["change logon /query".into()],
        cmd: Vec::new(),
        undo: "nothing is changed".into(),
    }
}

fn enable() -> Remedy {
    Remedy {
        title: "Let it take new logons again, once whoever is maintaining it agrees".into(),
        place: Place::Server,
        safety: Safety::Manual,
        interrupts: "nothing that runs".into(),
        commands: vec!["change logon /enable".into()],
        cmd: Vec::new(),
        undo: "change logon /drain".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Machine;
    use crate::{Verdict, judge};

    fn closed() -> Machine {
        Machine::healthy().text("winstations-disabled", "1")
    }

    fn refused(minutes: i64) -> Machine {
        Machine::healthy().event("System", MANAGER, 1071, minutes, &[])
    }

    #[test]
    fn fires_on_either_switch() {
        for machine in [Machine::healthy().dword("drain-mode", 2), closed(), closed().on_disk()] {
            let diagnosis = judge(&machine.evidence());
            assert_eq!((diagnosis.root().unwrap().cause.id, diagnosis.verdict), ("drain-mode", Verdict::Broken));
        }
    }

    #[test]
    fn an_event_speaks_for_it_where_the_switches_were_not_read() {
        let path = crate::catalogue::setting("drain-mode").unwrap().path;
        assert!(matches!(look(&refused(20).unreadable(path).snapshot()), Detection::Likely(_)));
        assert_eq!(look(&refused(20).snapshot()), Detection::RuledOut);
        assert_eq!(look(&refused(60 * 48).unreadable(path).snapshot()), Detection::Unknown(Vec::new()));
    }

    #[test]
    fn near_miss_a_client_edition_and_a_server_that_takes_sessions() {
        assert_eq!(
            look(&Machine::healthy().build(19045, "Client").dword("drain-mode", 1).snapshot()),
            Detection::RuledOut
        );
        assert_eq!(look(&Machine::healthy().text("winstations-disabled", "0").snapshot()), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_nothing_was_read() {
        assert_eq!(look(&Machine::unread().snapshot()), Detection::Unknown(Vec::new()));
    }
}
