//! `ClientHello` (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2, RFC 6101 section 5.6.1.2).

use super::extension::{self, Extension, ExtensionType, write_u8_prefixed, write_u16_prefixed};
use super::{CipherSuite, ContentType, HandshakeMessage, HandshakeType, ProtocolVersion, encode_records};
use crate::cursor::Cursor;
use crate::{DecodeError, EncodeError};

const MAX_SESSION_ID: u8 = 32;
const EXTENSIONS: extension::Names = extension::Names {
    block: "ClientHello extensions",
    kind: "ClientHello extension type",
    length: "ClientHello extension length",
    data: "ClientHello extension data",
};

/// What a client offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// `legacy_version`: the newest version offered, TLS 1.2 at most.
    pub legacy_version: ProtocolVersion,
    /// `random`.
    pub random: [u8; 32],
    /// `legacy_session_id`, at most 32 bytes.
    pub session_id: Vec<u8>,
    /// `cipher_suites` in the order of preference.
    pub suites: Vec<CipherSuite>,
    /// `legacy_compression_methods`, 0 for none.
    pub compressions: Vec<u8>,
    /// The extensions in their order, at most 64; SSL 3.0 has none.
    pub extensions: Vec<Extension>,
}

impl ClientHello {
    /// Reads a whole `client_hello` message, header included.
    pub fn decode(message: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(message);
        let msg_type = cursor.u8("TLS handshake type")?;
        if HandshakeType(msg_type) != HandshakeType::CLIENT_HELLO {
            return Err(DecodeError::Invalid { what: "ClientHello handshake type", value: msg_type.into() });
        }
        let length = cursor.u24_be("TLS handshake length")?;
        let body = cursor.take(length, "ClientHello")?;
        cursor.finish("ClientHello")?;
        Self::decode_body(body)
    }

    /// Reads the body of a `client_hello` message. An empty extension block reads like none.
    pub fn decode_body(body: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(body);
        let hello = Self {
            legacy_version: ProtocolVersion(cursor.u16_be("ClientHello legacy_version")?),
            random: cursor.array("ClientHello random")?,
            session_id: read_session_id(&mut cursor)?,
            suites: read_suites(&mut cursor)?,
            compressions: read_compressions(&mut cursor)?,
            extensions: read_extensions(&mut cursor)?,
        };
        cursor.finish("ClientHello")?;
        Ok(hello)
    }

    /// The whole `client_hello` message, header included.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        HandshakeMessage { msg_type: HandshakeType::CLIENT_HELLO, body: self.encode_body()? }.encode()
    }

    /// The body of a `client_hello` message; no extension block where there are no extensions.
    pub fn encode_body(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        out.extend(self.legacy_version.0.to_be_bytes());
        out.extend(self.random);
        write_u8_prefixed(&mut out, &self.session_id, MAX_SESSION_ID, "ClientHello session_id")?;
        let suites: Vec<u8> = self.suites.iter().flat_map(|suite| suite.0.to_be_bytes()).collect();
        write_u16_prefixed(&mut out, &suites, "ClientHello cipher_suites")?;
        write_u8_prefixed(&mut out, &self.compressions, u8::MAX, "ClientHello compression_methods")?;
        if !self.extensions.is_empty() {
            extension::write_block(&mut out, &self.extensions, EXTENSIONS)?;
        }
        Ok(out)
    }

    /// The message as handshake records with this version in their headers.
    pub fn to_records(&self, record_version: ProtocolVersion) -> Result<Vec<u8>, EncodeError> {
        Ok(encode_records(ContentType::HANDSHAKE, record_version, &self.encode()?))
    }

    /// The data of the first extension of this type.
    pub fn extension(&self, extension_type: ExtensionType) -> Option<&[u8]> {
        self.extensions.iter().find(|e| e.extension_type == extension_type).map(|e| e.data.as_slice())
    }

    /// Brings the message to `length` bytes, header included, with the padding extension (RFC 7685): the one that is
    /// there, else a new last one. A longer message is left alone; one that misses up to 3 bytes ends up to 3 bytes
    /// too long, because the extension itself takes 4.
    pub fn pad_to(&mut self, length: u16) -> Result<(), EncodeError> {
        self.extensions.iter_mut().filter(|e| e.extension_type == ExtensionType::PADDING).for_each(|e| e.data.clear());
        let missing = usize::from(length).saturating_sub(self.encode()?.len());
        let padding = self.extensions.iter_mut().find(|e| e.extension_type == ExtensionType::PADDING);
        if let Some(padding) = padding {
            padding.data = vec![0; missing];
        } else if missing > 0 {
            let block_length = if self.extensions.is_empty() { 2 } else { 0 };
            self.extensions.push(Extension::padding(missing.saturating_sub(4 + block_length)));
        }
        Ok(())
    }
}

fn read_session_id(cursor: &mut Cursor<'_>) -> Result<Vec<u8>, DecodeError> {
    let what = "ClientHello session_id";
    let length = cursor.u8(what)?;
    if length > MAX_SESSION_ID {
        return Err(DecodeError::TooLong { what, length: length.into(), limit: MAX_SESSION_ID.into() });
    }
    Ok(cursor.take(length.into(), what)?.to_vec())
}

fn read_suites(cursor: &mut Cursor<'_>) -> Result<Vec<CipherSuite>, DecodeError> {
    let what = "ClientHello cipher_suites";
    let length = cursor.u16_be(what)?;
    let (pairs, odd) = cursor.take(length.into(), what)?.as_chunks::<2>();
    if !odd.is_empty() {
        return Err(DecodeError::Invalid { what: "ClientHello cipher_suites length", value: length.into() });
    }
    Ok(pairs.iter().map(|pair| CipherSuite(u16::from_be_bytes(*pair))).collect())
}

fn read_compressions(cursor: &mut Cursor<'_>) -> Result<Vec<u8>, DecodeError> {
    let what = "ClientHello compression_methods";
    let length = cursor.u8(what)?;
    Ok(cursor.take(length.into(), what)?.to_vec())
}

fn read_extensions(cursor: &mut Cursor<'_>) -> Result<Vec<Extension>, DecodeError> {
    if cursor.is_empty() { Ok(Vec::new()) } else { extension::read_block(cursor, EXTENSIONS) }
}
