use std::borrow::Cow;
use std::fmt::{self, Write};

use askama::filters::{Escaper, Html};
use rdpdoctor_protocol::text::safe_text;

/// More than any sentence of ours; a stranger's banner ends here.
const LONGEST_TEXT: usize = 4000;

/// What fits into a line of a phone.
const LONGEST_OPTION: usize = 28;

/// What every expression of a template passes: nothing in it is markup, and nothing in it is hidden or turns the
/// direction of its neighbours.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Page;

impl Escaper for Page {
    fn write_escaped_str<W: Write>(&self, dest: W, string: &str) -> fmt::Result {
        Html.write_escaped_str(dest, &safe(string))
    }

    fn write_escaped_char<W: Write>(&self, dest: W, c: char) -> fmt::Result {
        self.write_escaped_str(dest, c.encode_utf8(&mut [0; 4]))
    }
}

/// A sentence in which every second backtick ends a piece of code, as markup.
pub(crate) fn prose(text: &str) -> Prose<'_> {
    Prose(text)
}

pub(crate) struct Prose<'a>(&'a str);

impl fmt::Display for Prose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: Cow<'_, str> = safe(self.0);
        let tags = [("", ""), ("<code>", "</code>")].into_iter().cycle();
        for (part, (open, close)) in text.split('`').zip(tags).filter(|(part, _)| !part.is_empty()) {
            f.write_str(open)?;
            Html.write_escaped_str(&mut *f, part)?;
            f.write_str(close)?;
        }
        Ok(())
    }
}

/// A command as markup: no line ends between the hyphen and the name of an option.
pub(crate) fn command(text: &str) -> Command<'_> {
    Command(text)
}

pub(crate) struct Command<'a>(&'a str);

impl fmt::Display for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, word) in safe(self.0).split(' ').enumerate() {
            if place > 0 {
                f.write_char(' ')?;
            }
            let is_option = word.starts_with('-') && word.len() <= LONGEST_OPTION;
            let (open, close) = if is_option { ("<span>", "</span>") } else { ("", "") };
            f.write_str(open)?;
            Html.write_escaped_str(&mut *f, word)?;
            f.write_str(close)?;
        }
        Ok(())
    }
}

fn safe(text: &str) -> Cow<'_, str> {
    let is_plain = text.len() <= LONGEST_TEXT && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_plain { Cow::Borrowed(text) } else { Cow::Owned(safe_text(text, LONGEST_TEXT)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut page = String::new();
        Page.write_escaped_str(&mut page, text).unwrap();
        page
    }

    #[test]
    fn nothing_is_markup_and_nothing_is_hidden() {
        assert_eq!(escaped("<b a=\"1\" b='2'>&"), "&#60;b a=&#34;1&#34; b=&#39;2&#39;&#62;&#38;");
        assert_eq!(escaped("a\u{202e}b\u{1b}[0m\0é"), "a\\u{202e}b\\x1b[0m\\x00é");
        let mut page = String::new();
        Page.write_escaped_char(&mut page, '\u{200b}').unwrap();
        assert_eq!(page, "\\u{200b}");
        assert_eq!(escaped(&"<".repeat(5000)).matches("&#60;").count(), LONGEST_TEXT - 1);
    }

    #[test]
    fn options_stay_whole() {
        assert_eq!(command("a  -B <c> d-e").to_string(), "a  <span>-B</span> &#60;c&#62; d-e");
        let long = format!("-{}", "a".repeat(LONGEST_OPTION));
        assert_eq!(command(&long).to_string(), long);
    }

    #[test]
    fn backticks_make_code_and_never_markup() {
        assert_eq!(prose("run `a <b>` again").to_string(), "run <code>a &#60;b&#62;</code> again");
        assert_eq!(prose("`</code><script>").to_string(), "<code>&#60;/code&#62;&#60;script&#62;</code>");
        assert_eq!(prose("``").to_string(), "");
    }
}
