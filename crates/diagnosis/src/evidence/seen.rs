use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One wanted fact: seen, looked for in vain, or not looked for. The last two never mean "no".
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Seen<T> {
    /// It was read. *Absent* is a value too.
    Observed {
        /// What was read.
        value: T,
        /// Who read it.
        source: Source,
        /// When.
        #[schemars(with = "String")]
        at: Timestamp,
    },
    /// It was looked for and could not be read.
    NotObtained {
        /// Why not, in a few words.
        why: String,
    },
    /// Nobody looked.
    #[default]
    NotTried,
}

impl<T> Seen<T> {
    /// A value that the probe read.
    pub fn by_probe(value: T, at: Timestamp) -> Self {
        Self::Observed { value, source: Source::Probe, at }
    }

    /// The value, where it was read.
    pub fn observed(&self) -> Option<&T> {
        match self {
            Self::Observed { value, .. } => Some(value),
            Self::NotObtained { .. } | Self::NotTried => None,
        }
    }

    /// Whether nobody has looked yet.
    pub fn is_not_tried(&self) -> bool {
        matches!(self, Self::NotTried)
    }
}

/// Where a fact comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A live measurement over the network.
    Probe,
    /// What the user said.
    User,
}
