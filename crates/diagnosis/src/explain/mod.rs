//! What codes, events and statements mean, and which causes fit: the answer behind `rdpdoctor explain`.

mod causes;
mod codes;
mod next;
pub mod printed;

use schemars::JsonSchema;
use serde::Serialize;

use crate::Stage;
use crate::catalogue::folklore::{self, FieldReport};
use crate::catalogue::remedies::{JudgedRemedy, Worth, temptations};
use crate::evidence::{Evidence, ToldCode};

/// The whole answer.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Explanation {
    /// Each code that was named.
    pub codes: Vec<ExplainedCode>,
    /// What a client code and its extended code mean together, where that is known.
    pub pair: Option<ExplainedPair>,
    /// The causes that fit, the likeliest first.
    pub causes: Vec<FittingCause>,
    /// What people are told to do about these codes, and what it is worth.
    pub temptations: Vec<Temptation>,
    /// What to type next.
    pub next: Vec<NextStep>,
}

/// One code with everything that it may mean.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ExplainedCode {
    /// As it was written.
    pub text: String,
    /// The number.
    pub value: u32,
    /// The id of the family that was named with it; `event` for an event, null where none was.
    pub family: Option<String>,
    /// What it may mean, likeliest first; empty where we do not know it.
    pub meanings: Vec<Meaning>,
    /// Why they stand in this order; null where there is one.
    pub order: Option<String>,
    /// How the number decodes by its form, where no meaning is known.
    pub structure: Vec<String>,
    /// What is said of it and is not so.
    pub misbeliefs: Vec<Misbelief>,
}

/// What a number means in one family.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Meaning {
    /// The id of the family; `event` for an event.
    pub family: String,
    /// What numbers of the family are called.
    pub title: String,
    /// Where one meets it.
    pub met: String,
    /// The number as it is written there.
    pub number: String,
    /// Its symbolic name; empty where it has none.
    pub name: String,
    /// What it means.
    pub meaning: String,
    /// The stages at which it arises; empty where that may be any.
    pub stages: Vec<Stage>,
    /// How far the source carries, in words.
    pub confidence: String,
    /// Where it is written.
    pub source: String,
    /// What goes with it; empty where nothing does.
    pub also: String,
    /// Ids of the causes that fit, likeliest first.
    pub causes: Vec<String>,
}

/// Something that is said and is not so.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Misbelief {
    /// What people say.
    pub says: String,
    /// What is so.
    pub truth: String,
    /// What that rests on.
    pub source: String,
}

/// A client code with its extended code.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ExplainedPair {
    /// Both, as people write them.
    pub codes: String,
    /// What documents say.
    pub documented: Vec<String>,
    /// What follows and is written nowhere.
    pub inferred: Vec<String>,
    /// What people in fact found, the best proven first.
    pub found: Vec<Found>,
    /// Where the first two come from.
    pub source: String,
}

/// What one public report found.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Found {
    /// Ids of the causes.
    pub causes: Vec<String>,
    /// What was found.
    pub finding: String,
    /// How it was settled.
    pub status: String,
    /// `strong`, `medium` or `weak`.
    pub weight: String,
    /// Who reported it.
    pub source: String,
}

/// A cause that fits what was told.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FittingCause {
    /// Its id.
    pub cause: String,
    /// Where the fault lies.
    pub stage: Stage,
    /// One sentence.
    pub title: String,
    /// Prior and what was told, in decibans; null where only the tables name it.
    pub score: Option<i16>,
    /// What moved it.
    pub moved_by: Vec<Moved>,
    /// What would prove or refute it, in a sentence.
    pub proven_by: String,
}

/// One statement that moved a cause.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Moved {
    /// What was said.
    pub text: String,
    /// By how much, in decibans.
    pub decibans: i16,
    /// JSON pointers (RFC 6901) into the report.
    pub facts: Vec<String>,
}

impl Moved {
    /// Whether a stated circumstance did it, and not the codes themselves.
    pub fn is_by_fact(&self) -> bool {
        self.facts.iter().any(|pointer| pointer.starts_with("/evidence/told/facts/"))
    }
}

/// A remedy that the owners of such a code are told to use.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Temptation {
    /// Its id: `explain remedy:<id>` tells more.
    pub remedy: String,
    /// What it does, in the imperative.
    pub title: String,
    /// What it is worth, in words.
    pub verdict: String,
    /// Why, in a sentence.
    pub why: String,
}

/// A command, and what it is good for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct NextStep {
    /// What to type.
    pub command: String,
    /// What for.
    pub why: String,
}

/// Explains what was told. Measurements in the evidence count too.
pub fn explain(evidence: &Evidence) -> Explanation {
    let told = &evidence.told.codes;
    let codes: Vec<ExplainedCode> = told.iter().map(codes::explained).collect();
    let causes = causes::fitting(evidence, &codes);
    let next = next::steps(evidence, &codes, &causes);
    Explanation { pair: pair(told), temptations: tempting(&codes), codes, causes, next }
}

fn pair(told: &[ToldCode]) -> Option<ExplainedPair> {
    let of = |family: &str| told.iter().find(|code| code.family.as_deref() == Some(family));
    let (first, second) = (of("client-disconnect")?, of("client-extended")?);
    let known = folklore::pair(first.value, second.value)?;
    Some(ExplainedPair {
        codes: format!("0x{:X}/0x{:X}", first.value, second.value),
        documented: known.documented.clone(),
        inferred: known.inferred.clone(),
        found: found(if second.value == 0 { &["late"] } else { &["pair", "mechanism"] }),
        source: known.source.clone(),
    })
}

/// The reports about this, those with a proof first.
fn found(about: &[&str]) -> Vec<Found> {
    let mut reports: Vec<FieldReport> = folklore::reports();
    reports.retain(|report| about.contains(&report.about));
    reports.sort_by_key(|report| ["strong", "medium", "weak"].iter().position(|weight| *weight == report.weight));
    let found = |report: &FieldReport| Found {
        causes: report.causes.iter().map(ToString::to_string).collect(),
        finding: report.finding.to_owned(),
        status: report.status.to_owned(),
        weight: report.weight.to_owned(),
        source: report.source.to_owned(),
    };
    reports.iter().map(found).collect()
}

fn tempting(codes: &[ExplainedCode]) -> Vec<Temptation> {
    let mut tempting: Vec<&JudgedRemedy> = codes.iter().flat_map(keys).flat_map(|key| temptations_of(&key)).collect();
    let mut seen = Vec::new();
    tempting.retain(|remedy| {
        !seen.contains(&remedy.id) && {
            seen.push(remedy.id.clone());
            true
        }
    });
    let temptation = |remedy: &&JudgedRemedy| Temptation {
        remedy: remedy.id.clone(),
        title: remedy.title.clone(),
        verdict: remedy.verdict.word().to_owned(),
        why: why(remedy),
    };
    tempting.iter().map(temptation).collect()
}

fn why(remedy: &JudgedRemedy) -> String {
    match remedy.verdict {
        Worth::Risky | Worth::Sound | Worth::SoundWithCare => remedy.risks.clone(),
        Worth::Narrow => format!("It helps with this: {}", remedy.helps),
        Worth::UselessHere => remedy.useless.clone(),
    }
}

fn temptations_of(key: &str) -> Vec<&'static JudgedRemedy> {
    temptations(key).collect()
}

/// The likeliest meaning of a code as the tables name it: `client-disconnect/0x904`.
fn keys(code: &ExplainedCode) -> Vec<String> {
    code.meanings.first().map(|meaning| format!("{}/{}", meaning.family, meaning.number)).into_iter().collect()
}

#[cfg(test)]
mod tests;
