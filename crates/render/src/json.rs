//! JSON for programs (`schemas/report.json`).

use std::fmt::Write as _;

use rdpdoctor_diagnosis::report::Report;
use rdpdoctor_protocol::text::is_hidden;
use serde::Serialize;
use serde_json::Error;

/// One report as an indented object, several as an array of them, with a line break at the end.
pub fn pretty(reports: &[Report]) -> Result<String, Error> {
    match reports {
        [one] => object(one),
        several => object(&several),
    }
}

/// Any value, indented, with a line break at the end.
pub fn object(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string_pretty(value).map(|text| escaped(&text) + "\n")
}

/// One report as one line, its line break included.
pub fn line(report: &Report) -> Result<String, Error> {
    serde_json::to_string(report).map(|text| escaped(&text) + "\n")
}

/// What a terminal obeys or hides stands in JSON only inside of strings, where it may as well be escaped.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) || character == '\u{7f}' {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_reads_the_same() {
        let text = "\u{1b}[31m\u{9b}2J\u{202e}\u{e0041}\u{7f}ä";
        let written = object(&text).unwrap();
        assert_eq!(written, "\"\\u001b[31m\\u009b2J\\u202e\\udb40\\udc41\\u007fä\"\n");
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
    }
}
