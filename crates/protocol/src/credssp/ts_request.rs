//! `TSRequest` (MS-CSSP section 2.2.1).

use super::der::{self, context};
use crate::DecodeError;
use crate::cursor::Cursor;

/// The longest `TSRequest` in bytes that is accepted, header included.
pub const DEFAULT_LIMIT: usize = 64 * 1024;

const WHAT: &str = "TSRequest";
const MAX_TOKENS: usize = 16;

/// One message of CredSSP.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TsRequest {
    /// The newest version that the sender speaks.
    pub version: u32,
    /// `negoTokens`: SPNEGO or raw NTLM messages, at most 16; none where there is no such field.
    pub nego_tokens: Vec<Vec<u8>>,
    /// `authInfo`, encrypted.
    pub auth_info: Option<Vec<u8>>,
    /// `pubKeyAuth`, encrypted.
    pub pub_key_auth: Option<Vec<u8>>,
    /// `errorCode`: the NTSTATUS with which the server refuses, since version 3.
    pub error_code: Option<u32>,
    /// `clientNonce`, since version 5.
    pub client_nonce: Option<Vec<u8>>,
}

impl TsRequest {
    /// Reads exactly one message. Fields that the specification does not know are skipped.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut fields = Cursor::new(der::read_only(bytes, der::SEQUENCE, WHAT)?);
        let version = der::read(&mut fields, context(0), "TSRequest version")?;
        let mut request = Self { version: read_u32(version, "TSRequest version")?, ..Self::default() };
        let mut last = context(0);
        while !fields.is_empty() {
            let (tag, content) = der::read_any(&mut fields, "TSRequest field")?;
            if tag <= last {
                return Err(DecodeError::Invalid { what: "TSRequest field", value: tag.into() });
            }
            request.read_field(tag, content)?;
            last = tag;
        }
        Ok(request)
    }

    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        let mut fields = der::element(context(0), &[&der::integer(self.version.into())]);
        if !self.nego_tokens.is_empty() {
            fields.extend(der::element(context(1), &[&encode_tokens(&self.nego_tokens)]));
        }
        write_octets(&mut fields, 2, self.auth_info.as_deref());
        write_octets(&mut fields, 3, self.pub_key_auth.as_deref());
        if let Some(code) = self.error_code {
            fields.extend(der::element(context(4), &[&der::integer(code.cast_signed().into())]));
        }
        write_octets(&mut fields, 5, self.client_nonce.as_deref());
        der::element(der::SEQUENCE, &[&fields])
    }

    fn read_field(&mut self, tag: u8, content: &[u8]) -> Result<(), DecodeError> {
        match tag {
            0xa1 => self.nego_tokens = read_tokens(content)?,
            0xa2 => self.auth_info = Some(read_octets(content, "TSRequest authInfo")?),
            0xa3 => self.pub_key_auth = Some(read_octets(content, "TSRequest pubKeyAuth")?),
            0xa4 => self.error_code = Some(read_u32(content, "TSRequest errorCode")?),
            0xa5 => self.client_nonce = Some(read_octets(content, "TSRequest clientNonce")?),
            _ => {}
        }
        Ok(())
    }
}

/// The length in bytes of the message that starts `bytes`, header included; `None` while the header is incomplete.
///
/// Fails as soon as a byte says that this is no `TSRequest`, or one of more than 64 KiB.
pub fn frame_length(bytes: &[u8]) -> Result<Option<usize>, DecodeError> {
    frame_length_within(bytes, DEFAULT_LIMIT)
}

/// [`frame_length`] with another limit in bytes.
pub fn frame_length_within(bytes: &[u8], limit: usize) -> Result<Option<usize>, DecodeError> {
    let Some(&tag) = bytes.first() else { return Ok(None) };
    if tag != der::SEQUENCE {
        return Err(DecodeError::Invalid { what: WHAT, value: tag.into() });
    }
    let mut cursor = Cursor::new(bytes);
    let content = match der::read_header(&mut cursor, WHAT) {
        Ok((_, content)) => content,
        Err(DecodeError::Truncated { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let header = bytes.len().saturating_sub(cursor.rest().len());
    let length = content.saturating_add(header);
    if length > limit {
        return Err(DecodeError::TooLong { what: WHAT, length, limit });
    }
    Ok(Some(length))
}

fn encode_tokens(tokens: &[Vec<u8>]) -> Vec<u8> {
    let entry = |token: &Vec<u8>| {
        let octets = der::element(der::OCTET_STRING, &[token]);
        der::element(der::SEQUENCE, &[&der::element(context(0), &[&octets])])
    };
    let entries: Vec<u8> = tokens.iter().flat_map(entry).collect();
    der::element(der::SEQUENCE, &[&entries])
}

fn read_tokens(content: &[u8]) -> Result<Vec<Vec<u8>>, DecodeError> {
    let what = "TSRequest negoTokens";
    let mut entries = Cursor::new(der::read_only(content, der::SEQUENCE, what)?);
    let mut tokens = Vec::new();
    while !entries.is_empty() {
        if tokens.len() == MAX_TOKENS {
            return Err(DecodeError::TooLong { what, length: MAX_TOKENS + 1, limit: MAX_TOKENS });
        }
        let entry = der::read(&mut entries, der::SEQUENCE, what)?;
        let token = der::read_only(entry, context(0), "TSRequest negoToken")?;
        tokens.push(read_octets(token, "TSRequest negoToken")?);
    }
    Ok(tokens)
}

fn write_octets(fields: &mut Vec<u8>, number: u8, octets: Option<&[u8]>) {
    if let Some(octets) = octets {
        fields.extend(der::element(context(number), &[&der::element(der::OCTET_STRING, &[octets])]));
    }
}

fn read_octets(content: &[u8], what: &'static str) -> Result<Vec<u8>, DecodeError> {
    der::read_only(content, der::OCTET_STRING, what).map(<[u8]>::to_vec)
}

/// An NTSTATUS comes as a negative number or as a positive one of five octets.
fn read_u32(content: &[u8], what: &'static str) -> Result<u32, DecodeError> {
    let number = der::read_integer(content, what)?;
    let signed = i32::try_from(number).map(i32::cast_unsigned);
    signed.or_else(|_| u32::try_from(number)).map_err(|_| DecodeError::Invalid { what, value: number.cast_unsigned() })
}
