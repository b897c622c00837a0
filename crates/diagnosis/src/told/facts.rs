use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use rdpdoctor_protocol::text::safe_text;
use thiserror::Error;

use crate::catalogue::table;
use crate::evidence::ToldFact;
use crate::near::near;

/// Columns: id, values, meaning, stage, examples. An id that ends in `=` takes a value.
const TABLE: &str = include_str!("../../../../data/facts.csv");
/// Longer input is no id of ours, and is not repeated in full.
const LONGEST_SHOWN: usize = 60;

static FACTS: LazyLock<Vec<Fact>> = LazyLock::new(|| table::rows(TABLE).filter_map(|row| fact_of(&row)).collect());

/// One circumstance that somebody may state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// In kebab-case, without a value.
    pub id: String,
    /// What may stand behind the `=`.
    pub values: Values,
    /// What it says, as a clause; `{}` stands for the value.
    pub meaning: String,
    /// The stage of a connection that it is about; `any` for all.
    pub stage: String,
    /// How people put it, separated by semicolons.
    pub examples: String,
}

/// The values that a fact takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// None: it holds or it is not stated.
    None,
    /// A number, in decimal or as `0x…`.
    Number,
    /// A status value of 32 bits, in hex or decimal, negative where it is shown so.
    Status,
    /// One of these.
    OneOf(Vec<String>),
}

/// What is wrong with a stated fact.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FactError {
    /// No fact has this id.
    #[error("no fact is called \"{id}\"{proposals}")]
    Unknown {
        /// As typed, safe to print.
        id: String,
        /// What may have been meant.
        proposals: Proposals,
    },
    /// The fact takes a value and has none.
    #[error("the fact \"{id}\" takes a value: {id}=VALUE, {values}")]
    NeedsValue {
        /// Which.
        id: String,
        /// What it takes.
        values: Values,
    },
    /// The fact takes no value and has one.
    #[error("the fact \"{id}\" takes no value")]
    TakesNoValue {
        /// Which.
        id: String,
    },
    /// The value is none that the fact takes.
    #[error("\"{value}\" is no value of the fact \"{id}\": {values}")]
    Value {
        /// Which.
        id: String,
        /// As typed, safe to print.
        value: String,
        /// What it takes.
        values: Values,
    },
}

/// Ids that may have been meant, for the end of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposals(Vec<String>);

impl fmt::Display for Proposals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [] => f.write_str("; \"rdpdoctor explain --facts\" names them all"),
            ids => write!(f, "; did you mean {}?", ids.join(" or ")),
        }
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no value"),
            Self::Number => f.write_str("a number"),
            Self::Status => f.write_str("a status value such as 0xc000006d"),
            Self::OneOf(values) => write!(f, "one of {}", values.join(", ")),
        }
    }
}

/// Every fact that can be stated, in the order in which one meets them on the way to a session.
pub fn facts() -> &'static [Fact] {
    &FACTS
}

impl Fact {
    /// The fact as a clause, its value in place.
    pub fn says(&self, value: Option<&str>) -> String {
        self.meaning.replace("{}", value.unwrap_or("VALUE"))
    }
}

/// `ID` or `ID=VALUE`, in any case, of the list that [`facts`] gives.
impl FromStr for ToldFact {
    type Err = FactError;

    fn from_str(text: &str) -> Result<Self, FactError> {
        let (id, value) = text.split_once('=').map_or((text, None), |(id, value)| (id, Some(value.trim())));
        let fact = find(id).ok_or_else(|| unknown(id))?;
        let id = fact.id.clone();
        match (value, &fact.values) {
            (None, Values::None) => Ok(Self { id, value: None }),
            (Some(_), Values::None) => Err(FactError::TakesNoValue { id }),
            (None | Some(""), values) => Err(FactError::NeedsValue { id, values: values.clone() }),
            (Some(typed), values) => match values.read(typed) {
                Some(value) => Ok(Self { id, value: Some(value) }),
                None => Err(FactError::Value { id, value: shown(typed), values: values.clone() }),
            },
        }
    }
}

impl Values {
    /// In the one spelling under which weights are kept.
    fn read(&self, typed: &str) -> Option<String> {
        match self {
            Self::None => None,
            Self::Number => number(typed).map(|number| number.to_string()),
            Self::Status => number(typed).map(|number| format!("{number:#010x}")),
            Self::OneOf(values) => {
                let typed = canonical(typed);
                values.iter().find(|value| **value == typed).cloned()
            }
        }
    }
}

/// `ID` or `ID=VALUE`, in the one spelling under which weights are kept.
pub(super) fn spelling(told: &ToldFact) -> String {
    told.value.as_ref().map_or_else(|| told.id.clone(), |value| format!("{}={value}", told.id))
}

/// What was said, as a sentence; an id of another version of the list stands for itself.
pub(super) fn sentence(told: &ToldFact) -> String {
    match find(&told.id) {
        Some(fact) => format!("you said that {}", fact.says(told.value.as_deref())),
        None => format!("you said {}", shown(&told.id)),
    }
}

fn find(id: &str) -> Option<&'static Fact> {
    let id = canonical(id);
    FACTS.iter().find(|fact| fact.id == id)
}

fn canonical(text: &str) -> String {
    text.trim().to_lowercase().replace(['_', ' '], "-")
}

fn number(text: &str) -> Option<u32> {
    let lower = text.to_lowercase();
    match (lower.strip_prefix("0x"), lower.strip_prefix('-')) {
        (Some(hex), _) if hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16).ok(),
        (None, Some(_)) => lower.parse::<i32>().ok().map(i32::cast_unsigned),
        (None, None) if lower.bytes().all(|byte| byte.is_ascii_digit()) => lower.parse().ok(),
        _ => None,
    }
}

fn unknown(id: &str) -> FactError {
    let near = near(id.trim(), FACTS.iter().map(|fact| fact.id.as_str()));
    let proposals = Proposals(near.into_iter().map(str::to_owned).collect());
    FactError::Unknown { id: shown(id), proposals }
}

fn shown(text: &str) -> String {
    safe_text(text.trim(), LONGEST_SHOWN)
}

fn fact_of(row: &[String]) -> Option<Fact> {
    let [id, values, meaning, stage, examples] = row else { return None };
    let values = match values.as_str() {
        "" => Values::None,
        "@number" => Values::Number,
        "@hex" => Values::Status,
        list => Values::OneOf(list.split(';').map(str::to_owned).collect()),
    };
    let id = id.trim_end_matches('=').to_owned();
    Some(Fact { id, values, meaning: meaning.clone(), stage: stage.clone(), examples: examples.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(String, Option<String>), String> {
        let fact = text.parse::<ToldFact>().map_err(|error| error.to_string())?;
        Ok((fact.id, fact.value))
    }

    fn fact(text: &str) -> (String, String) {
        read(text).map(|(id, value)| (id, value.unwrap_or_default())).unwrap()
    }

    #[test]
    fn reads_ids_and_values_in_any_spelling() {
        assert_eq!(fact("works-by-ip"), ("works-by-ip".into(), String::new()));
        assert_eq!(fact(" Works_By_IP "), ("works-by-ip".into(), String::new()));
        assert_eq!(fact("event=1057"), ("event".into(), "1057".into()));
        assert_eq!(fact("client=Windows 7"), ("client".into(), "windows-7".into()));
        assert_eq!(fact("status=0xC000006E"), ("status".into(), "0xc000006e".into()));
        assert_eq!(fact("status=-1073741715"), ("status".into(), "0xc000006d".into()));
        assert_eq!(fact("alert=0x28"), ("alert".into(), "40".into()));
    }

    #[test]
    fn says_what_is_wrong_and_what_was_meant() {
        let error = |text: &str| read(text).unwrap_err();
        assert_eq!(error("work-by-ip"), "no fact is called \"work-by-ip\"; did you mean works-by-ip?");
        assert!(error("zzzzzzzz").contains("explain --facts"));
        assert!(error("").contains("explain --facts"));
        assert_eq!(error("event"), "the fact \"event\" takes a value: event=VALUE, a number");
        assert!(error("event=").contains("takes a value"));
        assert_eq!(error("vpn=yes"), "the fact \"vpn\" takes no value");
        assert!(error("role=king").contains("one of workstation, session-host"));
        for wrong in ["event=ten", "event=99999999999", "status=0x", "status=0xg", "alert=+4", "status=-9999999999"] {
            assert!(error(wrong).contains("is no value of"), "{wrong}");
        }
        assert!(!error("a\x1b[31m").contains('\x1b'));
    }

    #[test]
    fn every_row_is_whole_and_every_fact_makes_a_sentence() {
        assert_eq!(table::rows(TABLE).count(), FACTS.len());
        for (place, fact) in FACTS.iter().enumerate() {
            assert!(FACTS.iter().skip(place + 1).all(|other| other.id != fact.id), "{} stands twice", fact.id);
            assert_eq!(fact.values != Values::None, fact.meaning.contains("{}"), "{}", fact.id);
            assert!(!fact.meaning.ends_with('.') && !fact.examples.is_empty(), "{}", fact.id);
        }
        let fact = "server=2008r2".parse().unwrap();
        assert_eq!(sentence(&fact), "you said that the target runs 2008r2");
    }
}
