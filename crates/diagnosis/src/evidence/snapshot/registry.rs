use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A registry key: its values, and the names of the keys below it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct RegistryKey {
    /// Values by name as it is spelt there; the default value has an empty name.
    #[serde(default)]
    pub values: BTreeMap<String, RegistryValue>,
    /// Names of the keys below.
    #[serde(default)]
    pub keys: Vec<String>,
    /// When it was last written.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub written: Option<Timestamp>,
}

impl RegistryKey {
    /// The value of this name, in whatever case.
    pub fn value(&self, name: &str) -> Option<&RegistryValue> {
        self.values.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// The data of a registry value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RegistryValue {
    /// REG_DWORD.
    Dword(u32),
    /// REG_QWORD.
    Qword(u64),
    /// REG_SZ.
    Sz(String),
    /// REG_EXPAND_SZ, not expanded.
    ExpandSz(String),
    /// REG_MULTI_SZ.
    MultiSz(Vec<String>),
    /// REG_BINARY in hexadecimal.
    Binary(String),
    /// Any other type, or data that does not fit its type.
    Other {
        /// The number of the type.
        kind: u32,
        /// The data in hexadecimal.
        data: String,
    },
}

impl RegistryValue {
    /// The number, where it is one.
    pub fn number(&self) -> Option<u64> {
        match self {
            Self::Dword(number) => Some(u64::from(*number)),
            Self::Qword(number) => Some(*number),
            _ => None,
        }
    }

    /// The text, where it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Sz(text) | Self::ExpandSz(text) => Some(text),
            _ => None,
        }
    }

    /// The strings of a list. Policies write lists as one text with commas.
    pub fn list(&self) -> Option<Vec<&str>> {
        match self {
            Self::MultiSz(list) => Some(list.iter().map(String::as_str).collect()),
            Self::Sz(text) | Self::ExpandSz(text) => {
                Some(text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect())
            }
            _ => None,
        }
    }

    /// The bytes in hexadecimal, where it is binary.
    pub fn hex(&self) -> Option<&str> {
        match self {
            Self::Binary(hex) | Self::Other { data: hex, .. } => Some(hex),
            _ => None,
        }
    }
}

/// What a snapshot knows of one registry value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueSeen<'a> {
    /// The key was not read, or could not be.
    Unread,
    /// The key or the value is not there.
    Absent,
    /// It is there.
    Value(&'a RegistryValue),
}

impl<'a> ValueSeen<'a> {
    /// The value, where it is there.
    pub fn value(self) -> Option<&'a RegistryValue> {
        match self {
            Self::Value(value) => Some(value),
            Self::Unread | Self::Absent => None,
        }
    }

    /// Whether it is known whether it is there.
    pub fn is_read(self) -> bool {
        self != Self::Unread
    }
}

/// Who decides a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// Group policy, or what was written where it writes.
    Policy,
    /// The local value.
    Local,
    /// Neither is set.
    Default,
}

/// What a setting amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce<'a> {
    /// The value that decides.
    pub seen: ValueSeen<'a>,
    /// Where it is.
    pub by: Authority,
    /// What Windows does where nothing is set, where that is known and a number.
    pub default: Option<u64>,
}

impl InForce<'_> {
    /// The number that holds, the built-in default where nothing is set; none where it is not known.
    pub fn number(self) -> Option<u64> {
        match self.seen {
            ValueSeen::Value(value) => value.number(),
            ValueSeen::Absent => self.default,
            ValueSeen::Unread => None,
        }
    }
}
