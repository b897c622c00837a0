use rdpdoctor_diagnosis::report::Report;

use crate::canvas::{Canvas, Piece, inline};
use crate::reported::{answers, heading};
use crate::style::Paint;

/// The codes that somebody named, each in a few lines; nothing where none was.
pub(super) fn codes(canvas: &mut Canvas<'_>, report: &Report) {
    if report.reported.is_empty() {
        return;
    }
    canvas.heading(heading(report));
    for answer in answers(report) {
        for (code, meaning) in &answer.codes {
            canvas.flow(2, &[Piece::new(format!("{code}  "), Paint::Heading)], &inline(meaning));
        }
        canvas.flow(2, &[Piece::plain("=> ")], &inline(answer.advice));
    }
}
