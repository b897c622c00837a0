//! The extensions of a `ClientHello`, made from what they say.

use super::extension::{Extension, ExtensionType, write_u8_prefixed, write_u16_prefixed};
use super::{NamedGroup, ProtocolVersion, SignatureScheme};
use crate::EncodeError;

const HOST_NAME: u8 = 0;
const OCSP: u8 = 1;

impl Extension {
    /// `server_name` with one host name (RFC 6066 section 3), sent as it is given.
    pub fn server_name(name: &str) -> Result<Self, EncodeError> {
        let mut entry = vec![HOST_NAME];
        write_u16_prefixed(&mut entry, name.as_bytes(), "server_name")?;
        Self::with_u16_list(ExtensionType::SERVER_NAME, &entry, "server_name list")
    }

    /// `status_request` for OCSP, without responders (RFC 6066 section 8).
    pub fn status_request() -> Self {
        Self { extension_type: ExtensionType::STATUS_REQUEST, data: vec![OCSP, 0, 0, 0, 0] }
    }

    /// `supported_groups` in the order of preference (RFC 8446 section 4.2.7).
    pub fn supported_groups(groups: &[NamedGroup]) -> Result<Self, EncodeError> {
        let list: Vec<u8> = groups.iter().flat_map(|group| group.0.to_be_bytes()).collect();
        Self::with_u16_list(ExtensionType::SUPPORTED_GROUPS, &list, "supported_groups")
    }

    /// `ec_point_formats`, 0 for uncompressed (RFC 8422 section 5.1.2).
    pub fn ec_point_formats(formats: &[u8]) -> Result<Self, EncodeError> {
        Self::with_u8_list(ExtensionType::EC_POINT_FORMATS, formats, "ec_point_formats")
    }

    /// `signature_algorithms` in the order of preference (RFC 8446 section 4.2.3).
    pub fn signature_algorithms(schemes: &[SignatureScheme]) -> Result<Self, EncodeError> {
        let list: Vec<u8> = schemes.iter().flat_map(|scheme| scheme.0.to_be_bytes()).collect();
        Self::with_u16_list(ExtensionType::SIGNATURE_ALGORITHMS, &list, "signature_algorithms")
    }

    /// `supported_versions` in the order of preference (RFC 8446 section 4.2.1).
    pub fn supported_versions(versions: &[ProtocolVersion]) -> Result<Self, EncodeError> {
        let list: Vec<u8> = versions.iter().flat_map(|version| version.0.to_be_bytes()).collect();
        Self::with_u8_list(ExtensionType::SUPPORTED_VERSIONS, &list, "supported_versions")
    }

    /// `key_share` with the public bytes for each group (RFC 8446 section 4.2.8).
    pub fn key_share(shares: &[(NamedGroup, Vec<u8>)]) -> Result<Self, EncodeError> {
        let mut list = Vec::new();
        for (group, public) in shares {
            list.extend(group.0.to_be_bytes());
            write_u16_prefixed(&mut list, public, "key_exchange")?;
        }
        Self::with_u16_list(ExtensionType::KEY_SHARE, &list, "key_share")
    }

    /// `psk_key_exchange_modes`, 1 for PSK with (EC)DHE (RFC 8446 section 4.2.9).
    pub fn psk_key_exchange_modes(modes: &[u8]) -> Result<Self, EncodeError> {
        Self::with_u8_list(ExtensionType::PSK_KEY_EXCHANGE_MODES, modes, "psk_key_exchange_modes")
    }

    /// `renegotiation_info` of a first handshake (RFC 5746 section 3.2).
    pub fn renegotiation_info() -> Self {
        Self { extension_type: ExtensionType::RENEGOTIATION_INFO, data: vec![0] }
    }

    /// `extended_master_secret` (RFC 7627).
    pub fn extended_master_secret() -> Self {
        Self::empty(ExtensionType::EXTENDED_MASTER_SECRET)
    }

    /// `encrypt_then_mac` (RFC 7366).
    pub fn encrypt_then_mac() -> Self {
        Self::empty(ExtensionType::ENCRYPT_THEN_MAC)
    }

    /// `session_ticket` without a ticket (RFC 5077).
    pub fn session_ticket() -> Self {
        Self::empty(ExtensionType::SESSION_TICKET)
    }

    /// `padding` with this many zero bytes behind its header of four (RFC 7685).
    pub fn padding(length: usize) -> Self {
        Self { extension_type: ExtensionType::PADDING, data: vec![0; length] }
    }

    /// An extension that says what it says by being there.
    pub fn empty(extension_type: ExtensionType) -> Self {
        Self { extension_type, data: Vec::new() }
    }

    fn with_u8_list(extension_type: ExtensionType, list: &[u8], what: &'static str) -> Result<Self, EncodeError> {
        let mut data = Vec::new();
        write_u8_prefixed(&mut data, list, u8::MAX, what)?;
        Ok(Self { extension_type, data })
    }

    fn with_u16_list(extension_type: ExtensionType, list: &[u8], what: &'static str) -> Result<Self, EncodeError> {
        let mut data = Vec::new();
        write_u16_prefixed(&mut data, list, what)?;
        Ok(Self { extension_type, data })
    }
}
