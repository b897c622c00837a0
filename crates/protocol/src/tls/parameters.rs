//! What a cipher suite is made of, read from its name.

use super::{CipherSuite, ProtocolVersion};

/// How the parties agree on a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum KeyExchange {
    /// The client encrypts the secret with the key of the certificate.
    Rsa,
    /// The client encrypts the secret with a short key that the server signs.
    RsaExport,
    /// Ephemeral Diffie-Hellman signed with RSA.
    DheRsa,
    /// Ephemeral Diffie-Hellman signed with DSA.
    DheDss,
    /// Ephemeral Diffie-Hellman that nobody signs.
    DhAnon,
    /// Ephemeral Diffie-Hellman on a curve signed with RSA.
    EcdheRsa,
    /// Ephemeral Diffie-Hellman on a curve signed with ECDSA or EdDSA.
    EcdheEcdsa,
    /// Ephemeral Diffie-Hellman on a curve that nobody signs.
    EcdhAnon,
    /// A secret both have beforehand, with or without another exchange.
    Psk,
    /// Secure Remote Password.
    Srp,
    /// Negotiated apart from the suite.
    Tls13,
}

/// How the server proves who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Authentication {
    /// With an RSA key.
    Rsa,
    /// With a DSA key.
    Dss,
    /// With an elliptic key.
    Ecdsa,
    /// Not at all.
    Anonymous,
    /// With a secret both have beforehand.
    SharedSecret,
    /// Negotiated apart from the suite.
    Tls13,
}

/// What protects the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum BulkCipher {
    /// Nothing: the data is readable.
    Null,
    /// A cipher with a key of 40 to 56 bits.
    Export,
    /// RC4.
    Rc4,
    /// DES.
    Des,
    /// Triple DES in CBC mode.
    TripleDes,
    /// IDEA.
    Idea,
    /// SEED.
    Seed,
    /// Camellia.
    Camellia,
    /// ARIA.
    Aria,
    /// AES in CBC mode.
    AesCbc,
    /// AES in CCM mode.
    AesCcm,
    /// AES in GCM mode.
    AesGcm,
    /// ChaCha20-Poly1305.
    ChaCha20,
}

/// What a cipher suite is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct SuiteParameters {
    /// How the parties agree on a secret.
    pub key_exchange: KeyExchange,
    /// How the server proves who it is.
    pub authentication: Authentication,
    /// What protects the data.
    pub bulk_cipher: BulkCipher,
    /// The first version that has the suite.
    pub first_version: ProtocolVersion,
    /// Whether the data stays secret when the server's key is lost later.
    pub forward_secrecy: bool,
}

impl CipherSuite {
    /// What the suite is made of; `None` without a name, and for a signalling value.
    pub fn parameters(self) -> Option<SuiteParameters> {
        let name = self.name()?.strip_prefix("TLS_")?;
        if name.ends_with("_SCSV") {
            return None;
        }
        let (exchange, cipher) = name.split_once("_WITH_").unwrap_or(("", name));
        let key_exchange = KeyExchange::of(exchange)?;
        let bulk_cipher = if exchange.contains("EXPORT") { BulkCipher::Export } else { BulkCipher::of(cipher)? };
        Some(SuiteParameters {
            key_exchange,
            authentication: Authentication::of(key_exchange, exchange),
            bulk_cipher,
            first_version: first_version(key_exchange, cipher),
            forward_secrecy: exchange.contains("DHE") || exchange.contains("_anon") || exchange.is_empty(),
        })
    }
}

impl KeyExchange {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "" => Self::Tls13,
            "RSA" => Self::Rsa,
            "RSA_EXPORT" | "RSA_EXPORT1024" => Self::RsaExport,
            "DHE_RSA" | "DHE_RSA_EXPORT" => Self::DheRsa,
            "DHE_DSS" | "DHE_DSS_EXPORT" | "DHE_DSS_EXPORT1024" => Self::DheDss,
            "DH_anon" | "DH_anon_EXPORT" => Self::DhAnon,
            "ECDHE_RSA" => Self::EcdheRsa,
            "ECDHE_ECDSA" => Self::EcdheEcdsa,
            "ECDH_anon" => Self::EcdhAnon,
            "PSK" | "RSA_PSK" | "DHE_PSK" | "ECDHE_PSK" | "PSK_DHE" => Self::Psk,
            "SRP_SHA" | "SRP_SHA_RSA" | "SRP_SHA_DSS" => Self::Srp,
            _ => return None,
        })
    }
}

impl Authentication {
    fn of(key_exchange: KeyExchange, name: &str) -> Self {
        match key_exchange {
            KeyExchange::Rsa | KeyExchange::RsaExport | KeyExchange::DheRsa | KeyExchange::EcdheRsa => Self::Rsa,
            KeyExchange::DheDss => Self::Dss,
            KeyExchange::EcdheEcdsa => Self::Ecdsa,
            KeyExchange::DhAnon | KeyExchange::EcdhAnon => Self::Anonymous,
            KeyExchange::Psk | KeyExchange::Srp if name.contains("RSA") => Self::Rsa,
            KeyExchange::Srp if name.contains("DSS") => Self::Dss,
            KeyExchange::Psk | KeyExchange::Srp => Self::SharedSecret,
            KeyExchange::Tls13 => Self::Tls13,
        }
    }
}

impl BulkCipher {
    fn of(name: &str) -> Option<Self> {
        CIPHERS.iter().find(|(part, _)| name.starts_with(part)).map(|(_, cipher)| *cipher)
    }
}

const CIPHERS: &[(&str, BulkCipher)] = &[
    ("NULL", BulkCipher::Null),
    ("RC4_128", BulkCipher::Rc4),
    ("DES_CBC", BulkCipher::Des),
    ("3DES_EDE_CBC", BulkCipher::TripleDes),
    ("IDEA_CBC", BulkCipher::Idea),
    ("SEED_CBC", BulkCipher::Seed),
    ("CAMELLIA", BulkCipher::Camellia),
    ("ARIA", BulkCipher::Aria),
    ("AES_128_CBC", BulkCipher::AesCbc),
    ("AES_256_CBC", BulkCipher::AesCbc),
    ("AES_128_CCM", BulkCipher::AesCcm),
    ("AES_256_CCM", BulkCipher::AesCcm),
    ("AES_128_GCM", BulkCipher::AesGcm),
    ("AES_256_GCM", BulkCipher::AesGcm),
    ("CHACHA20_POLY1305", BulkCipher::ChaCha20),
];

/// The suites of TLS 1.2 authenticate with an AEAD mode or SHA-2. Curves came with TLS 1.0 (RFC 8422), as did AES,
/// Camellia and SEED.
fn first_version(key_exchange: KeyExchange, cipher: &str) -> ProtocolVersion {
    if key_exchange == KeyExchange::Tls13 {
        return ProtocolVersion::TLS13;
    }
    let of_tls12 = ["_SHA256", "_SHA384", "_CCM", "_CCM_8"];
    if key_exchange != KeyExchange::Psk && of_tls12.iter().any(|end| cipher.ends_with(end)) {
        return ProtocolVersion::TLS12;
    }
    if key_exchange == KeyExchange::Psk && ["_GCM_", "_CCM", "POLY1305"].iter().any(|part| cipher.contains(part)) {
        return ProtocolVersion::TLS12;
    }
    let of_ssl3 = ["NULL", "RC", "DES", "3DES", "IDEA"].iter().any(|part| cipher.starts_with(part));
    let certificate_only = matches!(
        key_exchange,
        KeyExchange::Rsa | KeyExchange::RsaExport | KeyExchange::DheRsa | KeyExchange::DheDss | KeyExchange::DhAnon
    );
    if of_ssl3 && certificate_only { ProtocolVersion::SSL3 } else { ProtocolVersion::TLS10 }
}
