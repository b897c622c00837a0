use rdpdoctor_diagnosis::report::{ClientOutcome, Report};

use crate::canvas::{Canvas, Piece};
use crate::clients;
use crate::style::Paint;

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

fn line(canvas: &mut Canvas<'_>, group: &clients::Group<'_>) {
    let (word, paint) = match group.outcome {
        ClientOutcome::Connects => ("connect", Paint::Good),
        ClientOutcome::Warns => ("warn", Paint::Caution),
        ClientOutcome::Fails => ("fail", Paint::Bad),
        ClientOutcome::Unknown => ("unknown", Paint::Faint),
    };
    let reason = if group.reason.is_empty() { String::new() } else { format!(": {}", group.reason) };
    let names = group.names.join(", ");
    canvas.flow(2, &[Piece::new(format!("{word:<9}"), paint)], &[Piece::plain(format!("{names}{reason}"))]);
}
