//! `cookie` and `routingToken` of the Connection Request (MS-RDPBCGR 2.2.1.1): one line of text before the negotiation.

use crate::cursor::Cursor;
use crate::{DecodeError, EncodeError};

const COOKIE_PREFIX: &[u8] = b"Cookie: mstshash=";
const LINE_END: &[u8] = b"\r\n";
/// So that cookie, `RDP_NEG_REQ` and correlation info fit the one-byte length indicator of X.224 (254).
const LONGEST_LINE: usize = 254 - 6 - 8 - 36 - LINE_END.len();

/// The line that brokers and balancers route by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Routing {
    /// `Cookie: mstshash=…`: usually the first characters of the user's name.
    Cookie(Cookie),
    /// `Cookie: msts=…`, `tsv://…` or what else a broker handed out.
    Token(Token),
}

/// The value behind `mstshash=`: no control characters, at most 185 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cookie(String);

/// A routing token without its line end: it starts with a visible ASCII character, at most 202 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Token(Vec<u8>);

impl Routing {
    /// An mstshash cookie; fails on control characters or more than 185 bytes.
    pub fn cookie(value: &str) -> Result<Self, EncodeError> {
        Cookie::new(value).map(Self::Cookie)
    }

    /// A routing token as the broker gave it, with or without its line end.
    pub fn token(line: &[u8]) -> Result<Self, EncodeError> {
        Token::new(line).map(Self::Token)
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Option<Self>, DecodeError> {
        if !cursor.rest().first().is_some_and(u8::is_ascii_graphic) {
            return Ok(None);
        }
        let what = "routing token or cookie";
        let line = cursor.rest().split(|byte| *byte == b'\r').next().unwrap_or_default();
        if let Some(&byte) = line.iter().find(|byte| **byte == b'\n') {
            return Err(DecodeError::ForbiddenByte { what, byte });
        }
        if line.len() > LONGEST_LINE {
            return Err(DecodeError::TooLong { what, length: line.len(), limit: LONGEST_LINE });
        }
        cursor.take(line.len(), what)?;
        let [_, end] = cursor.array("line end of the routing token or cookie")?;
        if end != b'\n' {
            return Err(DecodeError::ForbiddenByte { what, byte: b'\r' });
        }
        Ok(Some(Cookie::from_line(line).map_or_else(|| Self::Token(Token(line.to_vec())), Self::Cookie)))
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Cookie(cookie) => {
                out.extend(COOKIE_PREFIX);
                out.extend(cookie.0.as_bytes());
            }
            Self::Token(token) => out.extend(&token.0),
        }
        out.extend(LINE_END);
    }
}

impl Cookie {
    /// Fails on control characters or more than 185 bytes.
    pub fn new(value: &str) -> Result<Self, EncodeError> {
        let what = "mstshash cookie";
        if let Some(character) = value.chars().find(|c| c.is_control()) {
            return Err(EncodeError::ForbiddenCharacter { what, character });
        }
        let limit = LONGEST_LINE - COOKIE_PREFIX.len();
        if value.len() > limit {
            return Err(EncodeError::TooLong { what, length: value.len(), limit });
        }
        Ok(Self(value.to_owned()))
    }

    /// The value behind `mstshash=`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn from_line(line: &[u8]) -> Option<Self> {
        let value = line.strip_prefix(COOKIE_PREFIX)?;
        std::str::from_utf8(value).ok().and_then(|value| Self::new(value).ok())
    }
}

impl Token {
    /// Takes the token with or without its line end.
    pub fn new(line: &[u8]) -> Result<Self, EncodeError> {
        let what = "routing token";
        let line = line.strip_suffix(LINE_END).unwrap_or(line);
        let Some(&first) = line.first() else { return Err(EncodeError::Empty { what }) };
        if !first.is_ascii_graphic() {
            return Err(EncodeError::ForbiddenCharacter { what, character: first.into() });
        }
        if let Some(&byte) = line.iter().find(|byte| LINE_END.contains(byte)) {
            return Err(EncodeError::ForbiddenCharacter { what, character: byte.into() });
        }
        if line.len() > LONGEST_LINE {
            return Err(EncodeError::TooLong { what, length: line.len(), limit: LONGEST_LINE });
        }
        if Cookie::from_line(line).is_some() {
            return Err(EncodeError::TokenIsCookie);
        }
        Ok(Self(line.to_vec()))
    }

    /// The token without its line end.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
