use super::remedies::{MAKE_ANEW, READ_CERTIFICATE_EVENTS, READ_KEY};
use super::signs::unless_key_works;
use crate::causes::step::remedies;
use crate::{Cause, Severity, Stage};

/// The certificate is in the store, and the file of its key is not.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "machine-keys-missing",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "The private key of the Remote Desktop certificate is gone",
    prior: -6,
    explains: &["handshake-reset", "private-key-unusable"],
    page: include_str!("machine-keys-missing.md"),
    detect: unless_key_works,
    remedies: |_| remedies(&[&READ_CERTIFICATE_EVENTS, &READ_KEY, &MAKE_ANEW]),
};
