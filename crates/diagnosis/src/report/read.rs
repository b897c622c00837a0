use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, SeqAccess, Visitor};
use thiserror::Error;

use crate::report::{Report, SCHEMA_VERSION};

/// The longest text that is read as a report, in bytes: some hundred times what a long one has.
pub const LONGEST_REPORT: usize = 16 * 1024 * 1024;

/// Why a text is no report that we can read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is longer than [`LONGEST_REPORT`].
    #[error("it is longer than {} MiB, which no report is", LONGEST_REPORT / 1024 / 1024)]
    TooLong,
    /// Neither UTF-8 nor the UTF-16 that Windows PowerShell writes.
    #[error("it is no text in UTF-8 or UTF-16")]
    Encoding,
    /// No JSON, or none that a report is made of.
    #[error("line {line} column {column}: {what}; a report is what --format json prints")]
    Malformed {
        /// From one on.
        line: usize,
        /// From one on.
        column: usize,
        /// In the reader's words.
        what: String,
    },
    /// A report of another time.
    #[error("it has schema_version {found}, and this program reads {SCHEMA_VERSION}")]
    Version {
        /// As it says.
        found: u64,
    },
    /// Some other JSON.
    #[error("it has no schema_version: it is no report of rdpdoctor")]
    NoReport,
    /// An array or lines with more than one.
    #[error("it holds several reports, and one is wanted")]
    Several,
}

/// Reads one report, as `--format json` and `--format jsonl` print it; alone in an array, too.
pub fn read(bytes: &[u8]) -> Result<Report, ReadError> {
    if bytes.len() > LONGEST_REPORT {
        return Err(ReadError::TooLong);
    }
    let text = decoded(bytes)?;
    let text = text.trim();
    if text.is_empty() {
        return Err(ReadError::Empty);
    }
    match parse::<One<Head>>(text)?.0.schema_version {
        None => Err(ReadError::NoReport),
        Some(found) if found != u64::from(SCHEMA_VERSION) => Err(ReadError::Version { found }),
        Some(_) => Ok(parse::<One<Report>>(text)?.0),
    }
}

fn decoded(bytes: &[u8]) -> Result<String, ReadError> {
    let wide = |rest: &[u8], read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = rest.as_chunks().0.iter().map(|pair| read(*pair)).collect();
        String::from_utf16(&units)
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes).ok(),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes).ok(),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    };
    text.ok_or(ReadError::Encoding)
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, ReadError> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let said = error.to_string();
        let what = said.split(&format!(" at line {line} column {column}")).next().unwrap_or_default();
        match what {
            SEVERAL | "trailing characters" if line > 1 || what == SEVERAL => ReadError::Several,
            what => ReadError::Malformed { line, column, what: what.to_owned() },
        }
    })
}

const SEVERAL: &str = "several reports";

/// What tells whether the rest can be read.
#[derive(Deserialize)]
struct Head {
    schema_version: Option<u64>,
}

/// A value, or an array of just one.
struct One<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneVisitor(std::marker::PhantomData)).map(Self)
    }
}

struct OneVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a report")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(serde::de::value::MapAccessDeserializer::new(map))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<T, A::Error> {
        let first = list.next_element()?.ok_or_else(|| A::Error::custom("an empty array"))?;
        match list.next_element::<IgnoredAny>()? {
            Some(_) => Err(A::Error::custom(SEVERAL)),
            None => Ok(first),
        }
    }
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use super::*;
    use crate::report::build;
    use crate::testing::Scene;

    fn report() -> Report {
        build(Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL).completes_tls()).evidence(), 1.0)
    }

    fn json() -> String {
        serde_json::to_string_pretty(&report()).unwrap()
    }

    fn error(text: &str) -> String {
        read(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_report_is_read_as_it_was_printed() {
        assert_eq!(read(json().as_bytes()), Ok(report()));
        assert_eq!(read(format!("[{}]\n", json()).as_bytes()), Ok(report()));
        let extended = json().replacen('{', "{\"later\": [1, 2],", 1);
        assert_eq!(read(extended.as_bytes()), Ok(report()), "readers ignore fields that they do not know");
    }

    #[test]
    fn what_windows_powershell_redirects_is_read() {
        let wide: Vec<u8> = std::iter::once(0xfeff).chain(json().encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&wide), Ok(report()));
        assert_eq!(read(&[b"\xef\xbb\xbf".as_slice(), json().as_bytes()].concat()), Ok(report()));
        assert_eq!(read(b"\x80{}"), Err(ReadError::Encoding));
    }

    #[test]
    fn what_is_no_report_is_told_from_what_is() {
        assert_eq!(error(""), "it is empty");
        assert_eq!(error("{}"), "it has no schema_version: it is no report of rdpdoctor");
        assert_eq!(error("{\"schema_version\": 7}"), "it has schema_version 7, and this program reads 1");
        assert!(error("{\n  \"schema_version\": 1,\n  \"verdict\": \"fine\"}").starts_with("line 3 column "));
        assert!(error("[]").contains("an empty array") && error("7").contains("a report"));
        assert!(error("hello").starts_with("line 1 column 1: expected"));
        assert_eq!(read(&vec![b' '; LONGEST_REPORT + 1]), Err(ReadError::TooLong));
    }

    #[test]
    fn several_reports_are_not_taken_for_one() {
        let line = serde_json::to_string(&report()).unwrap();
        assert_eq!(read(format!("{line}\n{line}\n").as_bytes()), Err(ReadError::Several));
        assert_eq!(read(format!("[{line},{line}]").as_bytes()), Err(ReadError::Several));
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_crash() {
        assert!(error(&"[".repeat(1_000_000)).starts_with("line 1 column 2: invalid type"));
        let deep = format!("{{\"later\": {}", "{\"a\":".repeat(100_000));
        assert!(error(&deep).contains("EOF"), "what is not known is passed over without recursion");
    }
}
