//! Remote Desktop connection files (.rdp): lines `name:type:value`, in whatever encoding a program left them.
//!
//! Passwords and access tokens never leave this reader, and of a damaged line only its number and its fault do.

mod encoding;
mod line;

pub use encoding::Encoding;
pub use line::{LineFault, RdpSetting, RdpValue};

use std::fmt::Write;

/// Bytes that are read of a file; real ones have a few thousand.
pub const MAX_BYTES: usize = 1 << 20;
/// Lines that are read.
pub const MAX_LINES: usize = 4096;
/// Characters of one line; the longest real one is a signature of some thousand.
pub const MAX_LINE: usize = 32 << 10;

/// A connection file as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RdpFile {
    /// How it was written.
    pub encoding: Encoding,
    /// Its settings in order, repeated ones included.
    pub settings: Vec<RdpSetting>,
    /// Lines that are no settings.
    pub damage: Vec<DamagedLine>,
    /// Whether it went on after [`MAX_BYTES`] or [`MAX_LINES`].
    pub cut: bool,
}

/// A line that is no setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DamagedLine {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: LineFault,
}

impl RdpFile {
    /// Reads a file. Any bytes make a file; what is no setting is [`RdpFile::damage`].
    pub fn parse(bytes: &[u8]) -> Self {
        let kept = bytes.get(..MAX_BYTES).unwrap_or(bytes);
        let (encoding, text) = encoding::decode(kept);
        let mut file = Self { encoding, settings: Vec::new(), damage: Vec::new(), cut: kept.len() < bytes.len() };
        for (index, text) in text.lines().enumerate() {
            if index == MAX_LINES {
                file.cut = true;
                break;
            }
            file.read_line(index + 1, text);
        }
        file
    }

    fn read_line(&mut self, number: usize, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        match line::parse(number, text) {
            Ok(setting) => self.settings.push(setting),
            Err(fault) => self.damage.push(DamagedLine { line: number, fault }),
        }
    }

    /// The setting of this name, in whatever case. Of repeated ones the last counts.
    pub fn get(&self, name: &str) -> Option<&RdpSetting> {
        self.settings.iter().rfind(|setting| setting.is(name))
    }

    /// The number of this name.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.value.number()
    }

    /// The text of this name, without spaces around it; none where it is empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.value.text().map(str::trim).filter(|text| !text.is_empty())
    }

    /// Settings that a later line repeats, each with that line's number.
    pub fn overridden(&self) -> impl Iterator<Item = (&RdpSetting, usize)> {
        let last = |setting: &RdpSetting| self.get(&setting.name).map_or(setting.line, |last| last.line);
        self.settings
            .iter()
            .map(move |setting| (setting, last(setting)))
            .filter(|(setting, last)| setting.line != *last)
    }

    /// Whether it carries a signature; whether that is valid is not looked at.
    pub fn is_signed(&self) -> bool {
        self.text("signature").is_some()
    }

    /// Names of the settings that the signature covers (`signscope`).
    pub fn signed_settings(&self) -> impl Iterator<Item = &str> {
        let scope = self.text("signscope").filter(|_| self.is_signed()).unwrap_or_default();
        scope.split(',').map(str::trim).filter(|name| !name.is_empty())
    }

    /// The settings as text with CRLF, without secrets and without damaged lines.
    pub fn to_text(&self) -> String {
        self.settings.iter().fold(String::new(), |mut text, RdpSetting { name, value, .. }| {
            // Writing to a string cannot fail.
            let _ = match value {
                RdpValue::Integer(number) => write!(text, "{name}:i:{number}\r\n"),
                RdpValue::Text(value) => write!(text, "{name}:s:{value}\r\n"),
                RdpValue::Binary(hex) => write!(text, "{name}:b:{hex}\r\n"),
                RdpValue::Secret { .. } => Ok(()),
            };
            text
        })
    }
}
