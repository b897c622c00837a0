use super::remedies::READ_FAILURES;
use super::signs::unmeasured;
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// Logon by card fails on the card, on the client's services or on the certificate.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "smart-card-unusable",
    stage: Stage::Authenticate,
    severity: Severity::Blocks,
    title: "The smart card, its reader or its certificate cannot be used",
    prior: -10,
    explains: &["logon-refused"],
    page: include_str!("smart-card-unusable.md"),
    detect: unmeasured,
    remedies: |_| remedies(&[&READ_CARD, &READ_FAILURES, &START, &CHECK_CONTROLLER]),
};

const READ_CARD: Step = Step {
    title: "On the client: see whether reader, card and certificates are found, and until when they are valid; it may ask for the PIN, and wrong ones block the card",
    place: Place::Client,
    commands: &["certutil -scinfo", "Get-Service SCardSvr, CertPropSvc, ScDeviceEnum"],
    cmd: &["certutil -scinfo", "sc query SCardSvr", "sc query CertPropSvc"],
    ..READ
};

const START: Step = Step {
    title: "On the client: start the smart card services, and put the card in again",
    place: Place::Client,
    safety: Safety::Manual,
    interrupts: "nothing",
    commands: &["Start-Service SCardSvr", "Start-Service CertPropSvc"],
    cmd: &["net start SCardSvr", "net start CertPropSvc"],
    undo: "stop the services that were started",
};

const CHECK_CONTROLLER: Step = Step {
    title: "If every card fails: see whether each domain controller has a valid certificate for Kerberos, and whether the authority of the cards stands in NTAuth; a blocked card is unblocked by whoever issued it",
    place: Place::DomainController,
    commands: &["certutil -dcinfo verify", "certutil -enterprise -store NTAuth"],
    ..READ
};
