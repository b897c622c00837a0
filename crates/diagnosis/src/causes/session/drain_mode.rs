use super::{after_the_handshake, remedies};
use crate::evidence::Evidence;
use crate::{Cause, Place, Remedy, Safety, Severity, Stage};

/// A session host that an administrator closed for new sessions.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "drain-mode",
    stage: Stage::Session,
    severity: Severity::Blocks,
    title: "The session host takes no new sessions: it is in drain mode",
    prior: -6,
    explains: &["server-denied"],
    page: include_str!("drain-mode.md"),
    detect: after_the_handshake,
    remedies,
};

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
