//! Bytes as lower-case hexadecimal digits, and back; also as the form of a field in serde.

use serde::{Deserialize as _, Deserializer, Serializer, de};

/// Two digits for each byte.
pub fn of(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

/// What the digits spell; none where there is anything but pairs of digits.
pub fn read(text: &str) -> Option<Vec<u8>> {
    let digit = |letter: u8| char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

/// For `#[serde(with = "hex")]`.
pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&of(bytes))
}

/// For `#[serde(with = "hex")]`.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    read(&text).ok_or_else(|| de::Error::custom("no hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(of(&[0, 0x1f, 0xa0]), "001fa0");
        assert_eq!(read("001fA0"), Some(vec![0, 0x1f, 0xa0]));
        assert_eq!((read("0"), read("0g"), read("")), (None, None, Some(Vec::new())));
    }
}
