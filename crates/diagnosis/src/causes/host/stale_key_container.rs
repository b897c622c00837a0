use super::remedies::{MAKE_ANEW, READ_CERTIFICATE_EVENTS, READ_KEY};
use super::signs::unless_key_works;
use crate::causes::step::remedies;
use crate::{Cause, Severity, Stage};

/// Windows can neither open nor replace the container `TSSecKeySet1` that is there.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "stale-key-container",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "An old key container is in the way of the new Remote Desktop certificate",
    prior: -6,
    explains: &["certificate-not-renewed", "handshake-reset", "private-key-unusable"],
    page: include_str!("stale-key-container.md"),
    detect: unless_key_works,
    remedies: |_| remedies(&[&READ_CERTIFICATE_EVENTS, &READ_KEY, &MAKE_ANEW]),
};
