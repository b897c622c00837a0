//! Certificates with any fault, made at start.

use std::time::{SystemTime, UNIX_EPOCH};

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use openssl::ssl::SslContextBuilder;
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509Name, X509NameRef};

/// X.509 v3 is counted from 0.
const X509_V3: i32 = 2;
const SECONDS_A_DAY: i64 = 86_400;
const AUTHORITY_BITS: u32 = 2048;

/// What is in a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CertificateSpec {
    pub(crate) key: Key,
    pub(crate) digest: Digest,
    /// The subject's common name; `subjectAltName` too where an authority issued it.
    pub(crate) name: &'static str,
    /// The common name of the authority that issued it, which is served with it; none for self-signed.
    pub(crate) issuer: Option<&'static str>,
    /// The day from which it is valid, counted from today.
    pub(crate) from: i64,
    /// The day until which it is valid, counted from today.
    pub(crate) until: i64,
    pub(crate) usage: Usage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// RSA with so many bits.
    Rsa(u32),
    /// The curve P-256.
    P256,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digest {
    Md5,
    Sha1,
    Sha256,
}

/// `extendedKeyUsage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usage {
    ServerAuthentication,
    ClientAuthentication,
    CodeSigning,
}

impl CertificateSpec {
    /// As Remote Desktop Services makes them: self-signed and valid for half a year.
    pub(crate) const WINDOWS: Self = Self {
        key: Key::Rsa(2048),
        digest: Digest::Sha256,
        name: "LAB01.lab.example",
        issuer: None,
        from: -10,
        until: 173,
        usage: Usage::ServerAuthentication,
    };
    /// As a company's own authority issues them, for a year.
    pub(crate) const ISSUED: Self = Self { issuer: Some("Lab Issuing CA"), until: 355, ..Self::WINDOWS };
}

/// A key and its certificate.
#[derive(Clone)]
pub(crate) struct Identity {
    key: PKey<Private>,
    certificate: X509,
    authority: Option<X509>,
}

impl Identity {
    /// Takes some 100 ms of computing, and seconds for keys of 4096 bits.
    pub(crate) fn new(spec: &CertificateSpec) -> Result<Self, ErrorStack> {
        let key = generate(spec.key)?;
        let subject = common_name(spec.name)?;
        let Some(issuer) = spec.issuer else {
            let certificate = sign(spec, &key, &subject, &subject, &key)?;
            return Ok(Self { key, certificate, authority: None });
        };
        let issuer = common_name(issuer)?;
        let authority_key = generate(Key::Rsa(AUTHORITY_BITS))?;
        let certificate = sign(spec, &key, &subject, &issuer, &authority_key)?;
        let authority = Some(authority(&issuer, &authority_key)?);
        Ok(Self { key, certificate, authority })
    }

    /// The certificate as DER.
    pub(crate) fn der(&self) -> Result<Vec<u8>, ErrorStack> {
        self.certificate.to_der()
    }

    /// A signature with SHA-256.
    pub(crate) fn sign(&self, content: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        Signer::new(MessageDigest::sha256(), &self.key)?.sign_oneshot_to_vec(content)
    }

    pub(crate) fn install(&self, context: &mut SslContextBuilder) -> Result<(), ErrorStack> {
        context.set_certificate(&self.certificate)?;
        if let Some(authority) = &self.authority {
            context.add_extra_chain_cert(authority.clone())?;
        }
        context.set_private_key(&self.key)
    }
}

fn generate(key: Key) -> Result<PKey<Private>, ErrorStack> {
    match key {
        Key::Rsa(bits) => PKey::from_rsa(Rsa::generate(bits)?),
        Key::P256 => {
            let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
            PKey::from_ec_key(EcKey::generate(&group)?)
        }
    }
}

fn sign(
    spec: &CertificateSpec,
    key: &PKey<Private>,
    subject: &X509NameRef,
    issuer: &X509NameRef,
    issuer_key: &PKey<Private>,
) -> Result<X509, ErrorStack> {
    let mut builder = start(subject, issuer, key, spec.from..spec.until)?;
    let mut usage = ExtendedKeyUsage::new();
    builder.append_extension(match spec.usage {
        Usage::ServerAuthentication => usage.server_auth().build()?,
        Usage::ClientAuthentication => usage.client_auth().build()?,
        Usage::CodeSigning => usage.code_signing().build()?,
    })?;
    let mut usage = KeyUsage::new();
    builder.append_extension(match spec.key {
        Key::Rsa(_) => usage.key_encipherment().data_encipherment().build()?,
        Key::P256 => usage.digital_signature().build()?,
    })?;
    if spec.issuer.is_some() {
        let name = SubjectAlternativeName::new().dns(spec.name).build(&builder.x509v3_context(None, None))?;
        builder.append_extension(name)?;
    }
    let digest = match spec.digest {
        Digest::Md5 => MessageDigest::md5(),
        Digest::Sha1 => MessageDigest::sha1(),
        Digest::Sha256 => MessageDigest::sha256(),
    };
    builder.sign(issuer_key, digest)?;
    Ok(builder.build())
}

fn authority(name: &X509NameRef, key: &PKey<Private>) -> Result<X509, ErrorStack> {
    let mut builder = start(name, name, key, -1000..2650)?;
    builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
    builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build()?)?;
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
}

fn start(
    subject: &X509NameRef,
    issuer: &X509NameRef,
    key: &PKey<Private>,
    days: std::ops::Range<i64>,
) -> Result<X509Builder, ErrorStack> {
    let mut serial = BigNum::new()?;
    serial.rand(127, MsbOption::ONE, false)?;
    let mut builder = X509::builder()?;
    builder.set_version(X509_V3)?;
    builder.set_serial_number(&*serial.to_asn1_integer()?)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    builder.set_not_before(&*day(days.start)?)?;
    builder.set_not_after(&*day(days.end)?)?;
    builder.set_pubkey(key)?;
    Ok(builder)
}

fn common_name(name: &str) -> Result<X509Name, ErrorStack> {
    let mut builder = X509Name::builder()?;
    builder.append_entry_by_nid(Nid::COMMONNAME, name)?;
    Ok(builder.build())
}

/// So many days from now.
fn day(days: i64) -> Result<Asn1Time, ErrorStack> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let seconds = days.saturating_mul(SECONDS_A_DAY).saturating_add_unsigned(now);
    Asn1Time::from_unix(seconds)
}
