//! Text of strangers in Markdown: no markup, no HTML, no link, nobody called.

use rdpdoctor_protocol::text::safe_text;

/// More than any sentence of ours; a stranger's banner ends here.
const LONGEST_TEXT: usize = 4000;
/// Parts what would be read as a link or a name: the only hidden character that we print.
const ZERO_WIDTH_SPACE: char = '\u{200b}';

/// One line of text that reads as it stands, inside of a block or a cell.
pub(super) fn text(text: impl AsRef<str>) -> String {
    escape(&safe_text(text.as_ref(), LONGEST_TEXT))
}

/// A sentence in which every second backtick ends a piece of code.
pub(super) fn prose(text: &str) -> String {
    let text = safe_text(text, LONGEST_TEXT);
    let mut markdown = String::new();
    for (place, part) in text.split('`').enumerate() {
        let piece = if place % 2 == 0 { escape(part) } else { code(part) };
        markdown.push_str(&piece);
    }
    markdown
}

/// A code span, for anywhere but a table's cell; backticks cannot stand in it, so they become apostrophes.
pub(super) fn code(text: &str) -> String {
    let text = safe_text(text, LONGEST_TEXT).replace('`', "'");
    if text.trim().is_empty() { String::new() } else { format!("`{text}`") }
}

/// Commands between fences that none of them can close.
pub(super) fn fenced(language: &str, commands: &[String]) -> String {
    let lines: Vec<String> = commands.iter().map(|command| safe_text(command, LONGEST_TEXT)).collect();
    let longest = lines.iter().flat_map(|line| line.split(|c| c != '`')).map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.saturating_add(1).max(3));
    format!("{fence}{language}\n{}\n{fence}\n", lines.join("\n"))
}

fn escape(text: &str) -> String {
    let mut markdown = String::with_capacity(text.len());
    let mut before = ' ';
    for (at, character) in text.char_indices() {
        let after = text.get(at.saturating_add(character.len_utf8())..).unwrap_or_default();
        let is_start = text.get(..at).unwrap_or_default().chars().all(|c| c.is_ascii_digit());
        match character {
            '&' if after.starts_with(|c: char| c == '#' || c.is_ascii_alphanumeric()) => markdown.push_str("&amp;"),
            '<' => markdown.push_str("&lt;"),
            '>' => markdown.push_str("&gt;"),
            '_' if before.is_alphanumeric() && after.starts_with(char::is_alphanumeric) => markdown.push('_'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => markdown.extend(['\\', character]),
            '-' | '+' | '=' if at == 0 => markdown.extend(['\\', character]),
            '.' | ')' if is_start && (after.is_empty() || after.starts_with(' ')) => {
                markdown.extend(['\\', character]);
            }
            '#' if is_start => markdown.extend(['\\', '#', ZERO_WIDTH_SPACE]),
            '@' | '#' => markdown.extend([character, ZERO_WIDTH_SPACE]),
            ':' if after.starts_with("//") => markdown.extend([':', ZERO_WIDTH_SPACE]),
            '.' if ends_in_www(text.get(..at)) => markdown.extend([ZERO_WIDTH_SPACE, '.']),
            other => markdown.push(other),
        }
        before = character;
    }
    markdown
}

fn ends_in_www(text: Option<&str>) -> bool {
    text.and_then(|text| text.get(text.len().checked_sub(3)?..)).is_some_and(|end| end.eq_ignore_ascii_case("www"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_markup_no_html_no_link_nobody_called() {
        assert_eq!(text("*a* _b_ [c](d) `e` ~f~ a|b"), "\\*a\\* \\_b\\_ \\[c\\](d) \\`e\\` \\~f\\~ a\\|b");
        assert_eq!(text("<img src=x>&amp;"), "&lt;img src=x&gt;&amp;amp;");
        assert_eq!(text("a && b & c"), "a && b & c");
        assert_eq!(text("HYBRID_EX"), "HYBRID_EX");
        assert_eq!(text("see @all, org#12"), "see @\u{200b}all, org#\u{200b}12");
        assert_eq!(text("http://a.b WWW.a.b"), "http:\u{200b}//a.b WWW\u{200b}.a.b");
        assert_eq!(text("a\nb\u{202e}"), "a\\\\x0ab\\\\u{202e}");
    }

    #[test]
    fn no_block_begins() {
        assert_eq!(text("# a"), "\\#\u{200b} a");
        assert_eq!(text("- a - b"), "\\- a - b");
        assert_eq!(text("12. a. b"), "12\\. a. b");
        assert_eq!(text("1) a"), "1\\) a");
        assert_eq!(text("10.0.0.5 answers"), "10.0.0.5 answers");
    }

    #[test]
    fn code_ends_where_it_should() {
        assert_eq!(prose("run `a | *b*` again"), "run `a | *b*` again");
        assert_eq!(prose("a `` b"), "a  b");
        assert_eq!(code("a`b"), "`a'b`");
        assert_eq!(fenced("cmd", &["a".into()]), "```cmd\na\n```\n");
        assert_eq!(fenced("", &["```\n````".into()]), "`````\n```\\x0a````\n`````\n");
    }
}
