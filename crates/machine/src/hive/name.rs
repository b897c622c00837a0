//! Names of keys and values, and how Windows compares them.

/// A name as it is stored: extended ASCII or UTF-16.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a> {
    pub(super) raw: &'a [u8],
    /// One byte for each character, otherwise two.
    pub(super) compressed: bool,
}

impl<'a> Name<'a> {
    pub(super) fn units(self) -> impl Iterator<Item = u16> + 'a {
        let unit = |bytes: &[u8]| bytes.iter().rev().fold(0, |unit, byte| (unit << 8) | u16::from(*byte));
        self.raw.chunks_exact(if self.compressed { 1 } else { 2 }).map(unit)
    }

    /// Its text; half surrogates become U+FFFD.
    pub(super) fn text(self) -> String {
        char::decode_utf16(self.units()).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    }

    pub(super) fn is(self, other: &str) -> bool {
        self.units().map(upper).eq(other.encode_utf16().map(upper))
    }
}

/// A name as it will be stored, and whether one byte was enough for each character.
pub(super) fn stored(name: &str) -> (Vec<u8>, bool) {
    match name.chars().map(|letter| u8::try_from(u32::from(letter))).collect() {
        Ok(bytes) => (bytes, true),
        Err(_) => (name.encode_utf16().flat_map(u16::to_le_bytes).collect(), false),
    }
}

/// The hash of a key's name in a list of subkeys (`lh`).
pub(super) fn hash(units: &[u16]) -> u32 {
    units.iter().fold(0, |hash: u32, unit| hash.wrapping_mul(37).wrapping_add(upper(*unit).into()))
}

/// The upper case of one UTF-16 unit. As in Windows, no letter beyond ASCII has an upper case within it.
pub(super) fn upper(unit: u16) -> u16 {
    let Some(letter) = char::from_u32(unit.into()) else { return unit };
    let mut cases = letter.to_uppercase();
    match (cases.next().map(u32::from).and_then(|upper| u16::try_from(upper).ok()), cases.next()) {
        (Some(upper), None) if upper.min(unit) >= 0x80 || unit < 0x80 => upper,
        _ => unit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_in_upper_case() {
        assert!(Name { raw: b"TermService", compressed: true }.is("TERMSERVICE"));
        assert!(Name { raw: b"M\xfcller", compressed: true }.is("MÜLLER"));
        let wide: Vec<u8> = "Ελλάδα".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(Name { raw: &wide, compressed: false }.is("ΕΛΛΆΔΑ"));
        assert!(!Name { raw: b"RDP-Tcp", compressed: true }.is("RDP-Tc"));
        assert!(!Name { raw: b"I", compressed: true }.is("ı"));
        assert!(!Name { raw: b"S", compressed: true }.is("ſ"));
        assert!(!Name { raw: b"SS", compressed: true }.is("ß"));
    }

    #[test]
    fn the_hash_is_of_the_upper_case() {
        let units: Vec<u16> = "aB".encode_utf16().collect();
        assert_eq!(hash(&units), 37 * 0x41 + 0x42);
    }

    #[test]
    fn half_a_surrogate_has_a_text() {
        assert_eq!(Name { raw: &[0x00, 0xD8, b'a', 0], compressed: false }.text(), "\u{FFFD}a");
        assert_eq!(Name { raw: &[], compressed: true }.text(), "");
    }
}
