//! `rdpdoctor explain`: codes, events, causes and remedies, offline.

mod listing;
mod search;

use std::ffi::OsString;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use rdpdoctor_diagnosis::catalogue::codes::{self, FAMILIES, codes, lookup};
use rdpdoctor_diagnosis::catalogue::remedies::{JudgedRemedy, remedies, remedy};
use rdpdoctor_diagnosis::causes::{self, CAUSES};
use rdpdoctor_diagnosis::evidence::{Evidence, Target, Told, ToldCode};
use rdpdoctor_diagnosis::explain::{Explanation, explain};
use rdpdoctor_diagnosis::near::near;
use rdpdoctor_diagnosis::{Cause, report};
use rdpdoctor_protocol::text::safe_text;
use rdpdoctor_render::{explanation, json, page};
use serde::Serialize;

use self::listing::Listing;
use super::Failure;
use super::told::Statements;
use crate::exit::Exit;
use crate::output::Output;

/// Longer input is not repeated in full.
const LONGEST_SHOWN: usize = 60;
const REMEDY: &str = "remedy:";

/// What a code, an event, a cause or a remedy means; offline
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Codes in any form, a pasted dialog or log line, an event such as Schannel/36874, the id of a cause, or
    /// remedy:ID
    #[arg(value_name = "WHAT", allow_negative_numbers = true,
        required_unless_present_any = ["list", "search", "list_facts", "facts"])]
    what: Vec<OsString>,
    #[command(flatten)]
    statements: Statements,
    /// List every cause; or "families", the codes of one family, "events", "remedies"
    #[arg(long, value_name = "FAMILY", num_args = 0..=1, default_missing_value = "causes", conflicts_with = "what")]
    list: Option<String>,
    /// Find codes, events, causes and remedies by words
    #[arg(long, value_name = "WORDS", conflicts_with_all = ["what", "list"])]
    search: Option<String>,
    /// List what --fact takes
    #[arg(long = "facts", conflicts_with_all = ["what", "list", "search"])]
    list_facts: bool,
    /// In which form to print it
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

/// In which form an explanation is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// One object: a report about no host, with the explanation in it
    Json,
    /// For documents and tickets
    Markdown,
}

impl Arguments {
    pub(super) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let listing = match (&self.list, &self.search) {
            (Some(family), _) => Some(listing::of(family).ok_or_else(|| Failure::Usage(listing::unknown(family)))?),
            (_, Some(words)) => Some(search::search(words).ok_or_else(|| Failure::Usage(search::no_words()))?),
            _ => self.list_facts.then(listing::facts),
        };
        match listing {
            Some(listing) => self.print_listing(&listing, output),
            None => self.explain(output),
        }
    }

    fn print_listing(&self, listing: &Listing, output: &mut Output) -> Result<Exit, Failure> {
        let text = match self.format {
            Format::Text => listing.text(output.style()),
            Format::Json => json::any(listing)?,
            Format::Markdown => listing.markdown(),
        };
        output.print(&text)?;
        Ok(if listing.is_empty() { Exit::Unsettled } else { Exit::Good })
    }

    fn explain(&self, output: &mut Output) -> Result<Exit, Failure> {
        let what = self.what()?;
        let mut told = self.statements.told()?;
        if let Some(cause) = causes::find(&what) {
            return self.print_cause(cause, output);
        }
        if let Some(remedy) = remedy(what.strip_prefix(REMEDY).unwrap_or(&what)) {
            return self.print_remedy(remedy, output);
        }
        let reading = codes::read(&what);
        if reading.codes.is_empty() && !what.is_empty() {
            return Err(Failure::Usage(not_understood(&what)));
        }
        told.codes = reading.codes;
        self.print_explanation(told, output)
    }

    /// What was typed, as one text.
    fn what(&self) -> Result<String, Failure> {
        let words: Option<Vec<&str>> = self.what.iter().map(|word| word.to_str()).collect();
        let words = words.ok_or_else(|| Failure::Usage("what is to be explained is no valid UTF-8".to_owned()))?;
        let what = words.join(" ").trim().to_owned();
        if what.is_empty() && !self.what.is_empty() {
            return Err(Failure::Usage("nothing to explain: the argument is empty".to_owned()));
        }
        Ok(what)
    }

    fn print_cause(&self, cause: &'static Cause, output: &mut Output) -> Result<Exit, Failure> {
        let text = match self.format {
            Format::Text => page::page(cause.page, output.style()),
            Format::Markdown => cause.page.to_owned(),
            Format::Json => json::any(&CausePage::of(cause))?,
        };
        output.print(&text)?;
        Ok(Exit::Good)
    }

    fn print_remedy(&self, remedy: &JudgedRemedy, output: &mut Output) -> Result<Exit, Failure> {
        let markdown = explanation::remedy(remedy);
        let text = match self.format {
            Format::Text => page::page(&markdown, output.style()),
            Format::Markdown => markdown,
            Format::Json => json::any(&RemedyPage { schema_version: 1, remedy })?,
        };
        output.print(&text)?;
        Ok(Exit::Good)
    }

    fn print_explanation(&self, told: Told, output: &mut Output) -> Result<Exit, Failure> {
        let mut evidence = Evidence::new(Target::unnamed(), Timestamp::now());
        evidence.told = told;
        let explained = explain(&evidence);
        let known = explained.codes.is_empty() || explained.codes.iter().any(|code| !code.meanings.is_empty());
        let mut markdown = explanation::markdown(&explained);
        if !known {
            markdown.push_str(&searched(&explained));
        }
        let text = match self.format {
            Format::Text => page::page(&markdown, output.style()),
            Format::Markdown => markdown,
            Format::Json => json::explained(&report::build(evidence, 0.0), &explained)?,
        };
        output.print(&text)?;
        Ok(if known { Exit::Good } else { Exit::Unsettled })
    }
}

/// A cause for programs.
#[derive(Serialize)]
struct CausePage {
    schema_version: u32,
    cause: &'static str,
    stage: String,
    severity: rdpdoctor_diagnosis::Severity,
    title: &'static str,
    explains: &'static [&'static str],
    page: &'static str,
}

impl CausePage {
    fn of(cause: &'static Cause) -> Self {
        Self {
            schema_version: 1,
            cause: cause.id,
            stage: cause.stage.to_string(),
            severity: cause.severity,
            title: cause.title,
            explains: cause.explains,
            page: cause.page,
        }
    }
}

/// A remedy for programs.
#[derive(Serialize)]
struct RemedyPage<'a> {
    schema_version: u32,
    remedy: &'a JudgedRemedy,
}

/// Where an unknown number was looked for, and what may have been meant.
fn searched(explained: &Explanation) -> String {
    let families: Vec<&str> = FAMILIES.iter().filter(|family| family.numbered).map(|family| family.id).collect();
    let mut text = format!("\nSearched: event, {}.\n", families.join(", "));
    let told = explained.codes.iter().filter_map(|code| other_base(&code.text));
    for other in told {
        text.push_str(&format!("\nPerhaps `{other}` was meant.\n"));
    }
    text
}

/// The same digits read in the other base, where that is a code.
fn other_base(text: &str) -> Option<String> {
    let other = match text.strip_prefix("0x") {
        Some(digits) => digits.parse().ok().filter(|value| !lookup(*value).is_empty()).map(|_| digits.to_owned()),
        None => {
            u32::from_str_radix(text, 16).ok().filter(|value| !lookup(*value).is_empty()).map(|_| format!("0x{text}"))
        }
    };
    other.filter(|_| text.len() <= 10)
}

/// One line that names what may have been meant.
pub(super) fn not_understood(what: &str) -> String {
    let shown = safe_text(what, LONGEST_SHOWN);
    if what.len() > LONGEST_SHOWN {
        return format!(
            "no code, cause or remedy stands in \"{shown}…\"; \"rdpdoctor explain --list\" names the causes"
        );
    }
    let named = what.strip_prefix(REMEDY).unwrap_or(what);
    let mut near =
        near(named, CAUSES.iter().map(|cause| cause.id).chain(remedies().iter().map(|remedy| remedy.id.as_str())));
    let names = if near.is_empty() { names() } else { Vec::new() };
    let kebab: Vec<String> = names.iter().map(|name| name.to_lowercase().replace('_', "-")).collect();
    let close = rdpdoctor_diagnosis::near::near(named, kebab.iter().map(String::as_str));
    near.extend(
        close
            .iter()
            .filter_map(|close| kebab.iter().position(|name| name == close))
            .filter_map(|place| names.get(place)),
    );
    match near.as_slice() {
        [] => format!("\"{shown}\" is no code, cause or remedy; \"rdpdoctor explain --list\" names the causes"),
        near => format!("\"{shown}\" is no code, cause or remedy; did you mean {}?", near.join(" or ")),
    }
}

fn names() -> Vec<&'static str> {
    codes().iter().map(|code| code.name).filter(|name| !name.is_empty() && !name.contains(' ')).collect()
}

/// Whether what stands where a host would is something to explain: a number, a name of a code, an event.
pub(super) fn is_meant(first: &str, second: Option<&str>) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_code =
        |text: &str| is_number(text.trim_start_matches('-')) || text.starts_with("0x") || text.starts_with("0X");
    let is_event =
        |who: &str| who.eq_ignore_ascii_case("event") || codes::events().iter().any(|event| event.is_from(who));
    let named = |text: &str| text.contains(['_', ':']) || text.chars().skip(1).any(char::is_uppercase);
    let found = |text: &str| !codes::read(text).codes.is_empty();
    if causes::find(first).is_some() || first.starts_with(REMEDY) || is_code(first) {
        return true;
    }
    if let Some((who, id)) = first.rsplit_once('/') {
        return is_number(id) && (is_code(who) || is_event(who));
    }
    let is_text = first.contains(char::is_whitespace) || named(first);
    (is_text && !first.contains('.') && found_name(first, found))
        || second.is_some_and(|id| is_number(id) && is_event(first))
}

/// A prose text with a code in it, or exactly the name of one.
fn found_name(text: &str, found: impl Fn(&str) -> bool) -> bool {
    if text.contains(char::is_whitespace) { found(text) } else { !codes::by_name(text).is_empty() }
}

/// Codes of `--error`, for other commands.
#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<ToldCode> {
        codes::read(text).codes
    }

    #[test]
    fn near_misses_are_named() {
        assert!(not_understood("certificate-mising").contains("did you mean certificate-missing"));
        assert!(not_understood("remedy:disable-nl").contains("disable-nla"));
        assert!(not_understood("ERRCONNECT_TLS_CONECT_FAILED").contains("ERRCONNECT_TLS_CONNECT_FAILED"));
        assert!(not_understood("qqqqqqqqqqqq").contains("--list"));
        assert!(not_understood(&"q".repeat(10_000)).len() < 200);
    }

    #[test]
    fn the_other_base_is_proposed() {
        assert_eq!(other_base("904"), Some("0x904".to_owned()));
        assert_eq!(other_base("0x2308"), Some("2308".to_owned()));
        assert_eq!(other_base("0xBADC0DE"), None);
        assert!(told("904").iter().all(|code| lookup(code.value).is_empty()));
    }

    #[test]
    fn codes_are_no_hosts() {
        for code in [
            "0x904/0x7",
            "0x904",
            "2308",
            "-2146893007",
            "Schannel/36874",
            "handshake_failure",
            "port-closed",
            "remedy:reboot",
            "Error code: 0x904",
            "ERRCONNECT_TLS_CONNECT_FAILED",
        ] {
            assert!(is_meant(code, None), "{code}");
        }
        assert!(is_meant("event", Some("1057")) && is_meant("Schannel", Some("36874")));
        for host in [
            "ts01",
            "10.0.0.5",
            "10.0.0.0/24",
            "ts01:3390",
            "[::1]:3389",
            "fe80::1",
            "ts_01",
            "congestion",
            "Ts01",
            "event",
        ] {
            assert!(!is_meant(host, None), "{host}");
        }
        assert!(!is_meant("ts01", Some("2308")));
    }
}
