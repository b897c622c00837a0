use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

use crate::evidence::Der;

type Oid = [u64];

const RSA: &Oid = &[1, 2, 840, 113_549, 1, 1, 1];
const EC: &Oid = &[1, 2, 840, 10045, 2, 1];
const SHA256_RSA: &Oid = &[1, 2, 840, 113_549, 1, 1, 11];
const COMMON_NAME: &Oid = &[2, 5, 4, 3];
const SERVER_AUTH: &Oid = &[1, 3, 6, 1, 5, 5, 7, 3, 1];

/// Writes certificates (RFC 5280) with any field and a signature that nobody checks. Days count from the Unix epoch,
/// when scenes begin.
#[derive(Debug, Clone)]
pub struct CertificateMaker {
    subject: String,
    issuer: String,
    from: i64,
    until: i64,
    key: Vec<u8>,
    signature: Vec<u8>,
    names: Vec<u8>,
    purposes: Option<Vec<u8>>,
    usage: Option<u8>,
}

impl CertificateMaker {
    /// As OpenSSL makes them when not told otherwise: RSA 2048, SHA-256, ten years, no extension.
    pub fn self_signed(name: &str) -> Self {
        Self::issued(name, name)
    }

    /// The same under another name's authority.
    pub fn issued(name: &str, issuer: &str) -> Self {
        let plain = Self {
            subject: name.to_owned(),
            issuer: issuer.to_owned(),
            from: -365,
            until: 3285,
            key: Vec::new(),
            signature: oid(SHA256_RSA),
            names: Vec::new(),
            purposes: None,
            usage: None,
        };
        plain.rsa(2048)
    }

    /// As Windows makes them for Remote Desktop, a month old.
    pub fn windows(name: &str) -> Self {
        Self::self_signed(name).valid(-30, 153).purposes(&[SERVER_AUTH]).usage(0b0011_0000)
    }

    /// Valid between these days.
    #[must_use]
    pub fn valid(mut self, from: i64, until: i64) -> Self {
        (self.from, self.until) = (from, until);
        self
    }

    /// An RSA key of exactly so many bits.
    #[must_use]
    pub fn rsa(self, bits: usize) -> Self {
        self.rsa_like(bits, 0x5a)
    }

    /// Another RSA key of 2048 bits for each seed.
    #[must_use]
    pub fn key_number(self, seed: u8) -> Self {
        self.rsa_like(2048, seed)
    }

    fn rsa_like(mut self, bits: usize, fill: u8) -> Self {
        let mut modulus = vec![fill; bits.div_ceil(8)];
        modulus[0] = 1 << ((bits - 1) % 8);
        if modulus[0] == 0x80 {
            modulus.insert(0, 0);
        }
        let key = tlv(0x30, &[tlv(0x02, &modulus), tlv(0x02, &[1, 0, 1])].concat());
        self.key = public_key(&[oid(RSA), tlv(0x05, &[])].concat(), &key);
        self
    }

    /// A key on this curve.
    #[must_use]
    pub fn curve(mut self, curve: &Oid) -> Self {
        let mut point = vec![4];
        point.extend([0x11; 64]);
        self.key = public_key(&[oid(EC), oid(curve)].concat(), &point);
        self
    }

    /// A key of any other algorithm.
    #[must_use]
    pub fn key_algorithm(mut self, algorithm: &Oid) -> Self {
        self.key = public_key(&oid(algorithm), &[0x22; 32]);
        self
    }

    /// The algorithm of the signature.
    #[must_use]
    pub fn signed_with(mut self, algorithm: &Oid) -> Self {
        self.signature = oid(algorithm);
        self
    }

    /// More DNS names in the subject alternative name.
    #[must_use]
    pub fn dns(mut self, names: &[&str]) -> Self {
        self.names.extend(names.iter().flat_map(|name| tlv(0x82, name.as_bytes())));
        self
    }

    /// One more address in the subject alternative name.
    #[must_use]
    pub fn address(mut self, address: &str) -> Self {
        let bytes = match address.parse().expect("an address") {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        self.names.extend(tlv(0x87, &bytes));
        self
    }

    /// The extended key usage.
    #[must_use]
    pub fn purposes(mut self, purposes: &[&Oid]) -> Self {
        self.purposes = Some(purposes.iter().flat_map(|purpose| oid(purpose)).collect());
        self
    }

    /// The key usage: its first eight bits, digitalSignature first.
    #[must_use]
    pub fn usage(mut self, bits: u8) -> Self {
        self.usage = Some(bits);
        self
    }

    /// The certificate.
    pub fn der(&self) -> Der {
        let algorithm = tlv(0x30, &self.signature);
        let body = [
            tlv(0xa0, &tlv(0x02, &[2])),
            tlv(0x02, &[7]),
            algorithm.clone(),
            name(&self.issuer),
            tlv(0x30, &[time(self.from), time(self.until)].concat()),
            name(&self.subject),
            self.key.clone(),
            self.extensions(),
        ];
        let body = tlv(0x30, &body.concat());
        Der(tlv(0x30, &[body, algorithm, tlv(0x03, &[0; 33])].concat()))
    }

    fn extensions(&self) -> Vec<u8> {
        let mut list = Vec::new();
        if !self.names.is_empty() {
            list.extend(extension(17, &tlv(0x30, &self.names)));
        }
        if let Some(purposes) = &self.purposes {
            list.extend(extension(37, &tlv(0x30, purposes)));
        }
        if let Some(usage) = self.usage {
            list.extend(extension(15, &tlv(0x03, &[0, usage])));
        }
        if list.is_empty() { list } else { tlv(0xa3, &tlv(0x30, &list)) }
    }
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("a short value").to_be_bytes();
    let mut bytes = vec![tag];
    match (length, content.len()) {
        (_, 0x80..) if length[0] == 0 => bytes.extend([0x81, length[1]]),
        (_, 0x80..) => bytes.extend([0x82, length[0], length[1]]),
        _ => bytes.push(length[1]),
    }
    bytes.extend(content);
    bytes
}

fn oid(arcs: &Oid) -> Vec<u8> {
    let first = arcs[0] * 40 + arcs[1];
    let digits = std::iter::once(&first).chain(&arcs[2..]).flat_map(|arc| base128(*arc));
    tlv(0x06, &digits.collect::<Vec<u8>>())
}

fn base128(mut arc: u64) -> Vec<u8> {
    let mut digits = vec![u8::try_from(arc % 128).expect("below 128")];
    while arc >= 128 {
        arc /= 128;
        digits.insert(0, u8::try_from(arc % 128).expect("below 128") | 0x80);
    }
    digits
}

fn name(common: &str) -> Vec<u8> {
    let attribute = tlv(0x30, &[oid(COMMON_NAME), tlv(0x0c, common.as_bytes())].concat());
    tlv(0x30, &tlv(0x31, &attribute))
}

fn time(day: i64) -> Vec<u8> {
    let at = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day);
    tlv(0x18, at.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes())
}

fn public_key(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let bits = [&[0], key].concat();
    tlv(0x30, &[tlv(0x30, algorithm), tlv(0x03, &bits)].concat())
}

/// An extension of the arc id-ce (RFC 5280 section 4.2.1).
fn extension(last: u64, value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[oid(&[2, 5, 29, last]), tlv(0x04, value)].concat())
}
