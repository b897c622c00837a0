//! `ServerHello` (RFC 8446 section 4.1.3, RFC 5246 section 7.4.1.3).

use super::{CipherSuite, ProtocolVersion};
use crate::cursor::Cursor;
use crate::{DecodeError, EncodeError};

const MAX_EXTENSIONS: usize = 64;
const MAX_SESSION_ID: usize = 32;
/// SHA-256 of the word `HelloRetryRequest` (RFC 8446 section 4.1.3).
const HELLO_RETRY_REQUEST: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

open_code! {
    /// The type of an extension (IANA TLS `ExtensionType` registry; those that servers send).
    ExtensionType(u16), 0 {
        SERVER_NAME = 0 "server_name",
        MAX_FRAGMENT_LENGTH = 1 "max_fragment_length",
        STATUS_REQUEST = 5 "status_request",
        SUPPORTED_GROUPS = 10 "supported_groups",
        EC_POINT_FORMATS = 11 "ec_point_formats",
        SIGNATURE_ALGORITHMS = 13 "signature_algorithms",
        HEARTBEAT = 15 "heartbeat",
        APPLICATION_LAYER_PROTOCOL_NEGOTIATION = 16 "application_layer_protocol_negotiation",
        ENCRYPT_THEN_MAC = 22 "encrypt_then_mac",
        EXTENDED_MASTER_SECRET = 23 "extended_master_secret",
        SESSION_TICKET = 35 "session_ticket",
        PRE_SHARED_KEY = 41 "pre_shared_key",
        SUPPORTED_VERSIONS = 43 "supported_versions",
        COOKIE = 44 "cookie",
        KEY_SHARE = 51 "key_share",
        RENEGOTIATION_INFO = 0xff01 "renegotiation_info",
    }
}

/// One extension, its data unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// What the data is.
    pub extension_type: ExtensionType,
    /// `extension_data`.
    pub data: Vec<u8>,
}

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
        let (what, length, limit) = ("ServerHello session_id", self.session_id.len(), MAX_SESSION_ID);
        if length > limit {
            return Err(EncodeError::TooLong { what, length, limit });
        }
        out.extend(u8::try_from(length));
        out.extend(&self.session_id);
        out.extend(self.cipher_suite.0.to_be_bytes());
        out.push(self.compression_method);
        if !self.extensions.is_empty() {
            write_block(&mut out, &self.encode_extensions()?, "ServerHello extensions")?;
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

    fn encode_extensions(&self) -> Result<Vec<u8>, EncodeError> {
        let (length, limit) = (self.extensions.len(), MAX_EXTENSIONS);
        if length > limit {
            return Err(EncodeError::TooLong { what: "ServerHello extensions", length, limit });
        }
        let mut block = Vec::new();
        for extension in &self.extensions {
            block.extend(extension.extension_type.0.to_be_bytes());
            write_block(&mut block, &extension.data, "ServerHello extension")?;
        }
        Ok(block)
    }
}

fn read_session_id(cursor: &mut Cursor<'_>) -> Result<Vec<u8>, DecodeError> {
    let what = "ServerHello session_id";
    let length = usize::from(cursor.u8(what)?);
    if length > MAX_SESSION_ID {
        return Err(DecodeError::TooLong { what, length, limit: MAX_SESSION_ID });
    }
    Ok(cursor.take(length, what)?.to_vec())
}

fn read_extensions(cursor: &mut Cursor<'_>) -> Result<Vec<Extension>, DecodeError> {
    let what = "ServerHello extensions";
    let mut extensions = Vec::new();
    if cursor.is_empty() {
        return Ok(extensions);
    }
    let length = cursor.u16_be(what)?;
    let mut block = Cursor::new(cursor.take(length.into(), what)?);
    while !block.is_empty() {
        if extensions.len() == MAX_EXTENSIONS {
            return Err(DecodeError::TooLong { what, length: MAX_EXTENSIONS + 1, limit: MAX_EXTENSIONS });
        }
        let extension_type = ExtensionType(block.u16_be("ServerHello extension type")?);
        let length = block.u16_be("ServerHello extension length")?;
        let data = block.take(length.into(), "ServerHello extension data")?.to_vec();
        extensions.push(Extension { extension_type, data });
    }
    Ok(extensions)
}

fn write_block(out: &mut Vec<u8>, data: &[u8], what: &'static str) -> Result<(), EncodeError> {
    let too_long = EncodeError::TooLong { what, length: data.len(), limit: u16::MAX.into() };
    out.extend(u16::try_from(data.len()).map_err(|_| too_long)?.to_be_bytes());
    out.extend(data);
    Ok(())
}
