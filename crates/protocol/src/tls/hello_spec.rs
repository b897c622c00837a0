//! A small value that describes a `ClientHello`, so that an offer can be named, compared and sent again.

use super::{CipherSuite, ClientHello, Extension, ExtensionType, NamedGroup, ProtocolVersion, SignatureScheme};
use crate::EncodeError;

const PSK_WITH_DHE: u8 = 1;
const NO_COMPRESSION: u8 = 0;

/// What a `ClientHello` offers; with a random it becomes one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct HelloSpec {
    /// The versions offered in the order of preference.
    pub versions: Vec<ProtocolVersion>,
    /// The version in the record header.
    pub record_version: ProtocolVersion,
    /// The cipher suites in the order of preference.
    pub suites: Vec<CipherSuite>,
    /// The groups in the order of preference.
    pub groups: Vec<NamedGroup>,
    /// The groups with a key share; one that is not known here is left out.
    pub key_shares: Vec<NamedGroup>,
    /// The signature schemes in the order of preference.
    pub schemes: Vec<SignatureScheme>,
    /// `ec_point_formats`, 0 for uncompressed.
    pub point_formats: Vec<u8>,
    /// The host name of `server_name`, as it is sent.
    pub server_name: Option<String>,
    /// The length of the session id: 32 in the middlebox compatibility mode of TLS 1.3, else 0.
    pub session_id_length: u8,
    /// The extensions in their order. `server_name` is sent where there is a name, others whether or not their list is
    /// empty; one that this crate cannot fill is sent empty. None in SSL 3.0.
    pub extensions: Vec<ExtensionType>,
    /// The length in bytes that the message is padded to, header included.
    pub length: Option<u16>,
}

impl HelloSpec {
    /// An offer of these versions and suites with the groups, schemes and extensions of a current client.
    pub fn new(versions: &[ProtocolVersion], suites: &[CipherSuite]) -> Self {
        let tls13 = versions.contains(&ProtocolVersion::TLS13);
        Self {
            versions: versions.to_vec(),
            record_version: ProtocolVersion::TLS10.min(newest(versions)),
            suites: suites.to_vec(),
            groups: GROUPS.to_vec(),
            key_shares: if tls13 { vec![NamedGroup::X25519] } else { Vec::new() },
            schemes: SCHEMES.to_vec(),
            point_formats: vec![0],
            server_name: None,
            session_id_length: if tls13 { 32 } else { 0 },
            extensions: default_extensions(versions),
            length: None,
        }
    }

    /// `legacy_version`: the newest version offered, TLS 1.2 at most.
    pub fn legacy_version(&self) -> ProtocolVersion {
        newest(&self.versions).min(ProtocolVersion::TLS12)
    }

    /// The hello with this random; session id and key shares are made from it. Fails where a list is too long.
    pub fn build(&self, random: [u8; 32]) -> Result<ClientHello, EncodeError> {
        let mut hello = ClientHello {
            legacy_version: self.legacy_version(),
            random,
            session_id: session_id(&random, self.session_id_length),
            suites: self.suites.clone(),
            compressions: vec![NO_COMPRESSION],
            extensions: self.build_extensions(&random)?,
        };
        if let Some(length) = self.length {
            hello.pad_to(length)?;
        }
        Ok(hello)
    }

    /// The hello with this random as records.
    pub fn to_records(&self, random: [u8; 32]) -> Result<Vec<u8>, EncodeError> {
        self.build(random)?.to_records(self.record_version)
    }

    fn build_extensions(&self, random: &[u8; 32]) -> Result<Vec<Extension>, EncodeError> {
        self.extensions.iter().filter_map(|kind| self.build_extension(*kind, random).transpose()).collect()
    }

    fn build_extension(&self, kind: ExtensionType, random: &[u8; 32]) -> Result<Option<Extension>, EncodeError> {
        Ok(Some(match kind {
            ExtensionType::SERVER_NAME => return self.server_name.as_deref().map(Extension::server_name).transpose(),
            ExtensionType::STATUS_REQUEST => Extension::status_request(),
            ExtensionType::SUPPORTED_GROUPS => Extension::supported_groups(&self.groups)?,
            ExtensionType::EC_POINT_FORMATS => Extension::ec_point_formats(&self.point_formats)?,
            ExtensionType::SIGNATURE_ALGORITHMS => Extension::signature_algorithms(&self.schemes)?,
            ExtensionType::SUPPORTED_VERSIONS => Extension::supported_versions(&self.versions)?,
            ExtensionType::KEY_SHARE => Extension::key_share(&self.shares(random))?,
            ExtensionType::PSK_KEY_EXCHANGE_MODES => Extension::psk_key_exchange_modes(&[PSK_WITH_DHE])?,
            ExtensionType::RENEGOTIATION_INFO => Extension::renegotiation_info(),
            _ => Extension::empty(kind),
        }))
    }

    fn shares(&self, random: &[u8; 32]) -> Vec<(NamedGroup, Vec<u8>)> {
        self.key_shares.iter().filter_map(|group| Some((*group, group.public_share(random)?))).collect()
    }
}

fn newest(versions: &[ProtocolVersion]) -> ProtocolVersion {
    versions.iter().copied().max().unwrap_or(ProtocolVersion::TLS12)
}

fn session_id(random: &[u8; 32], length: u8) -> Vec<u8> {
    random.iter().map(|byte| byte ^ 0xa5).take(length.into()).collect()
}

fn default_extensions(versions: &[ProtocolVersion]) -> Vec<ExtensionType> {
    if newest(versions) <= ProtocolVersion::SSL3 {
        return Vec::new();
    }
    let below_13 = versions.iter().any(|version| *version < ProtocolVersion::TLS13);
    let mut extensions = vec![ExtensionType::SERVER_NAME, ExtensionType::SUPPORTED_GROUPS];
    if below_13 {
        extensions.push(ExtensionType::EC_POINT_FORMATS);
    }
    if newest(versions) >= ProtocolVersion::TLS12 {
        extensions.push(ExtensionType::SIGNATURE_ALGORITHMS);
    }
    if below_13 {
        extensions.extend([ExtensionType::EXTENDED_MASTER_SECRET, ExtensionType::RENEGOTIATION_INFO]);
    }
    if versions.contains(&ProtocolVersion::TLS13) {
        let tls13 =
            [ExtensionType::SUPPORTED_VERSIONS, ExtensionType::PSK_KEY_EXCHANGE_MODES, ExtensionType::KEY_SHARE];
        extensions.extend(tls13);
    }
    extensions
}

const GROUPS: [NamedGroup; 4] =
    [NamedGroup::X25519, NamedGroup::SECP256R1, NamedGroup::SECP384R1, NamedGroup::SECP521R1];

const SCHEMES: [SignatureScheme; 14] = [
    SignatureScheme::RSA_PSS_RSAE_SHA256,
    SignatureScheme::RSA_PSS_RSAE_SHA384,
    SignatureScheme::RSA_PSS_RSAE_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
    SignatureScheme::ECDSA_SECP256R1_SHA256,
    SignatureScheme::ECDSA_SECP384R1_SHA384,
    SignatureScheme::ECDSA_SECP521R1_SHA512,
    SignatureScheme::ED25519,
    SignatureScheme::ED448,
    SignatureScheme::RSA_PKCS1_SHA1,
    SignatureScheme::ECDSA_SHA1,
    SignatureScheme::DSA_SHA1,
];
