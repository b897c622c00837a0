use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a person says of the failure: error codes and circumstances. Nothing of it was measured.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Told {
    /// Error codes, in the order in which they were named.
    #[serde(default)]
    pub codes: Vec<ToldCode>,
    /// Circumstances, from the controlled list of `data/facts.csv`.
    #[serde(default)]
    pub facts: Vec<ToldFact>,
}

impl Told {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty() && self.facts.is_empty()
    }
}

/// One error code that a client, a log or a dialog showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToldCode {
    /// As written, made safe to print.
    pub text: String,
    /// Its number; a negative 32-bit number stands as its two's complement.
    pub value: u32,
    /// The family of codes that it belongs to, where the wording tells: `client-disconnect`, `event`, ….
    pub family: Option<String>,
}

/// One circumstance that somebody stated, such as `event=1057` or `works-by-ip`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ToldFact {
    /// The id, without its value.
    pub id: String,
    /// The value, where the id takes one.
    pub value: Option<String>,
}
