use thiserror::Error;

use super::MAX_LINE;

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RdpSetting {
    /// The number of its line, from 1.
    pub line: usize,
    /// Its name as it is spelt there; case does not matter.
    pub name: String,
    /// Its value.
    pub value: RdpValue,
}

impl RdpSetting {
    /// Whether it has this name, in whatever case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The value of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RdpValue {
    /// `i`: a number of 32 bits, with or without sign.
    Integer(i64),
    /// `s`: the rest of the line.
    Text(String),
    /// `b`: bytes in hexadecimal, as they are spelt.
    Binary(String),
    /// A password or an access token: dropped.
    Secret {
        /// How many characters it had.
        length: usize,
    },
}

impl RdpValue {
    /// The number, where it is one.
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Text(_) | Self::Binary(_) | Self::Secret { .. } => None,
        }
    }

    /// The text, where it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Integer(_) | Self::Binary(_) | Self::Secret { .. } => None,
        }
    }
}

/// Why a line is no setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LineFault {
    /// Not `name:type:value`.
    #[error("it is not of the form name:type:value")]
    NoSetting,
    /// Nothing before the first colon.
    #[error("the name is missing")]
    NoName,
    /// A type that no client knows.
    #[error("the type is none of i, s and b")]
    UnknownType,
    /// `i` without a number of 32 bits.
    #[error("the value is no whole number of 32 bits, which type i demands")]
    NoNumber,
    /// `b` without bytes.
    #[error("the value is not hexadecimal, which type b demands")]
    NoHexadecimal,
    /// Characters that belong in no setting, or bytes that are none.
    #[error("it holds control characters, or bytes that are no characters in the file's encoding")]
    Garbled,
    /// Longer than [`MAX_LINE`].
    #[error("it is too long")]
    TooLong,
}

/// Reads one line that is not empty.
pub(super) fn parse(line: usize, text: &str) -> Result<RdpSetting, LineFault> {
    if text.len() > MAX_LINE {
        return Err(LineFault::TooLong);
    }
    if text.chars().any(|char| char.is_control() || char == char::REPLACEMENT_CHARACTER) {
        return Err(LineFault::Garbled);
    }
    let mut parts = text.splitn(3, ':');
    let (Some(name), Some(kind), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(LineFault::NoSetting);
    };
    let name = name.trim_matches(|char: char| char.is_whitespace() || char == '\u{feff}');
    if name.is_empty() {
        return Err(LineFault::NoName);
    }
    let value = typed(kind, value)?;
    let value = if is_secret(name) { RdpValue::Secret { length: length(&value) } } else { value };
    Ok(RdpSetting { line, name: name.to_owned(), value })
}

fn typed(kind: &str, value: &str) -> Result<RdpValue, LineFault> {
    let hex = value.trim();
    match kind.trim() {
        "i" | "I" => integer(value.trim()).map(RdpValue::Integer),
        "s" | "S" => Ok(RdpValue::Text(value.to_owned())),
        "b" | "B" if hex.len().is_multiple_of(2) && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Ok(RdpValue::Binary(hex.to_owned()))
        }
        "b" | "B" => Err(LineFault::NoHexadecimal),
        _ => Err(LineFault::UnknownType),
    }
}

fn integer(text: &str) -> Result<i64, LineFault> {
    let number: i64 = text.parse().map_err(|_| LineFault::NoNumber)?;
    let fits = i32::try_from(number).is_ok() || u32::try_from(number).is_ok();
    if fits { Ok(number) } else { Err(LineFault::NoNumber) }
}

/// `password 51`, `gatewayaccesstoken` and what other programs call theirs. `prompt for credentials` is none.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "passwd", "secret", "token", "apikey"].iter().any(|word| name.contains(word))
}

fn length(value: &RdpValue) -> usize {
    match value {
        RdpValue::Integer(number) => number.to_string().len(),
        RdpValue::Text(text) | RdpValue::Binary(text) => text.chars().count(),
        RdpValue::Secret { length } => *length,
    }
}
