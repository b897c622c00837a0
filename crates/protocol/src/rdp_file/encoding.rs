use std::fmt;

const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";
/// Code units looked at where no byte order mark tells.
const SAMPLE: usize = 256;

/// How a file was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-16 LE, which mstsc writes.
    Utf16Le {
        /// Whether it begins with a byte order mark.
        bom: bool,
    },
    /// UTF-16 BE.
    Utf16Be {
        /// Whether it begins with a byte order mark.
        bom: bool,
    },
    /// UTF-8, plain ASCII included.
    Utf8 {
        /// Whether it begins with a byte order mark.
        bom: bool,
    },
    /// Some code page of 8 bits; what is not ASCII is read as Latin-1.
    EightBit,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf16Le { bom: true } => "UTF-16 LE",
            Self::Utf16Le { bom: false } => "UTF-16 LE without a byte order mark",
            Self::Utf16Be { bom: true } => "UTF-16 BE",
            Self::Utf16Be { bom: false } => "UTF-16 BE without a byte order mark",
            Self::Utf8 { bom: true } => "UTF-8 with a byte order mark",
            Self::Utf8 { bom: false } => "UTF-8",
            Self::EightBit => "an 8-bit code page",
        })
    }
}

/// The text, with U+FFFD for what is none.
pub(super) fn decode(bytes: &[u8]) -> (Encoding, String) {
    let encoding = detect(bytes);
    let text = match encoding {
        Encoding::Utf16Le { bom } => utf16(bytes, bom, u16::from_le_bytes),
        Encoding::Utf16Be { bom } => utf16(bytes, bom, u16::from_be_bytes),
        Encoding::Utf8 { bom } => {
            let skipped = if bom { UTF8_BOM.len() } else { 0 };
            String::from_utf8_lossy(bytes.get(skipped..).unwrap_or_default()).into_owned()
        }
        Encoding::EightBit => bytes.iter().copied().map(char::from).collect(),
    };
    (encoding, text)
}

fn detect(bytes: &[u8]) -> Encoding {
    match bytes {
        [0xff, 0xfe, ..] => Encoding::Utf16Le { bom: true },
        [0xfe, 0xff, ..] => Encoding::Utf16Be { bom: true },
        _ if bytes.starts_with(UTF8_BOM) => Encoding::Utf8 { bom: true },
        _ => detect_without_mark(bytes),
    }
}

/// Names are ASCII: in UTF-16 nearly every other byte is zero. A cut may have split the last character of UTF-8.
fn detect_without_mark(bytes: &[u8]) -> Encoding {
    let pairs = || bytes.chunks_exact(2).take(SAMPLE);
    let zeroes = |place: usize| pairs().filter(|pair| pair.get(place) == Some(&0)).count();
    let (first, second, all) = (zeroes(0), zeroes(1), pairs().count());
    match () {
        () if second > all / 2 && first == 0 => Encoding::Utf16Le { bom: false },
        () if first > all / 2 && second == 0 => Encoding::Utf16Be { bom: false },
        () => match std::str::from_utf8(bytes) {
            Err(error) if error.error_len().is_some() => Encoding::EightBit,
            Ok(_) | Err(_) => Encoding::Utf8 { bom: false },
        },
    }
}

fn utf16(bytes: &[u8], bom: bool, unit: fn([u8; 2]) -> u16) -> String {
    let bytes = bytes.get(if bom { 2 } else { 0 }..).unwrap_or_default();
    let pairs = bytes.chunks_exact(2);
    let odd = !pairs.remainder().is_empty();
    let units = pairs.filter_map(|pair| <[u8; 2]>::try_from(pair).ok()).map(unit);
    let text = char::decode_utf16(units).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER));
    text.chain(odd.then_some(char::REPLACEMENT_CHARACTER)).collect()
}
