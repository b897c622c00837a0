//! `ServerHello` (RFC 8446 section 4.1.3, RFC 5246 section 7.4.1.3).

use super::extension::{self, Extension, ExtensionType, write_u8_prefixed};
use super::{CipherSuite, NamedGroup, ProtocolVersion};
use crate::cursor::Cursor;
use crate::{DecodeError, EncodeError};

const MAX_SESSION_ID: u8 = 32;
const EXTENSIONS: extension::Names = extension::Names {
    block: "ServerHello extensions",
    kind: "ServerHello extension type",
    length: "ServerHello extension length",
    data: "ServerHello extension data",
};
/// SHA-256 of the word `HelloRetryRequest` (RFC 8446 section 4.1.3).
const HELLO_RETRY_REQUEST: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What the server chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerHello {
    /// `legacy_version`: the version itself up to TLS 1.2.
    pub legacy_version: ProtocolVersion,
    /// `random`.
    pub random: [u8; 32],
    /// `legacy_session_id_echo`, at most 32 bytes.
    pub session_id: Vec<u8>,
    /// `cipher_suite`.
    pub cipher_suite: CipherSuite,
    /// `legacy_compression_method`, 0 for none.
    pub compression_method: u8,
    /// The extensions in their order, at most 64.
    pub extensions: Vec<Extension>,
}

impl ServerHello {
    /// Reads the body of a `server_hello` message.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(body);
        let legacy_version = ProtocolVersion(cursor.u16_be("ServerHello legacy_version")?);
        let random = cursor.array("ServerHello random")?;
        let hello = Self {
            legacy_version,
            random,
            session_id: read_session_id(&mut cursor)?,
            cipher_suite: CipherSuite(cursor.u16_be("ServerHello cipher_suite")?),
            compression_method: cursor.u8("ServerHello compression_method")?,
            extensions: read_extensions(&mut cursor)?,
        };
        cursor.finish("ServerHello")?;
        hello.check_selected_version()?;
        Ok(hello)
    }

    /// The body of a `server_hello` message; no extension block where there are no extensions.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        out.extend(self.legacy_version.0.to_be_bytes());
        out.extend(self.random);
        write_u8_prefixed(&mut out, &self.session_id, MAX_SESSION_ID, "ServerHello session_id")?;
        out.extend(self.cipher_suite.0.to_be_bytes());
        out.push(self.compression_method);
        if !self.extensions.is_empty() {
            extension::write_block(&mut out, &self.extensions, EXTENSIONS)?;
        }
        Ok(out)
    }

    /// The version that the server chose: `supported_versions` where it is sent, else `legacy_version`.
    pub fn selected_version(&self) -> ProtocolVersion {
        self.extension(ExtensionType::SUPPORTED_VERSIONS)
            .and_then(|data| <[u8; 2]>::try_from(data).ok())
            .map_or(self.legacy_version, |version| ProtocolVersion(u16::from_be_bytes(version)))
    }

    /// Whether this is a `HelloRetryRequest`: the server wants another key share.
    pub fn is_hello_retry_request(&self) -> bool {
        self.random == HELLO_RETRY_REQUEST
    }

    /// The group of the key share: the one chosen, or in a `HelloRetryRequest` the one that is asked for.
    pub fn selected_group(&self) -> Option<NamedGroup> {
        let share = self.extension(ExtensionType::KEY_SHARE)?;
        share.first_chunk().map(|group| NamedGroup(u16::from_be_bytes(*group)))
    }

    /// The data of the first extension of this type.
    pub fn extension(&self, extension_type: ExtensionType) -> Option<&[u8]> {
        self.extensions.iter().find(|e| e.extension_type == extension_type).map(|e| e.data.as_slice())
    }

    fn check_selected_version(&self) -> Result<(), DecodeError> {
        match self.extension(ExtensionType::SUPPORTED_VERSIONS).map(<[u8]>::len) {
            None | Some(2) => Ok(()),
            Some(length) => {
                let value = u64::try_from(length).unwrap_or(u64::MAX);
                Err(DecodeError::Invalid { what: "ServerHello supported_versions length", value })
            }
        }
    }
}

fn read_session_id(cursor: &mut Cursor<'_>) -> Result<Vec<u8>, DecodeError> {
    let what = "ServerHello session_id";
    let length = usize::from(cursor.u8(what)?);
    if length > MAX_SESSION_ID.into() {
        return Err(DecodeError::TooLong { what, length, limit: MAX_SESSION_ID.into() });
    }
    Ok(cursor.take(length, what)?.to_vec())
}

fn read_extensions(cursor: &mut Cursor<'_>) -> Result<Vec<Extension>, DecodeError> {
    if cursor.is_empty() { Ok(Vec::new()) } else { extension::read_block(cursor, EXTENSIONS) }
}
