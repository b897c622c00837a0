use rdpdoctor_diagnosis::report::{Report, ReportFinding};

use super::words;
use crate::canvas::{Canvas, Piece, inline};
use crate::style::Paint;

const BULLET: &str = "- ";

/// Why the root cause is believed.
pub(super) fn proof(canvas: &mut Canvas<'_>, root: &ReportFinding) {
    if root.proof.is_empty() {
        return;
    }
    canvas.heading("Proof");
    for item in &root.proof {
        canvas.flow(2, &[Piece::plain(BULLET)], &inline(&item.text));
    }
}

/// What would make the answer surer, and how to get it.
pub(super) fn missing(canvas: &mut Canvas<'_>, report: &Report) {
    if words::missing(report).next().is_none() {
        return;
    }
    canvas.heading("Missing");
    for text in words::missing(report) {
        canvas.flow(2, &[Piece::plain(BULLET)], &inline(text));
    }
}

/// Where to read on, and everything beside the root cause in two lines each.
pub(super) fn others(canvas: &mut Canvas<'_>, report: &Report) {
    let root = report.root();
    if let Some(root) = root {
        canvas.blank();
        canvas.flow(0, &[Piece::new("More: ", Paint::Heading)], &[command(root)]);
    }
    let others: Vec<&ReportFinding> = words::others(report).collect();
    if others.is_empty() {
        return;
    }
    canvas.heading("Also found");
    for other in others {
        let role = words::role(root, other);
        let certainty = words::certainty(other.certainty);
        let text = [Piece::plain(format!("{} ({role}, {certainty}): ", other.title)), command(other)];
        canvas.flow(2, &[Piece::plain(BULLET)], &text);
    }
}

fn command(finding: &ReportFinding) -> Piece {
    Piece::new(words::explain(finding), Paint::Command).unbroken()
}
