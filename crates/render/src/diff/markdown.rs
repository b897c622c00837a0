use std::fmt::Write;

use rdpdoctor_diagnosis::report::diff::Difference;
use rdpdoctor_protocol::text::safe_text;

use super::{groups, name, sentence, side, value};

/// Longer than any value of ours.
const LONGEST_CELL: usize = 300;

/// For tickets and chats: two lines and a table for each kind of change.
pub fn markdown(difference: &Difference) -> String {
    let mut text = format!("**{}**\n\n", sentence(difference.outcome));
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "- before: {}\n- after: {}",
        escaped(&side(&difference.before)),
        escaped(&side(&difference.after))
    );
    for (heading, _, changes) in groups(difference) {
        let _ = writeln!(text, "\n| {heading} | before | after |\n| --- | --- | --- |");
        for change in changes {
            let cells = [&name(change), value(change.before.as_ref()), value(change.after.as_ref())].map(escaped);
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
    }
    text
}

/// Names come from the wire: neither a column, nor markup, nor a link of theirs is obeyed.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in safe_text(text, LONGEST_CELL).chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '@' => escaped.push_str("&#64;"),
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '#' | '>' | '!' | '~' => escaped.extend(['\\', character]),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_of_strangers_is_text() {
        assert_eq!(escaped("a|b <img src=x> [x](y) `c` *d*"), "a\\|b &lt;img src=x\\> \\[x\\](y) \\`c\\` \\*d\\*");
        assert!(!escaped("a\n| b |").contains('\n'));
    }
}
