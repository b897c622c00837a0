use super::on_the_client;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// A known fault of one release of a client.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "client-defect",
    stage: Stage::Client,
    severity: Severity::Blocks,
    title: "A known fault of this release of the client",
    prior: -3,
    explains: &[],
    page: include_str!("client-defect.md"),
    detect: on_the_client,
    remedies: |_| remedies(&[&OTHER, &UPDATE]),
};

const OTHER: Step = Step {
    title: "Connect from the same machine with another client, or with another release of this one: where that works, the client is at fault",
    place: Place::Client,
    commands: &["mstsc /v:HOST", "xfreerdp /v:HOST /log-level:DEBUG"],
    ..READ
};

const UPDATE: Step = Step {
    title: "Update the client, or go back to the last release that worked; look in its issue tracker for the message",
    place: Place::Client,
    safety: Safety::Manual,
    undo: "install the other release again",
    ..READ
};
