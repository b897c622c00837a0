use super::on_the_client;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Severity, Stage};

/// A client pointed at its own machine.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "client-is-server",
    stage: Stage::Client,
    severity: Severity::Blocks,
    title: "The client connects to its own machine",
    prior: -10,
    explains: &[],
    page: include_str!("client-is-server.md"),
    detect: on_the_client,
    remedies: |_| remedies(&[&OTHER]),
};

const OTHER: Step = Step {
    title: "Connect to the machine that is meant; to test the listener of this one, use another machine, or `rdpdoctor diagnose localhost`, which begins no session",
    place: Place::Client,
    commands: &["hostname", "Resolve-DnsName HOST"],
    cmd: &["hostname", "nslookup HOST"],
    ..READ
};
