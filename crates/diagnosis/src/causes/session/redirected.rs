use super::{after_the_handshake, remedies};
use crate::evidence::Evidence;
use crate::{Cause, Place, Remedy, Safety, Severity, Stage};

/// A farm that sends the client on to another host.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "redirected",
    stage: Stage::Session,
    severity: Severity::Informs,
    title: "The connection is sent on to another host",
    prior: -3,
    explains: &[],
    page: include_str!("redirected.md"),
    detect: after_the_handshake,
    remedies,
};

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![follow(), remedies::read_broker_events()]
}

fn follow() -> Remedy {
    Remedy {
        title: "Diagnose the host that the client is sent to as well: the fault may be there".into(),
        place: Place::Client,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec!["rdpdoctor diagnose SESSIONHOST".into()],
        cmd: Vec::new(),
        undo: "nothing is changed".into(),
    }
}
