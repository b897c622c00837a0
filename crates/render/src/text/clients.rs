use rdpdoctor_diagnosis::report::{ClientOutcome, Report};

use crate::canvas::{Canvas, Piece, inline};
use crate::style::Paint;
use crate::{clients, words};

/// Where commands and settings begin.
const INDENT: usize = 5;
/// Where the names of clients begin.
const NAMES: usize = 11;

/// Who gets through and who does not, in few lines; clients that nobody has observed are left to the JSON.
pub(super) fn groups(canvas: &mut Canvas<'_>, report: &Report) {
    let rows = clients::known(report);
    if rows.is_empty() {
        return;
    }
    canvas.heading("Clients");
    for group in clients::groups(&rows) {
        line(canvas, &group);
    }
}

/// What the client that was asked about meets, and what its user can set.
pub(super) fn asked(canvas: &mut Canvas<'_>, report: &Report) {
    let Some(row) = &report.asked_client else { return };
    canvas.heading(&format!("For {}", row.title));
    canvas.flow(2, &[word(row.outcome)], &[Piece::plain(&row.reason)]);
    for setting in &row.settings {
        canvas.verbatim(INDENT, &setting.setting);
        canvas.flow(INDENT, &[], &[Piece::plain(format!("Weakens: {}", setting.weakens))]);
    }
}

/// How the server differs from its defaults.
pub(super) fn deviation(canvas: &mut Canvas<'_>, report: &Report) {
    if report.deviation.is_empty() {
        return;
    }
    canvas.heading("Not as it comes");
    for item in &report.deviation {
        canvas.flow(2, &[Piece::plain("- ")], &inline(&words::deviation(item)));
    }
}

fn line(canvas: &mut Canvas<'_>, group: &clients::Group<'_>) {
    let reason = if group.reason.is_empty() { String::new() } else { format!(": {}", group.reason) };
    canvas.flow(2, &[word(group.outcome)], &[Piece::plain(format!("{}{reason}", group.names.join(", ")))]);
    settings(canvas, group);
}

fn word(outcome: ClientOutcome) -> Piece {
    let (word, paint) = match outcome {
        ClientOutcome::Connects => ("connect", Paint::Good),
        ClientOutcome::Warns => ("warn", Paint::Caution),
        ClientOutcome::Fails => ("fail", Paint::Bad),
        ClientOutcome::Unknown => ("unknown", Paint::Faint),
    };
    Piece::new(format!("{word:<9}"), paint)
}

fn settings(canvas: &mut Canvas<'_>, group: &clients::Group<'_>) {
    for (client, setting) in group.settings() {
        let command = Piece::new(&setting.setting, Paint::Command).unbroken();
        let weakens = Piece::plain(format!(" (weakens: {})", setting.weakens));
        canvas.flow(NAMES, &[], &[Piece::plain(format!("{client}: ")), command, weakens]);
    }
}
