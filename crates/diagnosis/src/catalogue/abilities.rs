//! What a server can do in TLS, from its profile or from what was measured.

use std::collections::BTreeSet;

use rdpdoctor_protocol::tls::{CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};

use super::profiles::{Profile, VersionRange};

/// What a server can do in TLS. What is not known is not held against a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abilities {
    /// Versions it speaks.
    pub versions: BTreeSet<ProtocolVersion>,
    /// Cipher suites, in the order in which it picks them.
    pub suites: Vec<CipherSuite>,
    /// Groups for the key exchange, where known.
    pub groups: Option<BTreeSet<NamedGroup>>,
    /// Schemes it signs with, where known.
    pub schemes: Option<BTreeSet<SignatureScheme>>,
    /// The key of its certificate.
    pub key: ServerKey,
    /// The Diffie-Hellman prime it sends, in bits, where known.
    pub dh_bits: Option<u32>,
}

/// The key of a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServerKey {
    /// An RSA key.
    Rsa {
        /// Its size in bits, where known.
        bits: Option<u32>,
    },
    /// An elliptic key for ECDSA.
    Ec {
        /// Its curve, where known.
        curve: Option<NamedGroup>,
    },
}

impl Abilities {
    /// What a release does as a server with the certificate that it makes for itself; `None` for what is no server.
    pub fn of_server(profile: &Profile) -> Option<Self> {
        let range = profile.server?;
        Some(Self {
            versions: versions(range),
            suites: profile.suites.clone(),
            groups: known(&profile.groups),
            schemes: known(&profile.schemes),
            key: ServerKey::Rsa { bits: profile.rsa_bits },
            dh_bits: profile.dh_bits,
        })
    }
}

fn versions(range: VersionRange) -> BTreeSet<ProtocolVersion> {
    use ProtocolVersion as V;
    [V::SSL3, V::TLS10, V::TLS11, V::TLS12, V::TLS13].into_iter().filter(|version| range.contains(*version)).collect()
}

fn known<T: Copy + Ord>(list: &[T]) -> Option<BTreeSet<T>> {
    (!list.is_empty()).then(|| list.iter().copied().collect())
}
