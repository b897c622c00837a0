//! Cipher suites by code point and name.

use super::cipher_names::NAMES;

/// A cipher suite: the code point of the IANA registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CipherSuite(pub u16);

impl CipherSuite {
    /// The name in the IANA registry.
    pub fn name(self) -> Option<&'static str> {
        let position = NAMES.binary_search_by_key(&self.0, |(code, _)| *code).ok()?;
        NAMES.get(position).map(|(_, name)| *name)
    }

    /// The suite with this name in the IANA registry.
    pub fn from_name(text: &str) -> Option<Self> {
        crate::names::value_of(NAMES, text).map(Self)
    }

    /// Every suite with a name, by code point.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(code, _)| Self(*code))
    }
}

named_value!(CipherSuite(u16), 6);
