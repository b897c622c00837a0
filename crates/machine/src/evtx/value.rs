//! Values of binary XML and how Windows writes them as text (MS-EVEN6 section 3.1.4.7.3).

use std::fmt::Write as _;

use super::Defect;
use super::token::Utf16;
pub(super) use crate::filetime::{filetime, timestamp};

pub(super) const NULL: u8 = 0x00;
pub(super) const STRING: u8 = 0x01;
pub(super) const BINARY: u8 = 0x0E;
pub(super) const FILETIME: u8 = 0x11;
pub(super) const BIN_XML: u8 = 0x21;
/// Added to a type: several values of it.
pub(super) const ARRAY: u8 = 0x80;

/// The low 16 bits of an unsigned number.
pub(super) fn low_word(kind: u8, bytes: &[u8]) -> Option<u16> {
    match (kind, bytes) {
        (0x04, &[low]) => Some(u16::from(low)),
        (0x06, &[low, high]) | (0x08 | 0x14, &[low, high, ..]) => Some(u16::from_le_bytes([low, high])),
        _ => None,
    }
}

/// Splits an array into its values.
pub(super) fn elements(kind: u8, bytes: &[u8]) -> Result<Vec<&[u8]>, Defect> {
    let kind = kind & !ARRAY;
    match kind {
        STRING => Ok(strings(bytes, 2)),
        0x02 => Ok(strings(bytes, 1)),
        _ => match size(kind) {
            Some(size) if bytes.len().is_multiple_of(size) => Ok(bytes.chunks(size).collect()),
            _ => Err(Defect::Value(kind | ARRAY)),
        },
    }
}

/// Strings of units of `width` bytes, each ended by a zero unit.
fn strings(bytes: &[u8], width: usize) -> Vec<&[u8]> {
    let is_end = |unit: &[u8]| unit.iter().all(|&byte| byte == 0);
    let mut found = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = rest.chunks(width).position(is_end).map_or(rest.len(), |units| units * width);
        let (string, tail) = rest.split_at(length);
        found.push(string);
        rest = tail.get(width..).unwrap_or_default();
    }
    found
}

/// The fixed size of a value in bytes.
fn size(kind: u8) -> Option<usize> {
    match kind {
        0x03 | 0x04 => Some(1),
        0x05 | 0x06 => Some(2),
        0x07 | 0x08 | 0x0B | 0x0D | 0x14 => Some(4),
        0x09 | 0x0A | 0x0C | 0x11 | 0x15 => Some(8),
        0x0F | 0x12 => Some(16),
        _ => None,
    }
}

/// One value as Windows writes it.
pub(super) fn text(kind: u8, bytes: &[u8]) -> Result<String, Defect> {
    if kind == STRING {
        return Ok(Utf16(bytes).text());
    }
    let length = if bytes.is_empty() { 0 } else { usual_length(kind) };
    let mut text = String::with_capacity(length);
    append(kind, bytes, &mut text).map(|()| text)
}

/// As long is the text of most values of a type.
fn usual_length(kind: u8) -> usize {
    match kind {
        NULL => 0,
        0x0F => 38,
        FILETIME | 0x13 => 48,
        _ => 16,
    }
}

/// An unsigned number of the size that its type has.
pub(super) fn number(kind: u8, bytes: &[u8]) -> Option<u64> {
    match (kind, bytes) {
        (0x04, &[byte]) => Some(byte.into()),
        (0x06, &[a, b]) => Some(u16::from_le_bytes([a, b]).into()),
        (0x08, &[a, b, c, d]) => Some(u32::from_le_bytes([a, b, c, d]).into()),
        (0x0A | FILETIME, bytes) => bytes.try_into().ok().map(u64::from_le_bytes),
        _ => None,
    }
}

/// Appends one value as Windows writes it. What is empty has no text, whatever its type.
pub(super) fn append(kind: u8, bytes: &[u8], text: &mut String) -> Result<(), Defect> {
    if bytes.is_empty() || kind == NULL {
        return Ok(());
    }
    let wrong = Defect::Value(kind);
    match kind {
        STRING | 0x23 => Utf16(bytes).append_to(text),
        // The code page is not known; Latin-1 is the nearest that loses nothing.
        0x02 => text.extend(bytes.iter().filter(|&&byte| byte != 0).map(|&byte| char::from(byte))),
        BINARY => append_hex(bytes, text),
        0x13 => append_sid(bytes, text).ok_or(wrong)?,
        0x10 | 0x20 => append_pointer(bytes, text).ok_or(wrong)?,
        _ => {
            let size = size(kind).ok_or(Defect::Value(kind))?;
            let value = bytes.get(..size).ok_or(wrong)?;
            append_fixed(kind, value, text);
        }
    }
    Ok(())
}

/// Appends a value of fixed size. Writing into a string cannot fail.
fn append_fixed(kind: u8, bytes: &[u8], text: &mut String) {
    let mut padded = [0; 8];
    for (to, from) in padded.iter_mut().zip(bytes) {
        *to = *from;
    }
    let wide = u64::from_le_bytes(padded);
    let [b0, b1, b2, b3, ..] = padded;
    let quarter = [b0, b1, b2, b3];
    let _ = match kind {
        0x03 => write!(text, "{}", i8::from_le_bytes([b0])),
        0x05 => write!(text, "{}", i16::from_le_bytes([b0, b1])),
        0x07 => write!(text, "{}", i32::from_le_bytes(quarter)),
        0x09 => write!(text, "{}", i64::from_le_bytes(padded)),
        0x0B => write!(text, "{}", f32::from_le_bytes(quarter)),
        0x0C => write!(text, "{}", f64::from_le_bytes(padded)),
        // Windows stores bit masks as booleans at times: then the number says more.
        0x0D => match wide {
            0 => write!(text, "false"),
            1 => write!(text, "true"),
            _ => write!(text, "{}", i32::from_le_bytes(quarter)),
        },
        0x0F => {
            append_guid(bytes, text);
            Ok(())
        }
        0x11 => append_filetime(wide, text),
        0x12 => append_system_time(bytes, text),
        0x14 | 0x15 => write!(text, "{wide:#x}"),
        _ => write!(text, "{wide}"),
    };
}

fn append_hex(bytes: &[u8], text: &mut String) {
    append_digits(bytes, *b"0123456789ABCDEF", text);
}

fn append_digits(bytes: &[u8], digits: [u8; 16], text: &mut String) {
    let digit = |value: u8| digits.get(usize::from(value)).map_or('0', |&digit| char::from(digit));
    text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
}

fn append_pointer(bytes: &[u8], text: &mut String) -> Option<()> {
    let value = match bytes.len() {
        4 => u64::from(u32::from_le_bytes(bytes.try_into().ok()?)),
        _ => u64::from_le_bytes(bytes.try_into().ok()?),
    };
    write!(text, "{value:#x}").ok()
}

fn append_guid(bytes: &[u8], text: &mut String) {
    let &[a0, a1, a2, a3, b0, b1, c0, c1, d0, d1, ref rest @ ..] = bytes else { return };
    let parts: [&[u8]; 5] = [&[a3, a2, a1, a0], &[b1, b0], &[c1, c0], &[d0, d1], rest];
    for (part, before) in parts.into_iter().zip(['{', '-', '-', '-', '-']) {
        text.push(before);
        append_digits(part, *b"0123456789abcdef", text);
    }
    text.push('}');
}

fn append_filetime(filetime: u64, text: &mut String) -> std::fmt::Result {
    match timestamp(filetime) {
        Some(time) => write!(text, "{time:.7}"),
        None => write!(text, "{filetime}"),
    }
}

fn append_system_time(bytes: &[u8], text: &mut String) -> std::fmt::Result {
    let (units, _) = bytes.as_chunks();
    let mut units = units.iter().map(|&unit| u16::from_le_bytes(unit));
    let mut next = || units.next().unwrap_or(0);
    let (year, month, _, day) = (next(), next(), next(), next());
    let (hour, minute, second, milliseconds) = (next(), next(), next(), next());
    write!(text, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z")
}

/// A SID (MS-DTYP section 2.4.2).
fn append_sid(bytes: &[u8], text: &mut String) -> Option<()> {
    let (&[revision, count, a0, a1, a2, a3, a4, a5], rest) = bytes.split_first_chunk::<8>()?;
    let authority = u64::from_be_bytes([0, 0, a0, a1, a2, a3, a4, a5]);
    let parts = rest.get(..usize::from(count) * 4)?;
    write!(text, "S-{revision}-").ok()?;
    if authority >> 32 == 0 {
        write!(text, "{authority}").ok()?;
    } else {
        write!(text, "{authority:#x}").ok()?;
    }
    for &part in parts.as_chunks().0 {
        write!(text, "-{}", u32::from_le_bytes(part)).ok()?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn shown(kind: u8, bytes: &[u8]) -> Result<String, Defect> {
        let mut text = String::new();
        append(kind, bytes, &mut text).map(|()| text)
    }

    #[test]
    fn values_are_written_as_windows_writes_them() {
        let guid = [0x25, 0x96, 0x84, 0x54, 0x78, 0x54, 0x94, 0x49, 0xA5, 0xBA, 0x3E, 0x3B, 3, 0x28, 0xC3, 0x0D];
        let cases: [(u8, &[u8], &str); 22] = [
            (0x00, b"", ""),
            (0x01, b"a\0\xE9\0\0\0", "aé"),
            (0x02, b"ab\xE9\0", "abé"),
            (0x03, &[0xFF], "-1"),
            (0x04, &[0xFF], "255"),
            (0x05, &[0xFE, 0xFF], "-2"),
            (0x06, &[0xFE, 0xFF], "65534"),
            (0x07, &[0xFF; 4], "-1"),
            (0x08, &[0xFF; 4], "4294967295"),
            (0x09, &[0xFF; 8], "-1"),
            (0x0A, &[0xFF; 8], "18446744073709551615"),
            (0x0B, &1.5_f32.to_le_bytes(), "1.5"),
            (0x0C, &(-0.25_f64).to_le_bytes(), "-0.25"),
            (0x0D, &[1, 0, 0, 0], "true"),
            (0x0D, &[0, 1, 0, 0], "256"),
            (0x0E, &[0x0A, 0xFF], "0AFF"),
            (0x0F, &guid, "{54849625-5478-4994-a5ba-3e3b0328c30d}"),
            (0x10, &[0, 0, 1, 0], "0x10000"),
            (0x12, &[0xE4, 7, 9, 0, 6, 0, 19, 0, 3, 0, 19, 0, 26, 0, 7, 0], "2020-09-19T03:19:26.007Z"),
            (0x13, &[1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0], "S-1-5-32-544"),
            (0x14, &[0x6D, 0, 0, 0xC0], "0xc000006d"),
            (0x15, &[0xF4, 1, 0, 0, 0, 0, 0, 0], "0x1f4"),
        ];
        for (kind, bytes, text) in cases {
            assert_eq!(shown(kind, bytes).as_deref(), Ok(text), "{kind:#x}");
        }
    }

    #[test]
    fn times_keep_their_seven_digits() {
        let time: Timestamp = "2020-09-19T03:19:26.1234567Z".parse().unwrap();
        assert_eq!(shown(0x11, &filetime(time).to_le_bytes()).unwrap(), "2020-09-19T03:19:26.1234567Z");
        assert_eq!(shown(0x11, &[0; 8]).unwrap(), "1601-01-01T00:00:00.0000000Z");
        assert_eq!(shown(0x11, &[0xFF; 8]).unwrap(), u64::MAX.to_string());
    }

    #[test]
    fn sizes_that_cannot_be_are_refused() {
        for (kind, bytes) in [(0x08, &[1, 2][..]), (0x13, &[1, 9, 0, 0, 0, 0, 0, 5]), (0x10, &[1]), (0x77, &[1])] {
            assert_eq!(shown(kind, bytes), Err(Defect::Value(kind)));
        }
        assert_eq!(elements(0x88, &[0; 6]), Err(Defect::Value(0x88)));
    }

    #[test]
    fn arrays_are_split() {
        assert_eq!(elements(0x81, b"a\0\0\0\0\0b\0c\0\0\0").unwrap(), [&b"a\0"[..], b"", b"b\0c\0"]);
        assert_eq!(elements(0x82, b"a\0bc").unwrap(), [&b"a"[..], b"bc"]);
        assert_eq!(elements(0x86, &[1, 0, 2, 0]).unwrap(), [[1, 0], [2, 0]]);
    }
}
