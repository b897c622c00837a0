use rdpdoctor_diagnosis::report::Report;

use super::words;
use crate::canvas::{Canvas, Piece};
use crate::style::Paint;

/// What is to be said of saved connections, the grave marked.
pub(super) fn all(canvas: &mut Canvas<'_>, report: &Report) {
    if report.remarks.is_empty() {
        return;
    }
    canvas.heading("Connection files");
    for remark in &report.remarks {
        let mark = if remark.grave { Piece::new("! ", Paint::Bad) } else { Piece::plain("- ") };
        canvas.flow(2, &[mark], &[Piece::plain(format!("{}: {}", words::file_place(remark), remark.text))]);
    }
}
