//! The part of ASN.1 DER (ITU-T X.690) that CredSSP and SPNEGO are made of.

use crate::DecodeError;
use crate::cursor::Cursor;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const ENUMERATED: u8 = 0x0a;
pub(super) const SEQUENCE: u8 = 0x30;

const LONG_FORM: u8 = 0x80;
const MAX_LENGTH_OCTETS: u8 = 4;

/// The tag of a constructed, context-specific element.
pub(super) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// An element of these parts.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).fold(0, usize::saturating_add);
    let mut out = vec![tag];
    write_length(&mut out, length);
    for part in parts {
        out.extend(*part);
    }
    out
}

/// An INTEGER of this value.
pub(super) fn integer(value: i64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let idle = bytes.windows(2).take_while(|pair| matches!(pair, [0, 0..=0x7f] | [0xff, 0x80..=0xff])).count();
    element(INTEGER, &[bytes.get(idle..).unwrap_or_default()])
}

/// The tag and the length of the content; fails on an indefinite length and on one of more than four octets.
pub(super) fn read_header(cursor: &mut Cursor<'_>, what: &'static str) -> Result<(u8, usize), DecodeError> {
    let tag = cursor.u8(what)?;
    let first = cursor.u8(what)?;
    if first < LONG_FORM {
        return Ok((tag, first.into()));
    }
    let octets = first & !LONG_FORM;
    if octets == 0 || octets > MAX_LENGTH_OCTETS {
        return Err(DecodeError::Invalid { what: "DER length octet", value: first.into() });
    }
    let length = cursor.take(octets.into(), what)?.iter().fold(0_u32, |length, octet| length << 8 | u32::from(*octet));
    Ok((tag, usize::try_from(length).unwrap_or(usize::MAX)))
}

/// The content of the next element, which must have this tag.
pub(super) fn read<'a>(cursor: &mut Cursor<'a>, tag: u8, what: &'static str) -> Result<&'a [u8], DecodeError> {
    let (found, content) = read_any(cursor, what)?;
    if found != tag {
        return Err(DecodeError::Invalid { what, value: found.into() });
    }
    Ok(content)
}

/// The next element: its tag and its content.
pub(super) fn read_any<'a>(cursor: &mut Cursor<'a>, what: &'static str) -> Result<(u8, &'a [u8]), DecodeError> {
    let (tag, length) = read_header(cursor, what)?;
    Ok((tag, cursor.take(length, what)?))
}

/// The content of the one element of this tag that makes up all of `bytes`.
pub(super) fn read_only<'a>(bytes: &'a [u8], tag: u8, what: &'static str) -> Result<&'a [u8], DecodeError> {
    let mut cursor = Cursor::new(bytes);
    let content = read(&mut cursor, tag, what)?;
    cursor.finish(what)?;
    Ok(content)
}

/// The INTEGER that makes up all of `bytes`.
pub(super) fn read_integer(bytes: &[u8], what: &'static str) -> Result<i64, DecodeError> {
    let content = read_only(bytes, INTEGER, what)?;
    let (length, limit) = (content.len(), size_of::<i64>());
    if length > limit {
        return Err(DecodeError::TooLong { what, length, limit });
    }
    let Some(first) = content.first() else {
        return Err(DecodeError::Truncated { what, needed: 1 });
    };
    let sign = if first & 0x80 == 0 { 0 } else { -1 };
    Ok(content.iter().fold(sign, |value, octet| value << 8 | i64::from(*octet)))
}

fn write_length(out: &mut Vec<u8>, length: usize) {
    if let Some(short) = u8::try_from(length).ok().filter(|length| *length < LONG_FORM) {
        out.push(short);
        return;
    }
    let bytes = length.to_be_bytes();
    let octets = bytes.iter().skip_while(|byte| **byte == 0).copied();
    out.push(LONG_FORM | u8::try_from(octets.clone().count()).unwrap_or(LONG_FORM));
    out.extend(octets);
}
