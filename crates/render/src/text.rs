//! Text for people, on anything down to a serial console of 80 columns.
//!
//! Verdict first; then the connection step by step, the proof, what to do, who gets through, what is missing, what else
//! was found.

mod clients;
mod findings;
mod remarks;
mod remedies;
mod reported;
mod stages;
mod ways_in;

use rdpdoctor_diagnosis::Verdict;
use rdpdoctor_diagnosis::report::Report;
use rdpdoctor_protocol::text::safe_text;
use unicode_width::UnicodeWidthStr;

use crate::Style;
use crate::canvas::{Canvas, Piece};
use crate::style::Paint;
use crate::{identity, words};

/// One report, its last line break included.
pub fn report(report: &Report, style: &Style) -> String {
    let mut canvas = Canvas::new(style);
    verdict(&mut canvas, report);
    canvas.blank();
    stages::check_list(&mut canvas, report, style);
    stages::protocols(&mut canvas, report);
    identity(&mut canvas, report);
    reported::codes(&mut canvas, report);
    clients::asked(&mut canvas, report);
    if let Some(root) = report.root() {
        findings::proof(&mut canvas, root);
        remedies::all(&mut canvas, &root.remedies);
        remedies::avoid(&mut canvas, &report.avoid);
    }
    remarks::all(&mut canvas, report);
    ways_in::all(&mut canvas, report, style);
    clients::groups(&mut canvas, report);
    clients::deviation(&mut canvas, report);
    findings::missing(&mut canvas, report);
    findings::others(&mut canvas, report);
    footer(&mut canvas, report, style);
    canvas.finish()
}

/// Several reports as one table: target, verdict, root cause.
pub fn summary(reports: &[Report], style: &Style) -> String {
    let mut canvas = Canvas::new(style);
    let names: Vec<String> = reports.iter().map(|report| safe_text(words::target(report), 60)).collect();
    let widest = names.iter().map(|name| name.width()).max().unwrap_or_default().min(style.columns() / 2);
    for (report, name) in reports.iter().zip(&names) {
        let gap = " ".repeat(widest.saturating_sub(name.width()) + 2);
        let word = format!("{:<14}", words::verdict(report.verdict));
        let start = [Piece::plain(format!("{name}{gap}")), Piece::new(word, verdict_paint(report.verdict))];
        let cause = report.root().map_or("-".to_owned(), words::finding);
        canvas.flow(0, &start, &[Piece::plain(cause)]);
    }
    canvas.finish()
}

pub(crate) fn verdict_word(verdict: Verdict) -> &'static str {
    words::verdict(verdict)
}

fn verdict(canvas: &mut Canvas<'_>, report: &Report) {
    let paint = verdict_paint(report.verdict);
    let word = words::verdict(report.verdict).to_uppercase();
    let address = words::address(report).map_or(String::new(), |address| format!(" ({address})"));
    let found = words::found(report);
    let body = [
        Piece::new(words::target(report), Paint::Heading),
        Piece::plain(address),
        Piece::plain(format!(" \u{a0}{found}")),
    ];
    canvas.flow(0, &[Piece::new(word, paint), Piece::plain("  ")], &body);
    canvas.flow(0, &[], &[Piece::new(words::sentence(report), Paint::Heading)]);
}

fn verdict_paint(verdict: Verdict) -> Paint {
    match verdict {
        Verdict::Healthy => Paint::Good,
        Verdict::Warning | Verdict::Inconclusive => Paint::Caution,
        Verdict::Broken | Verdict::Unreachable => Paint::Bad,
    }
}

fn identity(canvas: &mut Canvas<'_>, report: &Report) {
    let lines = identity::lines(report);
    if !lines.is_empty() {
        canvas.blank();
    }
    for (name, text) in lines {
        canvas.flow(0, &[Piece::plain(format!("{:<14}", format!("{name}:")))], &[Piece::plain(text)]);
    }
}

fn footer(canvas: &mut Canvas<'_>, report: &Report, style: &Style) {
    canvas.blank();
    let effort = words::effort(report);
    let when = words::time(report.evidence.started, style.local());
    canvas.flow(0, &[], &[Piece::new(format!("{effort}, {when}"), Paint::Faint)]);
}
