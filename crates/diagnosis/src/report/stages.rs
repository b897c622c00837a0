mod machine;
mod presented;

pub(super) use machine::unread;

use std::net::SocketAddr;

use crate::evidence::{Attempt, Ending, Evidence, NegotiateAnswer, Offer, StrangerSeen, SystemAnswer, Unreachable};
use crate::judge::{Diagnosis, Finding};
use crate::report::{Endpoint, Outcome, StageRow};
use crate::{Certainty, Severity, Stage};

/// The check list: one row a stage, and one an address where a stage belongs to one.
pub(super) fn rows(evidence: &Evidence, diagnosis: &Diagnosis) -> Vec<StageRow> {
    let mut rows: Vec<StageRow> = (!machine::only(evidence)).then(|| resolve(evidence)).into_iter().collect();
    let endpoints = evidence.endpoints();
    rows.extend(endpoints.iter().map(|endpoint| connect(evidence, *endpoint)));
    rows.extend(endpoints.iter().filter_map(|endpoint| negotiate(evidence, *endpoint)));
    rows.extend(endpoints.iter().filter_map(|endpoint| tls(evidence, *endpoint)));
    rows.extend(presented::certificate(evidence, diagnosis));
    rows.extend(presented::authenticate(evidence));
    rows.extend(machine::rows(evidence));
    let stopped: Vec<_> = rows.iter().filter(|row| row.outcome == Outcome::Failed).map(|row| row.address).collect();
    for row in &mut rows {
        mark(row, diagnosis, evidence, stopped.contains(&row.address));
    }
    rows
}

/// A stage that went through is marked where the root cause lies in it and no other stage failed, or where something found
/// there degrades the connection.
fn mark(row: &mut StageRow, diagnosis: &Diagnosis, evidence: &Evidence, stopped: bool) {
    let here = |finding: &&Finding| finding.cause.stage == row.stage && concerns(finding, row, evidence);
    let stops = diagnosis.root().filter(here).is_some_and(|root| root.severity == Severity::Blocks);
    let counts = |finding: &Finding| finding.severity == Severity::Degrades && finding.certainty > Certainty::Possible;
    let degrades = diagnosis.findings.iter().filter(here).any(counts);
    match row.outcome {
        Outcome::Passed if stops && !stopped => row.outcome = Outcome::Failed,
        Outcome::Passed if degrades => row.outcome = Outcome::Warned,
        Outcome::Passed if machine::is_open(row, evidence, diagnosis.verdict) => row.outcome = Outcome::Skipped,
        _ => {}
    }
}

/// Whether the finding rests on attempts at the row's address, or on none at all.
fn concerns(finding: &Finding, row: &StageRow, evidence: &Evidence) -> bool {
    let attempt = |fact: &String| -> Option<&Attempt> {
        evidence.attempts.get(fact.strip_prefix("/evidence/attempts/")?.split('/').next()?.parse::<usize>().ok()?)
    };
    let facts = finding.proof.items.iter().flat_map(|item| &item.facts);
    let mut endpoints = facts.filter_map(attempt).map(|attempt| attempt.endpoint).peekable();
    endpoints.peek().is_none() || row.address.is_none_or(|address| endpoints.any(|endpoint| endpoint == address))
}

fn row(stage: Stage, address: Option<SocketAddr>, outcome: Outcome, ms: Option<f64>, summary: String) -> StageRow {
    StageRow { stage, endpoint: Endpoint::Target, address, outcome, duration_ms: ms, summary }
}

fn resolve(evidence: &Evidence) -> StageRow {
    let stage = |outcome, summary| row(Stage::Resolve, None, outcome, evidence.resolution.system_ms, summary);
    if evidence.target.literal().is_some() {
        return stage(Outcome::Skipped, "an address was given".to_owned());
    }
    match evidence.resolution.system.observed() {
        Some(SystemAnswer::Addresses { addresses }) => {
            let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            stage(Outcome::Passed, list.join(", "))
        }
        Some(SystemAnswer::NoSuchName) => stage(Outcome::Failed, name_servers_say(evidence, "no such name")),
        Some(SystemAnswer::Failed { error }) => stage(Outcome::Failed, name_servers_say(evidence, error)),
        None => stage(Outcome::Skipped, "not measured".to_owned()),
    }
}

/// The system's word, and beside it what the name servers say themselves.
fn name_servers_say(evidence: &Evidence, system: &str) -> String {
    let answers = evidence.resolution.name_servers.observed().map_or(&[][..], Vec::as_slice);
    let mut words: Vec<&str> = answers.iter().map(|answer| answer.outcome.word()).collect();
    words.dedup();
    match words.as_slice() {
        [] => system.to_owned(),
        [one] => format!("{system}; the name servers say: {one}"),
        several => format!("{system}; the name servers say different things: {}", several.join(", ")),
    }
}

fn connect(evidence: &Evidence, endpoint: SocketAddr) -> StageRow {
    let stage = |outcome, ms, summary| row(Stage::Connect, Some(endpoint), outcome, ms, summary);
    if let Some(connected) = evidence.attempts_at(endpoint).find_map(|(_, attempt)| attempt.connected.as_ref()) {
        return stage(Outcome::Passed, Some(connected.after_ms), format!("{endpoint} takes TCP connections"));
    }
    match evidence.attempts_at(endpoint).next() {
        Some((_, attempt)) => stage(Outcome::Failed, Some(attempt.ended_ms), unconnected(&attempt.ending, endpoint)),
        None => stage(Outcome::Skipped, None, format!("{endpoint} not tried")),
    }
}

fn unconnected(ending: &Ending, endpoint: SocketAddr) -> String {
    match ending {
        Ending::Refused => format!("{endpoint} refuses"),
        Ending::Silent => format!("{endpoint} does not answer"),
        Ending::Unreachable { report: Unreachable::NoRoute } => format!("this machine has no route to {endpoint}"),
        Ending::Unreachable { report: Unreachable::Prohibited } => format!("{endpoint} prohibited by a firewall"),
        Ending::Unreachable { .. } => format!("{endpoint} reported unreachable"),
        Ending::OurSystem { error } => format!("our own system: {error}"),
        _ => format!("{endpoint} not reached"),
    }
}

fn negotiate(evidence: &Evidence, endpoint: SocketAddr) -> Option<StageRow> {
    let as_client = Offer::mstsc().protocols();
    let asked = |attempt: &&Attempt| attempt.connected.is_some() && attempt.offer.protocols() == as_client;
    let attempts: Vec<&Attempt> = evidence.attempts_at(endpoint).map(|(_, a)| a).filter(asked).collect();
    let attempt = *attempts.iter().find(|attempt| attempt.negotiated.is_some()).or(attempts.first())?;
    let stage = |outcome, ms, summary| Some(row(Stage::Negotiate, Some(endpoint), outcome, ms, summary));
    if let Some(negotiated) = &attempt.negotiated {
        return stage(Outcome::Passed, Some(negotiated.after_ms), selected(&negotiated.answer));
    }
    let waited = attempt.connected.as_ref().map(|connected| attempt.ended_ms - connected.after_ms);
    let outcome = if attempt.ending == Ending::Ours { Outcome::Skipped } else { Outcome::Failed };
    stage(outcome, waited, cut_off(attempt))
}

fn selected(answer: &NegotiateAnswer) -> String {
    match answer {
        NegotiateAnswer::Selected { protocols, .. } => format!("the server chose {protocols}"),
        NegotiateAnswer::NoData => "confirmed without negotiation data: Standard RDP Security".to_owned(),
    }
}

fn tls(evidence: &Evidence, endpoint: SocketAddr) -> Option<StageRow> {
    let attempts: Vec<&Attempt> =
        evidence.attempts_at(endpoint).map(|(_, attempt)| attempt).filter(|attempt| attempt.tls.is_some()).collect();
    let attempt = *attempts.iter().find(|attempt| attempt.completed_tls()).or(attempts.first())?;
    let seen = attempt.tls.as_ref()?;
    let stage = |outcome, ms, summary| Some(row(Stage::Tls, Some(endpoint), outcome, ms, summary));
    match (&seen.completed, &seen.server_hello) {
        (Some(completed), Some(hello)) => {
            stage(Outcome::Passed, Some(completed.after_ms), format!("{}, {}", hello.version, hello.suite))
        }
        (Some(completed), None) => stage(Outcome::Passed, Some(completed.after_ms), "completed".to_owned()),
        (None, Some(hello)) => {
            stage(Outcome::Failed, None, format!("{} after its ServerHello ({})", cut_off(attempt), hello.version))
        }
        (None, None) => stage(Outcome::Failed, None, format!("{} after our ClientHello", cut_off(attempt))),
    }
}

/// How the other side ended it, in one short clause.
fn cut_off(attempt: &Attempt) -> String {
    match &attempt.ending {
        Ending::Fin => "the server closed".to_owned(),
        Ending::Reset => "the connection was reset".to_owned(),
        Ending::Silent => format!("no answer in {:.0} s", attempt.ended_ms / 1000.0),
        Ending::Alert { description, .. } => format!("the server sent the alert {description}"),
        Ending::NegotiationFailure { code } => format!("the server answered {code}"),
        Ending::Disconnect { reason } => format!("the server disconnected ({reason})"),
        Ending::Stranger(StrangerSeen { protocol, .. }) => format!("{protocol} answered"),
        Ending::Malformed { what } => format!("a malformed answer ({what})"),
        Ending::Refused => "refused".to_owned(),
        Ending::Unreachable { .. } => "reported unreachable".to_owned(),
        Ending::OurSystem { error } => format!("our own system: {error}"),
        Ending::Ours => "not carried on".to_owned(),
    }
}
