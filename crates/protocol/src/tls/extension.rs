//! Extensions of hello and certificate messages (RFC 8446 section 4.2).

use crate::cursor::Cursor;
use crate::{DecodeError, EncodeError};

const MAX_EXTENSIONS: usize = 64;

open_code! {
    /// The type of an extension (IANA TLS `ExtensionType` registry; those that clients and servers of RDP send).
    ExtensionType(u16), 6 {
        SERVER_NAME = 0 "server_name",
        MAX_FRAGMENT_LENGTH = 1 "max_fragment_length",
        STATUS_REQUEST = 5 "status_request",
        SUPPORTED_GROUPS = 10 "supported_groups",
        EC_POINT_FORMATS = 11 "ec_point_formats",
        SIGNATURE_ALGORITHMS = 13 "signature_algorithms",
        HEARTBEAT = 15 "heartbeat",
        APPLICATION_LAYER_PROTOCOL_NEGOTIATION = 16 "application_layer_protocol_negotiation",
        STATUS_REQUEST_V2 = 17 "status_request_v2",
        SIGNED_CERTIFICATE_TIMESTAMP = 18 "signed_certificate_timestamp",
        PADDING = 21 "padding",
        ENCRYPT_THEN_MAC = 22 "encrypt_then_mac",
        EXTENDED_MASTER_SECRET = 23 "extended_master_secret",
        COMPRESS_CERTIFICATE = 27 "compress_certificate",
        RECORD_SIZE_LIMIT = 28 "record_size_limit",
        SESSION_TICKET = 35 "session_ticket",
        PRE_SHARED_KEY = 41 "pre_shared_key",
        EARLY_DATA = 42 "early_data",
        SUPPORTED_VERSIONS = 43 "supported_versions",
        COOKIE = 44 "cookie",
        PSK_KEY_EXCHANGE_MODES = 45 "psk_key_exchange_modes",
        CERTIFICATE_AUTHORITIES = 47 "certificate_authorities",
        POST_HANDSHAKE_AUTH = 49 "post_handshake_auth",
        SIGNATURE_ALGORITHMS_CERT = 50 "signature_algorithms_cert",
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

/// How the parts of an extension block are called in errors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names {
    pub(super) block: &'static str,
    pub(super) kind: &'static str,
    pub(super) length: &'static str,
    pub(super) data: &'static str,
}

/// Reads a block of extensions behind its length.
pub(super) fn read_block(cursor: &mut Cursor<'_>, names: Names) -> Result<Vec<Extension>, DecodeError> {
    let length = cursor.u16_be(names.block)?;
    let mut block = Cursor::new(cursor.take(length.into(), names.block)?);
    let mut extensions = Vec::new();
    while !block.is_empty() {
        if extensions.len() == MAX_EXTENSIONS {
            let (length, limit) = (MAX_EXTENSIONS + 1, MAX_EXTENSIONS);
            return Err(DecodeError::TooLong { what: names.block, length, limit });
        }
        let extension_type = ExtensionType(block.u16_be(names.kind)?);
        let length = block.u16_be(names.length)?;
        let data = block.take(length.into(), names.data)?.to_vec();
        extensions.push(Extension { extension_type, data });
    }
    Ok(extensions)
}

/// Writes a block of extensions behind its length.
pub(super) fn write_block(out: &mut Vec<u8>, extensions: &[Extension], names: Names) -> Result<(), EncodeError> {
    let (length, limit) = (extensions.len(), MAX_EXTENSIONS);
    if length > limit {
        return Err(EncodeError::TooLong { what: names.block, length, limit });
    }
    let mut block = Vec::new();
    for extension in extensions {
        block.extend(extension.extension_type.0.to_be_bytes());
        write_u16_prefixed(&mut block, &extension.data, names.data)?;
    }
    write_u16_prefixed(out, &block, names.block)
}

/// Writes bytes behind their length in two bytes.
pub(super) fn write_u16_prefixed(out: &mut Vec<u8>, data: &[u8], what: &'static str) -> Result<(), EncodeError> {
    let too_long = EncodeError::TooLong { what, length: data.len(), limit: u16::MAX.into() };
    out.extend(u16::try_from(data.len()).map_err(|_| too_long)?.to_be_bytes());
    out.extend(data);
    Ok(())
}

/// Writes bytes behind their length in one byte, at most `limit` of them.
pub(super) fn write_u8_prefixed(
    out: &mut Vec<u8>,
    data: &[u8],
    limit: u8,
    what: &'static str,
) -> Result<(), EncodeError> {
    let too_long = EncodeError::TooLong { what, length: data.len(), limit: limit.into() };
    let length = u8::try_from(data.len()).ok().filter(|length| *length <= limit);
    out.push(length.ok_or(too_long)?);
    out.extend(data);
    Ok(())
}
