use clap::Args;
use rdpdoctor_diagnosis::catalogue::codes;
use rdpdoctor_diagnosis::evidence::{Told, ToldCode, ToldFact};
use rdpdoctor_diagnosis::told::FactError;
use rdpdoctor_protocol::text::safe_text;

use super::Failure;

const LONGEST_SHOWN: usize = 60;

/// What somebody saw of the failure, beside what is measured.
#[derive(Debug, Args)]
pub(super) struct Statements {
    /// The error that a client showed, as 0x904/0x7 or the whole text of the dialog; may be repeated
    #[arg(long = "error", value_name = "TEXT")]
    errors: Vec<String>,
    /// Something that you know of the failure, such as works-by-ip or event=1057; may be repeated
    #[arg(long = "fact", value_name = "ID[=VALUE]")]
    facts: Vec<String>,
}

impl Statements {
    /// As the diagnosis takes it.
    pub(super) fn told(&self) -> Result<Told, Failure> {
        let codes: Result<Vec<Vec<ToldCode>>, Failure> = self.errors.iter().map(|error| read(error)).collect();
        let facts: Result<Vec<ToldFact>, FactError> = self.facts.iter().map(|fact| fact.parse()).collect();
        let facts = facts.map_err(|error| Failure::Usage(error.to_string()))?;
        Ok(Told { codes: codes?.concat(), facts })
    }
}

fn read(text: &str) -> Result<Vec<ToldCode>, Failure> {
    let codes = codes::read(text).codes;
    if codes.is_empty() {
        let text = safe_text(text, LONGEST_SHOWN);
        return Err(Failure::Usage(format!(
            "no error code stands in \"{text}\": type it as 0x904/0x7, or paste the dialog"
        )));
    }
    Ok(codes)
}
