use super::{READ_LOG, unmeasured};
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// The gateway lets the client in, and gets no connection onwards.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "gateway-target-unreachable",
    stage: Stage::Gateway,
    severity: Severity::Blocks,
    title: "The RD Gateway cannot reach the target behind it",
    prior: -3,
    explains: &[],
    page: include_str!("gateway-target-unreachable.md"),
    detect: unmeasured,
    remedies: |_| remedies(&[&READ_LOG, &TRY, &OPEN]),
};

const TRY: Step = Step {
    title: "On the gateway, not on the client: see whether it resolves the target's name and gets through to its port; then diagnose the target from there",
    place: Place::Gateway,
    commands: &["Resolve-DnsName TARGET", "Test-NetConnection TARGET -Port 3389", "rdpdoctor diagnose TARGET"],
    cmd: &["nslookup TARGET", "rdpdoctor diagnose TARGET"],
    ..READ
};

const OPEN: Step = Step {
    title: "Correct what failed: the name in the gateway's DNS, the rule from the gateway to the target's port, or Remote Desktop on the target itself",
    place: Place::Network,
    safety: Safety::Manual,
    interrupts: "nothing that works",
    undo: "set the record or rule back to what it was",
    ..READ
};
