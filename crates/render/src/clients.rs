//! Clients in groups that meet the same.

use rdpdoctor_diagnosis::Stage;
use rdpdoctor_diagnosis::catalogue::{ClientSetting, Confidence};
use rdpdoctor_diagnosis::report::{ClientOutcome, ClientRow, Report};

/// Releases of one family from which on "first to last" stands for a row of them.
const LONG: usize = 3;
/// Families whose releases follow each other in time.
const SERIES: [&str; 2] = ["Windows Server ", "Windows "];

/// Clients with one outcome for one reason.
pub(crate) struct Group<'a> {
    pub(crate) outcome: ClientOutcome,
    /// "Windows 7 SP1 to 11 25H2", "FreeRDP 2": releases without a gap are drawn together.
    pub(crate) names: Vec<String>,
    /// Where they fail or warn.
    pub(crate) stage: Option<Stage>,
    /// Empty where they connect.
    pub(crate) reason: &'a str,
    pub(crate) rows: Vec<&'a ClientRow>,
}

impl<'a> Group<'a> {
    /// What would let clients of this group in, the first setting of each; more is in the answer for one client.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&'a str, &'a ClientSetting)> {
        let fails = self.outcome == ClientOutcome::Fails;
        let rows = self.rows.iter().filter(move |row| fails && row.confidence != Confidence::Unobserved);
        // The first is the client's own; others are for programs built on it.
        rows.filter_map(|row| Some((row.title.as_str(), row.settings.first()?)))
    }
}

/// The clients that somebody has observed; none where nothing is known of anybody, as the rest of the report says why.
pub(crate) fn known(report: &Report) -> Vec<&ClientRow> {
    let rows: Vec<&ClientRow> = report.clients.iter().filter(|row| !is_unobserved(row)).collect();
    if rows.iter().all(|row| row.outcome == ClientOutcome::Unknown) { Vec::new() } else { rows }
}

/// Nothing can be said of a client that nobody has observed, unless the negotiation alone decides.
fn is_unobserved(row: &ClientRow) -> bool {
    row.confidence == Confidence::Unobserved && row.outcome == ClientOutcome::Unknown
}

/// Rows that share outcome and, unless they connect, reason; the best outcome first.
pub(crate) fn groups<'a>(rows: &[&'a ClientRow]) -> Vec<Group<'a>> {
    let mut groups: Vec<Vec<&ClientRow>> = Vec::new();
    for row in rows {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| alike(first, row))) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups.sort_by_key(|group| group.first().map(|row| row.outcome));
    groups.into_iter().filter_map(|group| describe(&group, rows)).collect()
}

fn alike(one: &ClientRow, other: &ClientRow) -> bool {
    one.outcome == other.outcome && (one.outcome == ClientOutcome::Connects || one.reason == other.reason)
}

fn describe<'a>(group: &[&'a ClientRow], all: &[&ClientRow]) -> Option<Group<'a>> {
    let first = group.first()?;
    let names = if group.len() == all.len() { vec!["all that are known".to_owned()] } else { names(group, all) };
    let reason = if first.outcome == ClientOutcome::Connects { "" } else { first.reason.as_str() };
    Some(Group { outcome: first.outcome, names, stage: first.stage, reason, rows: group.to_vec() })
}

fn names(group: &[&ClientRow], all: &[&ClientRow]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for family in ["Windows ", "Windows Server ", ""] {
        let members: Vec<&ClientRow> = all.iter().copied().filter(|row| family_of(row) == family).collect();
        let runs = members.chunk_by(|one, other| is_in(group, one) == is_in(group, other));
        for run in runs.filter(|run| run.first().is_some_and(|row| is_in(group, row))) {
            names.extend(drawn_together(run, family));
        }
    }
    names
}

fn family_of(row: &ClientRow) -> &'static str {
    SERIES.into_iter().find(|family| row.title.starts_with(family)).filter(|_| is_release(row)).unwrap_or("")
}

/// "Windows App for macOS" is no release of Windows.
fn is_release(row: &ClientRow) -> bool {
    row.client.starts_with("windows-")
}

fn is_in(group: &[&ClientRow], row: &ClientRow) -> bool {
    group.iter().any(|member| member.client == row.client)
}

fn drawn_together(run: &[&ClientRow], family: &str) -> Vec<String> {
    match run {
        [first, .., last] if run.len() >= LONG && !family.is_empty() => {
            let last = last.title.strip_prefix(family).unwrap_or(&last.title);
            vec![format!("{} to {last}", first.title)]
        }
        _ => run.iter().map(|row| row.title.clone()).collect(),
    }
}
