//! What is better than what.

use super::Effect;
use crate::report::{ClientOutcome, Outcome};
use crate::{Severity, Verdict};

pub(super) fn of_verdicts(before: Verdict, after: Verdict) -> Effect {
    let rank = |verdict| match verdict {
        Verdict::Healthy => Some(0),
        Verdict::Warning => Some(1),
        Verdict::Broken => Some(2),
        Verdict::Unreachable => Some(3),
        Verdict::Inconclusive => None,
    };
    compare(rank(before), rank(after))
}

pub(super) fn of_stages(before: Outcome, after: Outcome) -> Effect {
    let rank = |outcome| match outcome {
        Outcome::Passed => Some(0),
        Outcome::Warned => Some(1),
        Outcome::Failed => Some(2),
        Outcome::Skipped => None,
    };
    informing(compare(rank(before), rank(after)))
}

pub(super) fn of_clients(before: ClientOutcome, after: ClientOutcome) -> Effect {
    let rank = |outcome| match outcome {
        ClientOutcome::Connects => Some(0),
        ClientOutcome::Warns => Some(1),
        ClientOutcome::Fails => Some(2),
        ClientOutcome::Unknown => None,
    };
    informing(compare(rank(before), rank(after)))
}

/// Of findings that came, went or changed: what only informs makes nothing worse.
pub(super) fn of_severities(before: Option<Severity>, after: Option<Severity>) -> Effect {
    let rank = |severity: Option<Severity>| match severity {
        None | Some(Severity::Informs) => Some(0),
        Some(Severity::Degrades) => Some(1),
        Some(Severity::Blocks) => Some(2),
    };
    informing(compare(rank(before), rank(after)))
}

/// Lower is better; where one of them is not known, neither is.
fn compare(before: Option<u8>, after: Option<u8>) -> Effect {
    match (before, after) {
        (Some(before), Some(after)) if after < before => Effect::Better,
        (Some(before), Some(after)) if after > before => Effect::Worse,
        _ => Effect::Differs,
    }
}

fn informing(effect: Effect) -> Effect {
    if effect == Effect::Differs { Effect::Informs } else { effect }
}
