//! Names with a line about each.

use crate::Style;
use crate::canvas::{Canvas, Piece};
use crate::style::Paint;

/// Rows of a name and what it is, aligned and wrapped.
pub fn rows<'a>(indent: usize, rows: impl Iterator<Item = (&'a str, String)>, style: &Style) -> String {
    let rows: Vec<(&str, String)> = rows.collect();
    let widest = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut canvas = Canvas::new(style);
    for (name, text) in rows {
        let start = Piece::new(format!("{name:<widest$}  "), Paint::Command);
        canvas.flow(indent, &[start], &[Piece::plain(text)]);
    }
    canvas.finish()
}

/// A heading on a line of its own.
pub fn heading(text: &str, style: &Style) -> String {
    let mut canvas = Canvas::new(style);
    canvas.flow(0, &[], &[Piece::new(text, Paint::Heading)]);
    canvas.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_aligned_and_texts_wrapped_beside_them() {
        let list = [("port-closed", "Nothing listens".to_owned()), ("not-rdp", "Another protocol answers".to_owned())];
        let text = rows(2, list.into_iter(), &Style::plain().width(40));
        assert_eq!(text, "  port-closed  Nothing listens\n  not-rdp      Another protocol answers\n");
        assert_eq!(rows(2, std::iter::once(("a", "word ".repeat(12))), &Style::plain().width(40)).lines().count(), 2);
        assert_eq!(heading("connect", &Style::plain()), "connect\n");
    }
}
