//! A cause's page, written in Markdown, for a terminal: headings bold, the rest wrapped.

use crate::Style;
use crate::canvas::{Canvas, Piece, inline};
use crate::style::Paint;

/// Knows what the pages use: `#` and `##` headings, paragraphs, `-` lists, `inline code`, and blocks of code that are
/// fenced or indented by four columns, which are never wrapped.
pub fn page(markdown: &str, style: &Style) -> String {
    let mut canvas = Canvas::new(style);
    let mut open = Open::default();
    let mut fenced = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            open.flush(&mut canvas);
            fenced = !fenced;
        } else if fenced || (open.is_empty() && line.starts_with("    ")) {
            canvas.verbatim(4, line.strip_prefix("    ").unwrap_or(line));
        } else {
            open.take(line, &mut canvas);
        }
    }
    open.flush(&mut canvas);
    canvas.finish()
}

/// The paragraph or list item whose lines are being read.
#[derive(Default)]
struct Open {
    item: bool,
    text: String,
}

impl Open {
    fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn take(&mut self, line: &str, canvas: &mut Canvas<'_>) {
        if let Some(heading) = line.strip_prefix('#') {
            self.flush(canvas);
            let heading = Piece::new(heading.trim_start_matches('#').trim(), Paint::Heading);
            canvas.flow(0, &[], &[heading]);
        } else if let Some(item) = line.strip_prefix("- ") {
            self.flush(canvas);
            self.item = true;
            item.clone_into(&mut self.text);
        } else if line.trim().is_empty() {
            self.flush(canvas);
            canvas.blank();
        } else {
            self.text.push(' ');
            self.text.push_str(line.trim());
        }
    }

    fn flush(&mut self, canvas: &mut Canvas<'_>) {
        if !self.is_empty() {
            let start = if self.item { "- " } else { "" };
            canvas.flow(2, &[Piece::plain(start)], &inline(self.text.trim()));
        }
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lays_out_what_the_pages_use() {
        let markdown = "# Title\n\n## What it is\nOne `PortNumber` and\nanother line.\n\n- first item,\n  goes on\n- second\n\n```\nGet-Service   TermService\n```\n\n    netstat -ano\n";
        insta::assert_snapshot!(page(markdown, &Style::plain().width(40)));
    }

    #[test]
    fn colours_headings_and_code() {
        let text = page("# Title\n`x`\n", &Style::plain().colour(true));
        assert_eq!(text, "\u{1b}[1mTitle\u{1b}[0m\n  \u{1b}[36mx\u{1b}[0m\n");
    }
}
