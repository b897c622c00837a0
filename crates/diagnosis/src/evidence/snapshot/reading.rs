use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One fact of a snapshot: read, looked for in vain, or not looked for. The last two never mean "no"; *absent* is a value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reading<T> {
    /// It was read.
    Observed(T),
    /// It was looked for and could not be read, for this reason.
    NotObtained(String),
    /// Nobody looked.
    #[default]
    NotTried,
}

impl<T> Reading<T> {
    /// The value, where it was read.
    pub fn observed(&self) -> Option<&T> {
        match self {
            Self::Observed(value) => Some(value),
            Self::NotObtained(_) | Self::NotTried => None,
        }
    }

    /// Whether somebody looked, successfully or not.
    pub fn is_tried(&self) -> bool {
        !matches!(self, Self::NotTried)
    }

    /// The same with something made of the value.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Reading<U> {
        match self {
            Self::Observed(value) => Reading::Observed(make(value)),
            Self::NotObtained(why) => Reading::NotObtained(why),
            Self::NotTried => Reading::NotTried,
        }
    }

    /// Why it could not be read.
    pub fn why_not(&self) -> Option<&str> {
        match self {
            Self::NotObtained(why) => Some(why),
            Self::Observed(_) | Self::NotTried => None,
        }
    }
}

impl<T, E: ToString> From<Result<T, E>> for Reading<T> {
    fn from(result: Result<T, E>) -> Self {
        result.map_or_else(|why| Self::NotObtained(why.to_string()), Self::Observed)
    }
}
