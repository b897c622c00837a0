use rdpdoctor_diagnosis::catalogue::Confidence;
use rdpdoctor_diagnosis::report::{ClientOutcome, ClientRow, Report};

use crate::canvas::{Canvas, Piece};
use crate::style::Paint;

/// Releases of one family from which on "first to last" stands for a row of them.
const LONG: usize = 3;
/// Families whose releases follow each other in time.
const SERIES: [&str; 2] = ["Windows Server ", "Windows "];

/// Who gets through and who does not, in few lines; clients that nobody has observed are left to the JSON.
pub(super) fn groups(canvas: &mut Canvas<'_>, report: &Report) {
    let rows: Vec<&ClientRow> = report.clients.iter().filter(|row| row.confidence != Confidence::Unobserved).collect();
    // Where nothing is known of anybody, the rest of the report says why.
    if rows.iter().all(|row| row.outcome == ClientOutcome::Unknown) {
        return;
    }
    canvas.heading("Clients");
    for group in grouped(&rows) {
        line(canvas, &group, &rows);
    }
}

/// Rows that share outcome and, unless they connect, reason; the best outcome first.
fn grouped<'a>(rows: &[&'a ClientRow]) -> Vec<Vec<&'a ClientRow>> {
    let mut groups: Vec<Vec<&ClientRow>> = Vec::new();
    for row in rows {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| alike(first, row))) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups.sort_by_key(|group| group.first().map(|row| row.outcome));
    groups
}

fn alike(one: &ClientRow, other: &ClientRow) -> bool {
    one.outcome == other.outcome && (one.outcome == ClientOutcome::Connects || one.reason == other.reason)
}

fn line(canvas: &mut Canvas<'_>, group: &[&ClientRow], all: &[&ClientRow]) {
    let Some(first) = group.first() else { return };
    let (word, paint) = match first.outcome {
        ClientOutcome::Connects => ("connect", Paint::Good),
        ClientOutcome::Warns => ("warn", Paint::Caution),
        ClientOutcome::Fails => ("fail", Paint::Bad),
        ClientOutcome::Unknown => ("unknown", Paint::Faint),
    };
    let names = if group.len() == all.len() { "all that are known".to_owned() } else { names(group, all) };
    let reason = if first.outcome == ClientOutcome::Connects { String::new() } else { format!(": {}", first.reason) };
    canvas.flow(2, &[Piece::new(format!("{word:<9}"), paint)], &[Piece::plain(names + &reason)]);
}

/// "Windows 7 SP1 to 11 25H2, FreeRDP 2": runs without a gap are drawn together.
fn names(group: &[&ClientRow], all: &[&ClientRow]) -> String {
    let mut names: Vec<String> = Vec::new();
    for family in ["Windows ", "Windows Server ", ""] {
        let members: Vec<&ClientRow> = all.iter().copied().filter(|row| family_of(row) == family).collect();
        let runs = members.chunk_by(|one, other| is_in(group, one) == is_in(group, other));
        for run in runs.filter(|run| run.first().is_some_and(|row| is_in(group, row))) {
            names.extend(drawn_together(run, family));
        }
    }
    names.join(", ")
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
