//! What differs between two reports, for people, tickets and programs.

mod markdown;
mod text;

pub use markdown::markdown;
pub use text::text;

use rdpdoctor_diagnosis::report::diff::{Change, Comparison, Difference, Effect, Side, Subject};
use serde_json::Error;

/// JSON for programs (`schemas/difference.json`), with a line break at the end.
pub fn json(difference: &Difference) -> Result<String, Error> {
    crate::json::object(difference)
}

fn sentence(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Same => "nothing that matters differs",
        Comparison::Better => "the second is better",
        Comparison::Worse => "the second is worse",
        Comparison::Different => "the second is another, neither better nor worse",
    }
}

fn heading(effect: Effect) -> &'static str {
    match effect {
        Effect::Worse => "Worse",
        Effect::Better => "Better",
        Effect::Differs => "Different",
        Effect::Informs => "Good to know",
    }
}

fn subject(subject: Subject) -> &'static str {
    match subject {
        Subject::Verdict => "verdict",
        Subject::RootCause => "root cause",
        Subject::Finding => "finding",
        Subject::Stage => "stage",
        Subject::Client => "client",
        Subject::Protocol => "protocol",
        Subject::Tls => "TLS",
        Subject::Certificate => "certificate",
        Subject::Server => "server",
        Subject::Target => "target",
    }
}

/// `certificate, valid until`.
fn name(change: &Change) -> String {
    let subject = subject(change.subject);
    if change.item.is_empty() { subject.to_owned() } else { format!("{subject} {}", change.item) }
}

fn side(side: &Side) -> String {
    let root = side.root_cause.as_ref().map_or(String::new(), |root| format!(", {root}"));
    format!("{}, {}: {}{root}", side.target, side.started.strftime("%Y-%m-%d %H:%M UTC"), verdict(side))
}

fn verdict(side: &Side) -> &'static str {
    crate::text::verdict_word(side.verdict)
}

const NOTHING: &str = "-";

fn value(value: Option<&String>) -> &str {
    value.map_or(NOTHING, String::as_str)
}

/// The changes in groups of one effect, which is how they are sorted.
fn groups(difference: &Difference) -> impl Iterator<Item = (&'static str, Effect, &[Change])> {
    let groups = difference.changes.chunk_by(|one, next| one.effect == next.effect);
    groups.filter_map(|group| group.first().map(|first| (heading(first.effect), first.effect, group)))
}
