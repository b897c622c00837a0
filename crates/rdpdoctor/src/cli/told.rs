use clap::Args;
use rdpdoctor_diagnosis::evidence::{Told, ToldFact};
use rdpdoctor_diagnosis::told::FactError;

use super::Failure;

/// What somebody saw of the failure, beside what is measured.
#[derive(Debug, Args)]
pub(super) struct Statements {
    /// Something that you know of the failure, such as works-by-ip or event=1057; may be repeated
    #[arg(long = "fact", value_name = "ID[=VALUE]")]
    facts: Vec<String>,
}

impl Statements {
    /// As the diagnosis takes it.
    pub(super) fn told(&self) -> Result<Told, Failure> {
        let facts: Result<Vec<ToldFact>, FactError> = self.facts.iter().map(|fact| fact.parse()).collect();
        let facts = facts.map_err(|error| Failure::Usage(error.to_string()))?;
        Ok(Told { facts, ..Told::default() })
    }
}
