//! `rdpdoctor explain`: codes, events, causes, remedies and repairs, offline.

mod listing;
mod meant;
mod repairs;
mod search;
mod unknown;

use std::ffi::OsString;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use rdpdoctor_diagnosis::catalogue::codes;
use rdpdoctor_diagnosis::catalogue::remedies::{JudgedRemedy, remedy};
use rdpdoctor_diagnosis::causes;
use rdpdoctor_diagnosis::evidence::{Evidence, Target, Told};
use rdpdoctor_diagnosis::explain::explain;
use rdpdoctor_diagnosis::explain::printed::{CausePage, Codes, Printed};
use rdpdoctor_diagnosis::{Cause, report};
use rdpdoctor_render::{explanation, json, page};
use rdpdoctor_repair::action::{Action, for_cause};

pub(super) use self::meant::is_meant;
pub(super) use self::unknown::unknown;

use self::listing::Listing;
use self::unknown::{not_understood, searched};
use super::Failure;
use super::told::Statements;
use crate::exit::Exit;
use crate::output::Output;

const REMEDY: &str = "remedy:";

/// What a code, an event, a cause, a remedy or a repair means; offline
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Codes in any form, a pasted dialog or log line, an event such as Schannel/36874, the id of a cause or of a
    /// repair, or remedy:ID
    #[arg(value_name = "WHAT", allow_negative_numbers = true,
        required_unless_present_any = ["list", "search", "list_facts", "facts", "errors"])]
    what: Vec<OsString>,
    #[command(flatten)]
    statements: Statements,
    /// List every cause; or "families", the codes of one family, "events", "remedies", "repairs"
    #[arg(long, value_name = "FAMILY", num_args = 0..=1, default_missing_value = "causes", conflicts_with = "what")]
    list: Option<String>,
    /// Find codes, events, causes, remedies and repairs by words
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
            Format::Json => json::object(&Printed::Listing(listing.shown()))?,
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
        if let Some(repair) = repairs::find(&what) {
            return self.print_repair(repair, output);
        }
        if let Some(remedy) = remedy(what.strip_prefix(REMEDY).unwrap_or(&what)) {
            return self.print_remedy(remedy, output);
        }
        let reading = codes::read(&what);
        if reading.codes.is_empty() && !what.is_empty() {
            return Err(Failure::Usage(not_understood(&what)));
        }
        told.codes.splice(0..0, reading.codes);
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
        let markdown = format!("{}{}", cause.page, repairs::of_cause(cause));
        let page = || CausePage::from(cause).mended_by(for_cause(cause.id).map(|repair| repair.id).collect());
        self.print_page(markdown, || Printed::Cause(page()), output)
    }

    fn print_repair(&self, repair: &'static Action, output: &mut Output) -> Result<Exit, Failure> {
        self.print_page(repairs::page(repair), || Printed::Repair(repairs::printed(repair)), output)
    }

    fn print_remedy(&self, remedy: &JudgedRemedy, output: &mut Output) -> Result<Exit, Failure> {
        self.print_page(explanation::remedy(remedy), || Printed::Remedy(remedy.into()), output)
    }

    fn print_page<'a>(
        &self,
        markdown: String,
        object: impl FnOnce() -> Printed<'a>,
        output: &mut Output,
    ) -> Result<Exit, Failure> {
        let text = match self.format {
            Format::Text => page::page(&markdown, output.style()),
            Format::Markdown => markdown,
            Format::Json => json::object(&object())?,
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
            Format::Json => {
                let report = report::build(evidence, 0.0);
                json::object(&Printed::Codes(Codes { report: &report, explanation: &explained }))?
            }
        };
        output.print(&text)?;
        Ok(if known { Exit::Good } else { Exit::Unsettled })
    }
}
