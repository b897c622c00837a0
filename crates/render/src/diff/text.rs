use rdpdoctor_diagnosis::report::diff::{Change, Comparison, Difference, Effect};
use unicode_width::UnicodeWidthStr;

use super::{groups, name, sentence, side, value};
use crate::Style;
use crate::canvas::{Canvas, Piece};
use crate::style::Paint;

/// Longer names push what they are the names of to the right.
const WIDEST_NAME: usize = 30;

/// For a terminal: the answer, both sides, then what differs, what matters most first.
pub fn text(difference: &Difference, style: &Style) -> String {
    let mut canvas = Canvas::new(style);
    let (word, paint) = word(difference.outcome);
    let answer = Piece::new(sentence(difference.outcome), Paint::Heading);
    canvas.flow(0, &[Piece::new(word, paint), Piece::plain("  ")], &[answer]);
    canvas.blank();
    canvas.flow(0, &[Piece::plain("before  ")], &[Piece::plain(side(&difference.before))]);
    canvas.flow(0, &[Piece::plain("after   ")], &[Piece::plain(side(&difference.after))]);
    let widest = difference.changes.iter().map(|change| name(change).width()).max().unwrap_or_default();
    for (heading, effect, changes) in groups(difference) {
        canvas.heading(heading);
        for change in changes {
            one(&mut canvas, change, effect, widest.min(WIDEST_NAME));
        }
    }
    canvas.finish()
}

fn one(canvas: &mut Canvas<'_>, change: &Change, effect: Effect, widest: usize) {
    let name = name(change);
    let gap = " ".repeat(widest.saturating_sub(name.width()) + 2);
    let after = match effect {
        Effect::Worse => Paint::Bad,
        Effect::Better => Paint::Good,
        Effect::Differs | Effect::Informs => Paint::Plain,
    };
    let body = [
        Piece::new(value(change.before.as_ref()), Paint::Faint),
        Piece::plain(" -> "),
        Piece::new(value(change.after.as_ref()), after),
    ];
    canvas.flow(2, &[Piece::plain(format!("{name}{gap}"))], &body);
}

fn word(comparison: Comparison) -> (&'static str, Paint) {
    match comparison {
        Comparison::Same => ("SAME", Paint::Good),
        Comparison::Better => ("BETTER", Paint::Good),
        Comparison::Worse => ("WORSE", Paint::Bad),
        Comparison::Different => ("DIFFERENT", Paint::Caution),
    }
}
