use super::remedies::{MAKE_ANEW, READ_CERTIFICATE_EVENTS, READ_KEY};
use super::signs::unless_key_works;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Safety, Severity, Stage};

/// Cloned or restored without being generalised: the key file is protected by another identity.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "cloned-machine-keys",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "The machine is a copy, and its Remote Desktop key belongs to the original",
    prior: -6,
    explains: &["certificate-shared", "handshake-reset", "private-key-unusable"],
    page: include_str!("cloned-machine-keys.md"),
    detect: unless_key_works,
    remedies: |_| remedies(&[&READ_CERTIFICATE_EVENTS, &READ_KEY, &MAKE_ANEW, &GENERALISE]),
};

const GENERALISE: Step = Step {
    title: "For the next copies: generalise the image before it is copied",
    safety: Safety::Manual,
    interrupts: "the machine on which it runs shuts down and loses its name, its domain and its keys: run it on the master image only",
    commands: &[r"C:\Windows\System32\Sysprep\sysprep.exe /generalize /oobe /shutdown"],
    undo: "it cannot be undone: keep a copy of the disk",
    ..READ
};
