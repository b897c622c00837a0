//! That a renewal is not left half done.

use std::time::Duration;

use rdpdoctor_repair::Subject;
use rdpdoctor_repair::journal::Journal;
use rdpdoctor_repair::plan::Plan;
use rdpdoctor_repair::step::Step;
use rdpdoctor_repair::undo::undo;
use rdpdoctor_repair::verify::{certificate_made, makes_certificate};

use super::Failure;
use crate::output::complain;

/// Windows was seen to make a certificate within seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for the certificate that Windows is to make, and takes everything back where it makes none: an old one is better
/// than none. False where it was taken back.
pub(super) fn stands(
    plan: &Plan,
    subject: &dyn Subject,
    before: &[String],
    journal: &mut Journal,
    tell: &mut dyn FnMut(&Step),
) -> Result<bool, Failure> {
    if !makes_certificate(plan) || certificate_made(subject, before, PATIENCE).is_some() {
        return Ok(true);
    }
    complain("Windows has made no new certificate within half a minute: all of it is taken back");
    undo(journal, subject, false, tell)?;
    complain(
        "why it makes none say events 1057 and 1058 of TerminalServices-RemoteConnectionManager in the System log",
    );
    Ok(false)
}
