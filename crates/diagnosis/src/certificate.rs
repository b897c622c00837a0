//! What a certificate says (RFC 5280), read from its bytes as served.

use std::fmt;
use std::net::IpAddr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ExtendedKeyUsage, GeneralName, KeyUsage, ParsedExtension};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey as ParsedKey;
use x509_parser::time::ASN1Time;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::evidence::Der;

/// The fields of a certificate that decide whether a client takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Certificate {
    /// The subject, as RFC 4514 writes it.
    pub subject: String,
    /// The issuer, likewise.
    pub issuer: String,
    /// The common name of the subject.
    pub common_name: Option<String>,
    /// DNS names of the subject alternative name.
    pub dns_names: Vec<String>,
    /// Addresses of the subject alternative name.
    pub addresses: Vec<IpAddr>,
    /// Valid from.
    #[schemars(with = "String")]
    pub not_before: Timestamp,
    /// Valid until.
    #[schemars(with = "String")]
    pub not_after: Timestamp,
    /// The public key.
    pub key: KeyKind,
    /// The signature algorithm, under its usual name or as an OID.
    pub signature: String,
    /// The purposes of the extended key usage as OIDs; none where the extension is absent (any purpose).
    pub purposes: Option<Vec<String>>,
    /// Whether the key usage lets the key sign (digitalSignature); true where the extension is absent.
    pub may_sign: bool,
    /// Whether the key usage lets the key decipher (keyEncipherment); true where the extension is absent.
    pub may_decipher: bool,
    /// Whether subject and issuer are the same name.
    pub self_issued: bool,
    /// SHA-1 of the whole certificate, as certlm shows it under "Thumbprint".
    pub sha1: String,
    /// SHA-256 of the whole certificate.
    pub sha256: String,
    /// SHA-256 of the public key (SubjectPublicKeyInfo): equal on clones.
    pub key_sha256: String,
}

/// The kind and size of a public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum KeyKind {
    /// RSA.
    Rsa {
        /// The size of the modulus in bits.
        bits: usize,
    },
    /// An elliptic curve.
    Ec {
        /// The name of the curve as RFC 8422 writes it, or its OID; empty where the key does not name one.
        curve: String,
    },
    /// Anything else, under its OID.
    Other {
        /// The algorithm.
        oid: String,
    },
}

impl Certificate {
    /// Reads a certificate; none where the bytes are no certificate.
    pub fn parse(der: &Der) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(&der.0).ok()?;
        let usage = parsed.key_usage().ok().flatten().map(|usage| usage.value);
        let (dns_names, addresses) = alternative_names(&parsed);
        Some(Self {
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            common_name: common_name(&parsed),
            dns_names,
            addresses,
            not_before: timestamp(parsed.validity().not_before),
            not_after: timestamp(parsed.validity().not_after),
            key: key(&parsed),
            signature: known(&SIGNATURES, &parsed.signature_algorithm.algorithm.to_id_string()).to_owned(),
            purposes: purposes(&parsed),
            may_sign: usage.is_none_or(KeyUsage::digital_signature),
            may_decipher: usage.is_none_or(KeyUsage::key_encipherment),
            self_issued: parsed.subject() == parsed.issuer(),
            sha1: hex(&Sha1::digest(&der.0)),
            sha256: hex(&Sha256::digest(&der.0)),
            key_sha256: hex(&Sha256::digest(parsed.public_key().raw)),
        })
    }

    /// Every name that the certificate is for: the DNS names, or the common name where it has none.
    pub fn names(&self) -> Vec<&str> {
        if self.dns_names.is_empty() {
            return self.common_name.as_deref().into_iter().collect();
        }
        self.dns_names.iter().map(String::as_str).collect()
    }

    /// The pattern of the certificate that Windows makes for Remote Desktop by itself: self-issued, RSA, a common name
    /// and no alternative ones, server authentication only, valid for half a year.
    pub fn is_windows_self_signed(&self) -> bool {
        let days = (self.not_after.as_second() - self.not_before.as_second()) / 86_400;
        self.self_issued
            && self.dns_names.is_empty()
            && self.common_name.is_some()
            && matches!(self.key, KeyKind::Rsa { .. })
            && self.purposes.as_deref() == Some(&[SERVER_AUTH.to_owned()])
            && (180..=186).contains(&days)
    }

    /// Whether the extended key usage allows a Remote Desktop server: absent, any, server authentication, or Microsoft's
    /// own Remote Desktop Authentication.
    pub fn may_serve(&self) -> bool {
        let Some(purposes) = &self.purposes else { return true };
        purposes.iter().any(|oid| [SERVER_AUTH, ANY_PURPOSE, REMOTE_DESKTOP_AUTH].contains(&oid.as_str()))
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
            Self::Ec { curve } => write!(f, "EC {curve}"),
            Self::Other { oid } => f.write_str(known(&KEY_NAMES, oid)),
        }
    }
}

/// Alternative names that are kept; a certificate with more is made to hurt.
const NAMES: usize = 256;

const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
const ANY_PURPOSE: &str = "2.5.29.37.0";
const REMOTE_DESKTOP_AUTH: &str = "1.3.6.1.4.1.311.54.1.2";

/// Curves (RFC 5480 section 2.1.1.1, RFC 5639).
const CURVES: [(&str, &str); 8] = [
    ("1.2.840.10045.3.1.7", "secp256r1"),
    ("1.3.132.0.34", "secp384r1"),
    ("1.3.132.0.35", "secp521r1"),
    ("1.3.132.0.33", "secp224r1"),
    ("1.3.132.0.10", "secp256k1"),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"),
];

/// Key algorithms beside RSA and EC.
const KEY_NAMES: [(&str, &str); 4] = [
    ("1.2.840.113549.1.1.10", "RSASSA-PSS"),
    ("1.2.840.10040.4.1", "DSA"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
];

/// Names as certlm and OpenSSL users know them.
const SIGNATURES: [(&str, &str); 14] = [
    ("1.2.840.113549.1.1.2", "RSA-MD2"),
    ("1.2.840.113549.1.1.4", "RSA-MD5"),
    ("1.2.840.113549.1.1.5", "RSA-SHA1"),
    ("1.3.14.3.2.29", "RSA-SHA1"),
    ("1.2.840.113549.1.1.10", "RSA-PSS"),
    ("1.2.840.113549.1.1.11", "RSA-SHA256"),
    ("1.2.840.113549.1.1.12", "RSA-SHA384"),
    ("1.2.840.113549.1.1.13", "RSA-SHA512"),
    ("1.2.840.10045.4.1", "ECDSA-SHA1"),
    ("1.2.840.10045.4.3.2", "ECDSA-SHA256"),
    ("1.2.840.10045.4.3.3", "ECDSA-SHA384"),
    ("1.2.840.10045.4.3.4", "ECDSA-SHA512"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
];

fn known<'a>(names: &[(&str, &'static str)], oid: &'a str) -> &'a str {
    names.iter().find(|(known, _)| *known == oid).map_or(oid, |(_, name)| name)
}

fn common_name(parsed: &X509Certificate<'_>) -> Option<String> {
    parsed.subject().iter_common_name().next().and_then(|name| name.as_str().ok()).map(str::to_owned)
}

fn alternative_names(parsed: &X509Certificate<'_>) -> (Vec<String>, Vec<IpAddr>) {
    let Ok(Some(extension)) = parsed.subject_alternative_name() else { return (Vec::new(), Vec::new()) };
    let mut dns_names = Vec::new();
    let mut addresses = Vec::new();
    for name in extension.value.general_names.iter().take(NAMES) {
        match name {
            GeneralName::DNSName(name) => dns_names.push((*name).to_owned()),
            GeneralName::IPAddress(bytes) => addresses.extend(address(bytes)),
            _ => {}
        }
    }
    (dns_names, addresses)
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = || <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from);
    let v6 = || <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from);
    v4().or_else(v6)
}

fn purposes(parsed: &X509Certificate<'_>) -> Option<Vec<String>> {
    let extension = parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::ExtendedKeyUsage(usage) => Some(usage),
        _ => None,
    })?;
    Some(purpose_oids(extension))
}

fn purpose_oids(usage: &ExtendedKeyUsage<'_>) -> Vec<String> {
    let named = [
        (usage.any, ANY_PURPOSE),
        (usage.server_auth, SERVER_AUTH),
        (usage.client_auth, "1.3.6.1.5.5.7.3.2"),
        (usage.code_signing, "1.3.6.1.5.5.7.3.3"),
        (usage.email_protection, "1.3.6.1.5.5.7.3.4"),
        (usage.time_stamping, "1.3.6.1.5.5.7.3.8"),
        (usage.ocsp_signing, "1.3.6.1.5.5.7.3.9"),
    ];
    let mut oids: Vec<String> = named.iter().filter(|(set, _)| *set).map(|(_, oid)| (*oid).to_owned()).collect();
    oids.extend(usage.other.iter().map(x509_parser::der_parser::oid::Oid::to_id_string));
    oids
}

fn key(parsed: &X509Certificate<'_>) -> KeyKind {
    let info = parsed.public_key();
    match info.parsed() {
        Ok(ParsedKey::RSA(key)) => KeyKind::Rsa { bits: bits(key.modulus) },
        Ok(ParsedKey::EC(_)) => KeyKind::Ec { curve: curve(info) },
        _ => KeyKind::Other { oid: info.algorithm.algorithm.to_id_string() },
    }
}

/// Significant bits of a big-endian number.
fn bits(number: &[u8]) -> usize {
    let digits = number.iter().skip_while(|byte| **byte == 0);
    let top = digits.clone().next().map_or(0, |byte| byte.leading_zeros() as usize);
    (digits.count() * 8).saturating_sub(top)
}

fn curve(info: &SubjectPublicKeyInfo<'_>) -> String {
    let oid = info.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
    oid.map_or(String::new(), |oid| known(&CURVES, &oid.to_id_string()).to_owned())
}

/// Times outside of what a timestamp can hold come out as its nearest end.
fn timestamp(time: ASN1Time) -> Timestamp {
    let seconds = time.timestamp();
    let end = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(seconds).unwrap_or(end)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::testing::CertificateMaker;

    fn made(maker: &CertificateMaker) -> Certificate {
        Certificate::parse(&maker.der()).unwrap()
    }

    #[test]
    fn reads_the_names() {
        let maker = CertificateMaker::issued("TS01", "Corp CA").dns(&["ts01.corp.example"]).address("10.0.0.5");
        let certificate = made(&maker);
        assert_eq!((certificate.subject.as_str(), certificate.issuer.as_str()), ("CN=TS01", "CN=Corp CA"));
        assert_eq!(certificate.names(), ["ts01.corp.example"]);
        assert_eq!(certificate.addresses, ["10.0.0.5".parse::<IpAddr>().unwrap()]);
        assert!(!certificate.self_issued);
        assert_eq!(made(&CertificateMaker::self_signed("TS01")).names(), ["TS01"]);
    }

    #[test]
    fn reads_the_key_to_the_bit() {
        for bits in [512, 1023, 1024, 2048, 4096] {
            assert_eq!(made(&CertificateMaker::self_signed("a").rsa(bits)).key, KeyKind::Rsa { bits });
        }
        let curve = |oid: &[u64]| made(&CertificateMaker::self_signed("a").curve(oid)).key.to_string();
        assert_eq!(curve(&[1, 2, 840, 10045, 3, 1, 7]), "EC secp256r1");
        assert_eq!(curve(&[1, 3, 132, 0, 10]), "EC secp256k1");
        assert_eq!(
            made(&CertificateMaker::self_signed("a").key_algorithm(&[1, 3, 101, 112])).key.to_string(),
            "Ed25519"
        );
    }

    #[test]
    fn reads_what_it_is_for() {
        let server = made(&CertificateMaker::self_signed("a").purposes(&[&[1, 3, 6, 1, 5, 5, 7, 3, 1]]));
        let client = made(&CertificateMaker::self_signed("a").purposes(&[&[1, 3, 6, 1, 5, 5, 7, 3, 2]]));
        let desktop = made(&CertificateMaker::self_signed("a").purposes(&[&[1, 3, 6, 1, 4, 1, 311, 54, 1, 2]]));
        assert!(server.may_serve() && desktop.may_serve() && !client.may_serve());
        assert!(made(&CertificateMaker::self_signed("a")).may_serve());
        let signs = made(&CertificateMaker::self_signed("a").usage(0b1000_0000));
        assert!(signs.may_sign && !signs.may_decipher);
    }

    #[test]
    fn knows_the_pattern_of_windows() {
        assert!(made(&CertificateMaker::windows("TS01")).is_windows_self_signed());
        assert!(!made(&CertificateMaker::windows("TS01").valid(-1, 364)).is_windows_self_signed());
        assert!(!made(&CertificateMaker::windows("TS01").dns(&["ts01"])).is_windows_self_signed());
        assert!(!made(&CertificateMaker::self_signed("TS01")).is_windows_self_signed());
    }

    #[test]
    fn bytes_that_are_no_certificate_are_none() {
        assert_eq!(Certificate::parse(&Der(Vec::new())), None);
        assert_eq!(Certificate::parse(&Der(vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff])), None);
        let whole = CertificateMaker::windows("TS01").der().0;
        for end in 0..whole.len() {
            assert_eq!(Certificate::parse(&Der(whole.get(..end).unwrap().to_vec())), None, "{end}");
        }
    }

    #[test]
    fn reads_certificates_from_captures() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/cert");
        let expected = [
            ("msedgewin10.der", "MSEDGEWIN10", "RSA-SHA256", true),
            ("office-win10-vm.der", "OFFICE-WIN10-VM", "RSA-SHA256", true),
            ("win2k8r2-awakecoding.der", "WIN2K8R2.awakecoding.ath.cx", "RSA-SHA1", false),
        ];
        for (file, name, signature, windows) in expected {
            let Ok(bytes) = std::fs::read(folder.join(file)) else {
                eprintln!("skipped: no sample {file}");
                continue;
            };
            let certificate = Certificate::parse(&Der(bytes)).unwrap();
            assert_eq!(certificate.common_name.as_deref(), Some(name));
            assert_eq!((certificate.signature.as_str(), &certificate.key), (signature, &KeyKind::Rsa { bits: 2048 }));
            assert_eq!(certificate.is_windows_self_signed(), windows, "{file}");
        }
    }
}
