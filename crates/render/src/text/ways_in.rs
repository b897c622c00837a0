use rdpdoctor_diagnosis::report::{Report, WayIn, WayInState};

use unicode_width::UnicodeWidthStr;

use crate::Style;
use crate::canvas::{Canvas, Piece, inline};
use crate::style::Paint;
use crate::words;

const INDENT: usize = 2;
/// As wide as the longest name.
const NAME_COLUMNS: usize = 14;

/// One line a way, which can be copied; those that were asked for and are not there stand together at the end.
pub(super) fn all(canvas: &mut Canvas<'_>, report: &Report, style: &Style) {
    if report.ways_in.is_empty() {
        return;
    }
    canvas.heading("Another way in");
    let (gone, there): (Vec<&WayIn>, Vec<&WayIn>) =
        report.ways_in.iter().partition(|way| way.state == WayInState::Closed);
    for way in there {
        one(canvas, way, style.columns());
    }
    if !gone.is_empty() {
        let names: Vec<&str> = gone.iter().map(|way| way.title.as_str()).collect();
        canvas.flow(2, &[], &[Piece::new(format!("no answer: {}", names.join(", ")), Paint::Faint)]);
    }
    if report.evidence.services.is_empty() {
        canvas.flow(2, &[], &inline(words::ASK_WAYS_IN));
    }
}

fn one(canvas: &mut Canvas<'_>, way: &WayIn, columns: usize) {
    let name = format!("{:<NAME_COLUMNS$} ", way.title);
    let room = columns.saturating_sub(INDENT + name.width());
    let start = [Piece::plain(name)];
    if way.command.is_empty() {
        return canvas.flow(INDENT, &start, &[Piece::plain(&way.needs)]);
    }
    if way.command.width() > room {
        canvas.flow(INDENT, &[], &[Piece::plain(&way.title), mark(way.state)]);
        return canvas.verbatim(INDENT + 3, &way.command);
    }
    let command = |line: &String| Piece::new(line, Paint::Command).unbroken();
    let mut body = vec![command(&way.command)];
    for line in &way.then {
        body.extend([Piece::plain(", then "), command(line)]);
    }
    body.push(mark(way.state));
    canvas.flow(INDENT, &start, &body);
}

fn mark(state: WayInState) -> Piece {
    match state {
        WayInState::Open => Piece::new(" (answers)", Paint::Good),
        WayInState::Unclear => Piece::new(" (something else is there)", Paint::Caution),
        WayInState::NotAsked | WayInState::Closed => Piece::plain(""),
    }
}
