use rdpdoctor_diagnosis::report::{Reading, Report, ReportedCode};

use crate::canvas::{Canvas, Piece, inline};
use crate::style::Paint;

/// The codes that somebody named, each in a few lines; nothing where none was.
pub(super) fn codes(canvas: &mut Canvas<'_>, report: &Report) {
    let heading = match report.reported.len() {
        0 => return,
        1 => "Your code",
        _ => "Your codes",
    };
    canvas.heading(heading);
    // The two halves of a pair mostly have one answer.
    for alike in report.reported.chunk_by(|one, next| one.advice == next.advice) {
        for code in alike {
            one(canvas, code);
        }
        let advice = alike.first().map_or("", |code| &code.advice);
        canvas.flow(2, &[Piece::plain("=> ")], &inline(advice));
    }
}

fn one(canvas: &mut Canvas<'_>, code: &ReportedCode) {
    let meaning = code.readings.first().map_or_else(|| "in none of the tables".to_owned(), meaning);
    canvas.flow(2, &[Piece::new(format!("{}  ", code.text), Paint::Heading)], &inline(&meaning));
}

fn meaning(reading: &Reading) -> String {
    let name = if reading.name.is_empty() { String::new() } else { format!("{}: ", reading.name) };
    format!("{name}{}", reading.meaning)
}
