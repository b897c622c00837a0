//! The registry's own terms, the same for every back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::filetime::timestamp;
use crate::hex;

/// REG_SZ.
pub const REG_SZ: u32 = 1;
/// REG_EXPAND_SZ.
pub const REG_EXPAND_SZ: u32 = 2;
/// REG_BINARY.
pub const REG_BINARY: u32 = 3;
/// REG_DWORD.
pub const REG_DWORD: u32 = 4;
/// REG_MULTI_SZ.
pub const REG_MULTI_SZ: u32 = 7;
/// REG_QWORD.
pub const REG_QWORD: u32 = 11;

/// A key with its values and the names of the keys below it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Key {
    /// Its values.
    pub values: Vec<Value>,
    /// Names of the keys below.
    pub keys: Vec<String>,
    /// When it was last written.
    pub written: Option<Timestamp>,
}

impl Key {
    /// The value of this name, in whatever case.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|value| value.name.eq_ignore_ascii_case(name))
    }

    /// The text of a REG_SZ or REG_EXPAND_SZ.
    pub fn text(&self, name: &str) -> Option<String> {
        self.value(name).and_then(|value| value.data.text())
    }

    /// The number of a REG_DWORD.
    pub fn dword(&self, name: &str) -> Option<u32> {
        self.value(name).and_then(|value| value.data.dword())
    }

    /// The moment in two REG_DWORDs, the upper and the lower half of a FILETIME.
    pub fn time(&self, high: &str, low: &str) -> Option<Timestamp> {
        let filetime = (u64::from(self.dword(high)?) << 32) | u64::from(self.dword(low)?);
        timestamp(filetime).filter(|_| filetime > 0)
    }
}

/// A value; the default one has an empty name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub data: Data,
}

/// What a value holds, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Data {
    /// The type (REG_…).
    pub kind: u32,
    /// The bytes.
    #[serde(with = "hex")]
    pub bytes: Vec<u8>,
}

impl Data {
    /// A REG_DWORD.
    pub fn of_dword(number: u32) -> Self {
        Self { kind: REG_DWORD, bytes: number.to_le_bytes().to_vec() }
    }

    /// A REG_SZ, with its terminator.
    pub fn of_text(text: &str) -> Self {
        Self { kind: REG_SZ, bytes: utf16(text) }
    }

    /// A REG_EXPAND_SZ, with its terminator.
    pub fn of_expandable(text: &str) -> Self {
        Self { kind: REG_EXPAND_SZ, bytes: utf16(text) }
    }

    /// A REG_MULTI_SZ, with its terminators.
    pub fn of_list<'a>(items: impl IntoIterator<Item = &'a str>) -> Self {
        let mut bytes: Vec<u8> = items.into_iter().flat_map(utf16).collect();
        bytes.extend([0, 0]);
        Self { kind: REG_MULTI_SZ, bytes }
    }

    /// REG_BINARY.
    pub fn of_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self { kind: REG_BINARY, bytes: bytes.into() }
    }

    /// The number of a REG_DWORD of four bytes.
    pub fn dword(&self) -> Option<u32> {
        let bytes = self.bytes.as_slice().try_into().ok()?;
        (self.kind == REG_DWORD).then(|| u32::from_le_bytes(bytes))
    }

    /// The number of a REG_QWORD of eight bytes.
    pub fn qword(&self) -> Option<u64> {
        let bytes = self.bytes.as_slice().try_into().ok()?;
        (self.kind == REG_QWORD).then(|| u64::from_le_bytes(bytes))
    }

    /// The text of a REG_SZ or REG_EXPAND_SZ, up to its first terminator.
    pub fn text(&self) -> Option<String> {
        let text = matches!(self.kind, REG_SZ | REG_EXPAND_SZ);
        text.then(|| self.units().split(|unit| *unit == 0).next().map(String::from_utf16_lossy).unwrap_or_default())
    }

    /// The strings of a REG_MULTI_SZ, up to the first empty one.
    pub fn list(&self) -> Option<Vec<String>> {
        let units = (self.kind == REG_MULTI_SZ).then(|| self.units())?;
        Some(units.split(|unit| *unit == 0).take_while(|item| !item.is_empty()).map(String::from_utf16_lossy).collect())
    }

    fn units(&self) -> Vec<u16> {
        let pairs = self.bytes.chunks_exact(2);
        pairs.map(|pair| pair.iter().rev().fold(0, |unit, byte| (unit << 8) | u16::from(*byte))).collect()
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(Data::of_dword(3389).dword(), Some(3389));
        assert_eq!(Data::of_text("Straße").text().as_deref(), Some("Straße"));
        assert_eq!(Data::of_expandable("%SystemDrive%").text().as_deref(), Some("%SystemDrive%"));
        assert_eq!(Data::of_list(["a", "b"]).list(), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(Data::of_list([]).list(), Some(Vec::new()));
    }

    #[test]
    fn a_moment_has_two_halves() {
        let value = |name: &str, number| Value { name: name.to_owned(), data: Data::of_dword(number) };
        let key = |high, low| Key { values: vec![value("High", high), value("Low", low)], ..Key::default() };
        assert_eq!(key(0x019D_B1DE, 0xD53E_8000).time("High", "Low"), Some(Timestamp::UNIX_EPOCH));
        assert_eq!((key(0, 0).time("High", "Low"), key(1, 1).time("High", "Lower")), (None, None));
    }

    #[test]
    fn the_type_and_the_size_must_fit() {
        assert_eq!(Data::of_text("1").dword(), None);
        assert_eq!(Data { kind: REG_DWORD, bytes: vec![1, 0] }.dword(), None);
        assert_eq!(Data { kind: REG_QWORD, bytes: 7_u64.to_le_bytes().to_vec() }.qword(), Some(7));
        assert_eq!(Data::of_dword(1).text(), None);
        assert_eq!(
            Data { kind: REG_SZ, bytes: vec![b'a', 0, b'b', 0, 0, 0, b'c', 0, 9] }.text().as_deref(),
            Some("ab")
        );
    }
}
