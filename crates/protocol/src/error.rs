//! What is wrong with bytes that were read or with a value that was to be written.

use std::fmt;

use thiserror::Error;

/// Why bytes are not what they should be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end inside the named field.
    #[error("{what} is cut short: {needed} more bytes needed")]
    Truncated {
        /// The field that is cut short.
        what: &'static str,
        /// How many bytes are missing, at least.
        needed: usize,
    },
    /// A field holds a value that the specification does not allow there.
    #[error("{what} is {value:#x}")]
    Invalid {
        /// The field.
        what: &'static str,
        /// The value found.
        value: u64,
    },
    /// A length or count exceeds what the protocol or we allow.
    #[error("{what} is {length} long, at most {limit} allowed")]
    TooLong {
        /// The field.
        what: &'static str,
        /// The length announced or found.
        length: usize,
        /// The most that is accepted.
        limit: usize,
    },
    /// Bytes are left over behind a complete structure.
    #[error("{count} bytes too many after {what}")]
    TrailingBytes {
        /// The structure that is complete.
        what: &'static str,
        /// How many bytes are left.
        count: usize,
    },
    /// A structure stands where the exchange has no place for it.
    #[error("{what} does not belong here")]
    Unexpected {
        /// The structure.
        what: &'static str,
    },
    /// A line of text holds a byte that does not belong there.
    #[error("{what} holds the byte {byte:#04x}")]
    ForbiddenByte {
        /// The text.
        what: &'static str,
        /// The byte.
        byte: u8,
    },
    /// The peer speaks no TLS at all.
    #[error("not a TLS record, it starts with {}", Hex(first))]
    NotTls {
        /// The first bytes of the peer, at most 16.
        first: Vec<u8>,
    },
}

/// Why a value cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A field is longer than its length prefix or the protocol allows.
    #[error("{what} is {length} long, at most {limit} allowed")]
    TooLong {
        /// The field.
        what: &'static str,
        /// Its length.
        length: usize,
        /// The most that can be written.
        limit: usize,
    },
    /// A field that must not be empty is.
    #[error("{what} is empty")]
    Empty {
        /// The field.
        what: &'static str,
    },
    /// A character would end the line or otherwise change the meaning of the message.
    #[error("{what} must not hold {character:?}")]
    ForbiddenCharacter {
        /// The field.
        what: &'static str,
        /// The character.
        character: char,
    },
    /// A routing token reads as an mstshash cookie.
    #[error("the routing token is an mstshash cookie")]
    TokenIsCookie,
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, byte) in self.0.iter().enumerate() {
            let separator = if position == 0 { "" } else { " " };
            write!(f, "{separator}{byte:02x}")?;
        }
        Ok(())
    }
}
