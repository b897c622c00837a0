use super::{after_the_handshake, remedies};
use crate::evidence::Evidence;
use crate::{Cause, Place, Remedy, Safety, Severity, Stage};

/// A broker that finds no host for the session.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "broker-target-unavailable",
    stage: Stage::Session,
    severity: Severity::Blocks,
    title: "The connection broker has no host to send the client to",
    prior: -6,
    explains: &[],
    page: include_str!("broker-target-unavailable.md"),
    detect: after_the_handshake,
    remedies,
};

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![remedies::read_broker_events(), see_hosts(), allow()]
}

fn see_hosts() -> Remedy {
    Remedy {
        title: "See which session hosts of the collection take new connections, and which run at all".into(),
        place: Place::Broker,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![
            "Get-RDSessionHost -CollectionName COLLECTION | Format-Table SessionHost, NewConnectionAllowed".into(),
            "Get-RDUserSession | Group-Object HostServer | Format-Table Name, Count".into(),
        ],
        cmd: Vec::new(),
        undo: "nothing is changed".into(),
    }
}

fn allow() -> Remedy {
    Remedy {
        title: "Start the hosts that are down, and let one that is drained take new connections again".into(),
        place: Place::Broker,
        safety: Safety::Manual,
        interrupts: "nothing that runs".into(),
        commands: vec!["Set-RDSessionHost -SessionHost SESSIONHOST -NewConnectionAllowed Yes".into()],
        cmd: Vec::new(),
        undo: "Set-RDSessionHost -SessionHost SESSIONHOST -NewConnectionAllowed No".into(),
    }
}
