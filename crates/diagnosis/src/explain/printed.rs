//! What `rdpdoctor explain --format json` prints (`schemas/explanation.json`).

use schemars::JsonSchema;
use serde::Serialize;

use super::Explanation;
use crate::catalogue::remedies::JudgedRemedy;
use crate::report::Report;
use crate::{Cause, Severity, Stage};

/// The version of [`Printed`]; readers ignore fields that they do not know within one version.
pub const SCHEMA_VERSION: u32 = 1;

/// One of the answers of `explain`, told apart by the fields `explanation`, `cause`, `remedy`, `repair` and
/// `groups`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Printed<'a> {
    /// What codes mean and which causes fit.
    Codes(Codes<'a>),
    /// The page of a cause.
    Cause(CausePage),
    /// The page of a remedy.
    Remedy(RemedyPage<'a>),
    /// The page of a repair.
    Repair(RepairPage),
    /// What `--list`, `--search` and `--facts` show.
    Listing(Listing),
}

/// A report about no host, with what its codes mean beside it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Codes<'a> {
    /// The report; its own version is that of `schemas/report.json`.
    #[serde(flatten)]
    pub report: &'a Report,
    /// What the codes mean.
    pub explanation: &'a Explanation,
}

/// A cause for programs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CausePage {
    /// The version of this layout.
    pub schema_version: u32,
    /// Its id.
    pub cause: &'static str,
    /// Where in the connection the fault lies.
    pub stage: Stage,
    /// What it does to a connection.
    pub severity: Severity,
    /// One sentence.
    pub title: &'static str,
    /// Ids of other causes that are its symptoms.
    pub explains: &'static [&'static str],
    /// Ids of the repairs that `rdpdoctor host fix` has for it; empty where a person has to mend it.
    pub repairs: Vec<&'static str>,
    /// Its page, in Markdown.
    pub page: &'static str,
}

impl CausePage {
    /// The page with the repairs that there are for it.
    #[must_use]
    pub fn mended_by(self, repairs: Vec<&'static str>) -> Self {
        Self { repairs, ..self }
    }
}

impl From<&'static Cause> for CausePage {
    fn from(cause: &'static Cause) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            cause: cause.id,
            stage: cause.stage,
            severity: cause.severity,
            title: cause.title,
            explains: cause.explains,
            repairs: Vec::new(),
            page: cause.page,
        }
    }
}

/// A remedy for programs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RemedyPage<'a> {
    /// The version of this layout.
    pub schema_version: u32,
    /// The remedy, judged.
    pub remedy: &'a JudgedRemedy,
}

impl<'a> From<&'a JudgedRemedy> for RemedyPage<'a> {
    fn from(remedy: &'a JudgedRemedy) -> Self {
        Self { schema_version: SCHEMA_VERSION, remedy }
    }
}

/// What `rdpdoctor host fix` can do, for programs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RepairPage {
    /// The version of this layout.
    pub schema_version: u32,
    /// Its id.
    pub repair: &'static str,
    /// What it does, in the imperative.
    pub title: &'static str,
    /// Ids of the causes that it mends; empty where it only helps for a while.
    pub mends: &'static [&'static str],
    /// What to type on the server; it changes nothing and shows the plan.
    pub command: String,
    /// What stops working while it is done; empty where nothing does.
    pub interrupts: &'static str,
    /// What may be worse afterwards.
    pub risk: &'static str,
    /// Its page, in Markdown.
    pub page: &'static str,
}

/// Names with a line about each, in groups.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Listing {
    /// The version of this layout.
    pub schema_version: u32,
    /// None where nothing was found.
    pub groups: Vec<Group>,
}

/// Rows that belong together.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Group {
    /// What they are.
    pub title: String,
    /// At least one.
    pub rows: Vec<Row>,
}

/// A name and what it stands for.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Row {
    /// What to type.
    pub name: String,
    /// One line.
    pub about: String,
}
