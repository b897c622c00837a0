//! TPKT, the length frame around X.224 on TCP (ITU-T T.123 section 8, RFC 1006 section 6).

use crate::cursor::Cursor;
use crate::{DecodeError, EncodeError};

/// The length of the TPKT header in bytes.
pub const HEADER_LENGTH: usize = 4;

const VERSION: u8 = 3;
const SHORTEST: usize = 7;
const LONGEST: usize = 65535;

/// The length in bytes of the frame that starts `bytes`, header included; `None` while the header is incomplete.
///
/// Fails as soon as a byte says that this is no TPKT: version other than 3, or a length below 7.
pub fn frame_length(bytes: &[u8]) -> Result<Option<usize>, DecodeError> {
    let Some(&version) = bytes.first() else { return Ok(None) };
    if version != VERSION {
        return Err(DecodeError::Invalid { what: "TPKT version", value: version.into() });
    }
    let Some(&[_, _, high, low]) = bytes.first_chunk::<HEADER_LENGTH>() else { return Ok(None) };
    let length = u16::from_be_bytes([high, low]);
    if usize::from(length) < SHORTEST {
        return Err(DecodeError::Invalid { what: "TPKT length", value: length.into() });
    }
    Ok(Some(length.into()))
}

/// The payload of exactly one frame.
pub fn decode(frame: &[u8]) -> Result<&[u8], DecodeError> {
    let what = "TPKT";
    let Some(length) = frame_length(frame)? else {
        return Err(DecodeError::Truncated { what, needed: HEADER_LENGTH.saturating_sub(frame.len()) });
    };
    let mut cursor = Cursor::new(frame);
    let whole = cursor.take(length, what)?;
    cursor.finish(what)?;
    Ok(whole.get(HEADER_LENGTH..).unwrap_or_default())
}

/// A frame around a payload of 3 to 65531 bytes.
pub fn encode(payload: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let length = payload.len().saturating_add(HEADER_LENGTH);
    let too_long = EncodeError::TooLong { what: "TPKT", length, limit: LONGEST };
    let header = u16::try_from(length).map_err(|_| too_long)?.to_be_bytes();
    if length < SHORTEST {
        return Err(EncodeError::Empty { what: "TPKT payload" });
    }
    Ok([&[VERSION, 0], header.as_slice(), payload].concat())
}
