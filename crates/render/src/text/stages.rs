use std::collections::BTreeSet;
use std::net::SocketAddr;

use rdpdoctor_diagnosis::report::{Outcome, ProtocolState, Report, StageRow};
use unicode_width::UnicodeWidthStr;

use super::words;
use crate::Style;
use crate::canvas::{Canvas, Piece};
use crate::style::Paint;

/// Below so many columns a step takes a line for itself and others for what was seen.
const ROOMY: usize = 60;

/// One line a step, the failing one marked; addresses only where there are several.
pub(super) fn check_list(canvas: &mut Canvas<'_>, report: &Report, style: &Style) {
    let addresses: BTreeSet<SocketAddr> = report.stages.iter().filter_map(|row| row.address).collect();
    for row in &report.stages {
        step(canvas, row, addresses.len() > 1, style);
    }
}

fn step(canvas: &mut Canvas<'_>, row: &StageRow, several: bool, style: &Style) {
    let (mark, paint) = mark(row.outcome, style.has_unicode());
    let took = row.duration_ms.map(words::duration).unwrap_or_default();
    let start = Piece::new(mark, paint);
    let paint = if row.outcome == Outcome::Failed { Paint::Bad } else { Paint::Plain };
    let summary = [Piece::plain(address(row, several)), Piece::new(&row.summary, paint)];
    if style.columns() < ROOMY {
        let took = Piece::new(took, Paint::Faint);
        canvas.flow(0, &[start, Piece::plain(" ")], &[Piece::plain(format!("{} ", row.stage)), took]);
        return canvas.flow(mark.width() + 1, &[], &summary);
    }
    let stage = Piece::plain(format!(" {:<12}", row.stage.to_string()));
    canvas.flow(0, &[start, stage, Piece::new(format!("{took:>8}  "), Paint::Faint)], &summary);
}

/// Only where there are several, and the summary does not name it.
fn address(row: &StageRow, several: bool) -> String {
    let address = row.address.filter(|_| several).map(|address| address.ip().to_string());
    let address = address.filter(|address| !row.summary.contains(address.as_str()));
    address.map_or(String::new(), |address| format!("{address}: "))
}

fn mark(outcome: Outcome, unicode: bool) -> (&'static str, Paint) {
    match (outcome, unicode) {
        (Outcome::Passed, true) => (" ✓", Paint::Good),
        (Outcome::Passed, false) => ("[ok]  ", Paint::Good),
        (Outcome::Warned, true) => (" !", Paint::Caution),
        (Outcome::Warned, false) => ("[!!]  ", Paint::Caution),
        (Outcome::Failed, true) => (" ✗", Paint::Bad),
        (Outcome::Failed, false) => ("[FAIL]", Paint::Bad),
        (Outcome::Skipped, true) => (" ·", Paint::Faint),
        (Outcome::Skipped, false) => ("[--]  ", Paint::Faint),
    }
}

/// What the server was seen to take; nothing where nobody was asked. What was not measured stands together at the end.
pub(super) fn protocols(canvas: &mut Canvas<'_>, report: &Report) {
    let rows = report.protocols.rows();
    let (unmeasured, measured): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|(_, state)| *state == ProtocolState::NotMeasured);
    if measured.is_empty() {
        return;
    }
    let mut items: Vec<String> =
        measured.iter().map(|(name, state)| format!("{name}\u{a0}{}", words::protocol_state(*state))).collect();
    if !unmeasured.is_empty() {
        let names: Vec<&str> = unmeasured.iter().map(|(name, _)| *name).collect();
        items.push(format!("{} not\u{a0}measured", names.join(", ")));
    }
    canvas.blank();
    canvas.flow(0, &[Piece::plain("Security:  ")], &[Piece::plain(items.join("\u{a0}· "))]);
}
