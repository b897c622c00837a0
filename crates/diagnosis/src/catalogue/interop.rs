//! Whether a client and a server can agree in TLS, and on what.

use rdpdoctor_protocol::tls::{
    CipherSuite, KeyExchange, NamedGroup, ProtocolVersion, SignatureScheme, SuiteParameters,
};

use super::abilities::{Abilities, ServerKey};
use super::profiles::Profile;

/// How a handshake between a client and a server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Interop {
    /// They agree.
    Ok {
        /// On this version.
        version: ProtocolVersion,
        /// And this suite.
        suite: CipherSuite,
    },
    /// They share no version.
    FailNoCommonVersion,
    /// They share no suite that fits the version and the server's key.
    FailNoCommonSuite {
        /// The highest version they share.
        version: ProtocolVersion,
    },
    /// They share suites, but no group for the key exchange.
    FailNoCommonGroup {
        /// The highest version they share.
        version: ProtocolVersion,
    },
    /// They share suites, but no signature scheme that fits the server's key.
    FailNoCommonScheme {
        /// The highest version they share.
        version: ProtocolVersion,
    },
    /// The client refuses the server's RSA key.
    FailRsaKeyTooSmall {
        /// The highest version they share.
        version: ProtocolVersion,
        /// The key, in bits.
        bits: u32,
        /// The smallest that the client takes, in bits.
        minimum: u32,
    },
    /// The client refuses the Diffie-Hellman prime, as it learns the size only after the server picked the suite.
    FailDhPrimeTooSmall {
        /// The highest version they share.
        version: ProtocolVersion,
        /// The suite that the server picks.
        suite: CipherSuite,
        /// The prime, in bits.
        bits: u32,
        /// The smallest that the client takes, in bits.
        minimum: u32,
    },
    /// Too little is known of one of the two.
    Unknown,
}

/// How a handshake of the client with the server ends: the highest version of both, and the first suite in the
/// server's order that both can carry out.
pub fn judge_tls(client: &Profile, server: &Abilities) -> Interop {
    let Some(range) = client.client else { return Interop::Unknown };
    if server.versions.is_empty() || server.suites.is_empty() {
        return Interop::Unknown;
    }
    let Some(version) = server.versions.iter().copied().rfind(|version| range.contains(*version)) else {
        return Interop::FailNoCommonVersion;
    };
    let pair = Pair { client, server, version };
    match pair.pick() {
        Ok(suite) => pair.refusal(suite).unwrap_or(Interop::Ok { version, suite }),
        Err(failure) => failure,
    }
}

/// The suites that client and server share at a version and that fit the server's key, in the server's order.
pub fn common_suites(client: &Profile, server: &Abilities, version: ProtocolVersion) -> Vec<CipherSuite> {
    Pair { client, server, version }.shared().map(|(suite, _)| suite).collect()
}

#[derive(Clone, Copy)]
struct Pair<'a> {
    client: &'a Profile,
    server: &'a Abilities,
    version: ProtocolVersion,
}

impl<'a> Pair<'a> {
    fn shared(self) -> impl Iterator<Item = (CipherSuite, KeyExchange)> + 'a {
        let offered = self.server.suites.iter().filter(move |suite| self.client.suites.contains(suite));
        offered.filter_map(move |suite| {
            let parameters = suite.parameters()?;
            let fits = exists_at(parameters, self.version) && fits_key(parameters.key_exchange, self.server.key);
            fits.then_some((*suite, parameters.key_exchange))
        })
    }

    fn pick(self) -> Result<CipherSuite, Interop> {
        let mut first_failure = None;
        for (suite, exchange) in self.shared() {
            match self.obstacle(exchange) {
                None => return Ok(suite),
                Some(obstacle) => first_failure = first_failure.or(Some(obstacle)),
            }
        }
        Err(first_failure.unwrap_or(Interop::FailNoCommonSuite { version: self.version }))
    }

    /// What keeps the server from picking a suite with this key exchange.
    fn obstacle(self, exchange: KeyExchange) -> Option<Interop> {
        if !self.shares_group(exchange) {
            return Some(Interop::FailNoCommonGroup { version: self.version });
        }
        (!self.shares_scheme(exchange)).then_some(Interop::FailNoCommonScheme { version: self.version })
    }

    /// A client without groups leaves the choice to the server (RFC 8422, 4). Finite fields below TLS 1.3 need none in
    /// common: servers that do not know RFC 7919 send their own prime.
    fn shares_group(self, exchange: KeyExchange) -> bool {
        let needs_curve = matches!(exchange, KeyExchange::EcdheRsa | KeyExchange::EcdheEcdsa | KeyExchange::Tls13);
        if !needs_curve || self.client.groups.is_empty() {
            return true;
        }
        let takes = |group: &NamedGroup| self.server.groups.as_ref().is_none_or(|known| known.contains(group));
        let shared = self.client.groups.iter().any(|group| usable(*group, self.version) && takes(group));
        shared && self.takes_curve_of_key()
    }

    /// Below TLS 1.3 the curve of the certificate is one of the client's groups too (RFC 8422, 5.1).
    fn takes_curve_of_key(self) -> bool {
        match self.server.key {
            ServerKey::Ec { curve: Some(curve) } if self.version < ProtocolVersion::TLS13 => {
                self.client.groups.contains(&curve)
            }
            _ => true,
        }
    }

    /// Nothing is signed where RSA encrypts the secret, and no scheme is agreed on below TLS 1.2.
    fn shares_scheme(self, exchange: KeyExchange) -> bool {
        if exchange == KeyExchange::Rsa || self.version < ProtocolVersion::TLS12 {
            return true;
        }
        let signs = |scheme: &SignatureScheme| self.server.schemes.as_ref().is_none_or(|known| known.contains(scheme));
        let fits = |scheme: &&SignatureScheme| scheme_fits_key(**scheme, self.server.key, self.version);
        let offered = if self.client.schemes.is_empty() { UNSAID } else { &self.client.schemes };
        offered.iter().filter(fits).any(signs)
    }

    /// What the client refuses once the server has answered.
    fn refusal(self, suite: CipherSuite) -> Option<Interop> {
        self.small_rsa_key().or_else(|| self.small_dh_prime(suite))
    }

    fn small_rsa_key(self) -> Option<Interop> {
        let ServerKey::Rsa { bits: Some(bits) } = self.server.key else { return None };
        let minimum = self.client.min_rsa_bits?;
        (bits < minimum).then_some(Interop::FailRsaKeyTooSmall { version: self.version, bits, minimum })
    }

    fn small_dh_prime(self, suite: CipherSuite) -> Option<Interop> {
        let exchange = suite.parameters()?.key_exchange;
        let (bits, minimum) = (self.server.dh_bits?, self.client.min_dh_bits?);
        let too_small = matches!(exchange, KeyExchange::DheRsa) && bits < minimum;
        too_small.then_some(Interop::FailDhPrimeTooSmall { version: self.version, suite, bits, minimum })
    }
}

/// What a TLS 1.2 client without `signature_algorithms` is taken to accept (RFC 5246, 7.4.1.4.1).
const UNSAID: &[SignatureScheme] = &[SignatureScheme::RSA_PKCS1_SHA1, SignatureScheme::ECDSA_SHA1];

fn exists_at(parameters: SuiteParameters, version: ProtocolVersion) -> bool {
    let of_tls13 = parameters.key_exchange == KeyExchange::Tls13;
    of_tls13 == (version >= ProtocolVersion::TLS13) && parameters.first_version <= version
}

fn fits_key(exchange: KeyExchange, key: ServerKey) -> bool {
    match exchange {
        KeyExchange::Rsa | KeyExchange::RsaExport | KeyExchange::DheRsa | KeyExchange::EcdheRsa => {
            matches!(key, ServerKey::Rsa { .. })
        }
        KeyExchange::EcdheEcdsa => matches!(key, ServerKey::Ec { .. }),
        KeyExchange::Tls13 => true,
        _ => false,
    }
}

/// RFC 8446, 4.2.7, drops the old curves; the hybrids with ML-KEM exist in TLS 1.3 only.
fn usable(group: NamedGroup, version: ProtocolVersion) -> bool {
    use NamedGroup as G;
    let dropped = group < G::SECP256R1 || (G::BRAINPOOLP256R1..=G::BRAINPOOLP512R1).contains(&group);
    let hybrid = (G::SECP256R1_MLKEM768..=G::SECP384R1_MLKEM1024).contains(&group);
    if version >= ProtocolVersion::TLS13 { !dropped } else { !group.is_finite_field() && !hybrid }
}

fn scheme_fits_key(scheme: SignatureScheme, key: ServerKey, version: ProtocolVersion) -> bool {
    use SignatureScheme as S;
    let [hash, algorithm] = scheme.0.to_be_bytes();
    let of_tls12 = version < ProtocolVersion::TLS13 && (1..=6).contains(&hash);
    match key {
        ServerKey::Rsa { .. } => {
            (S::RSA_PSS_RSAE_SHA256..=S::RSA_PSS_RSAE_SHA512).contains(&scheme) || (of_tls12 && algorithm == 1)
        }
        ServerKey::Ec { .. } if of_tls12 => algorithm == 3,
        // From TLS 1.3 on the scheme names the curve (RFC 8446, 4.2.3).
        ServerKey::Ec { curve } => match scheme {
            S::ECDSA_SECP256R1_SHA256 => curve.is_none_or(|curve| curve == NamedGroup::SECP256R1),
            S::ECDSA_SECP384R1_SHA384 => curve.is_none_or(|curve| curve == NamedGroup::SECP384R1),
            S::ECDSA_SECP521R1_SHA512 => curve.is_none_or(|curve| curve == NamedGroup::SECP521R1),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::profiles::profile;
    use super::*;

    use NamedGroup as G;
    use ProtocolVersion as V;
    use SignatureScheme as S;

    const ECDHE_RSA_GCM: CipherSuite = CipherSuite(0xc02f);
    const ECDHE_ECDSA_GCM: CipherSuite = CipherSuite(0xc02b);
    const DHE_RSA_GCM: CipherSuite = CipherSuite(0x009e);
    const RSA_GCM: CipherSuite = CipherSuite(0x009c);
    const TLS13_GCM: CipherSuite = CipherSuite(0x1301);

    fn server(version: ProtocolVersion, suites: &[CipherSuite]) -> Abilities {
        Abilities {
            versions: BTreeSet::from([version]),
            suites: suites.to_vec(),
            groups: None,
            schemes: None,
            key: ServerKey::Rsa { bits: Some(2048) },
            dh_bits: Some(2048),
        }
    }

    fn judge(client: &str, server: &Abilities) -> Interop {
        judge_tls(profile(client).unwrap(), server)
    }

    #[test]
    fn groups_of_a_server_decide_for_curves_only() {
        let mut server = server(V::TLS12, &[ECDHE_RSA_GCM]);
        server.groups = Some(BTreeSet::from([G::SECP521R1]));
        assert_eq!(judge("windows-11-24h2", &server), Interop::FailNoCommonGroup { version: V::TLS12 });
        assert_eq!(judge("freerdp-3", &server), Interop::Ok { version: V::TLS12, suite: ECDHE_RSA_GCM });
        server.suites.push(RSA_GCM);
        assert_eq!(judge("windows-11-24h2", &server), Interop::Ok { version: V::TLS12, suite: RSA_GCM });
    }

    #[test]
    fn finite_fields_are_groups_from_tls13_on() {
        let mut modern = server(V::TLS13, &[TLS13_GCM]);
        modern.groups = Some(BTreeSet::from([G::FFDHE2048]));
        assert_eq!(judge("freerdp-3", &modern), Interop::Ok { version: V::TLS13, suite: TLS13_GCM });
        assert_eq!(judge("windows-11-24h2", &modern), Interop::FailNoCommonGroup { version: V::TLS13 });
        let mut older = server(V::TLS12, &[ECDHE_RSA_GCM]);
        older.groups = modern.groups;
        assert_eq!(judge("freerdp-3", &older), Interop::FailNoCommonGroup { version: V::TLS12 });
    }

    #[test]
    fn a_server_that_signs_with_sha1_only_needs_a_client_that_takes_it() {
        let mut server = server(V::TLS12, &[ECDHE_RSA_GCM]);
        server.schemes = Some(BTreeSet::from([S::RSA_PKCS1_SHA1]));
        assert_eq!(judge("freerdp-3", &server), Interop::FailNoCommonScheme { version: V::TLS12 });
        assert_eq!(judge("freerdp-2", &server), Interop::Ok { version: V::TLS12, suite: ECDHE_RSA_GCM });
        server.suites.push(RSA_GCM);
        assert_eq!(judge("freerdp-3", &server), Interop::Ok { version: V::TLS12, suite: RSA_GCM });
    }

    #[test]
    fn tls13_signs_with_pss_where_the_key_is_rsa() {
        let mut server = server(V::TLS13, &[TLS13_GCM]);
        server.schemes = Some(BTreeSet::from([S::RSA_PKCS1_SHA256]));
        assert_eq!(judge("windows-11-24h2", &server), Interop::FailNoCommonScheme { version: V::TLS13 });
    }

    #[test]
    fn elliptic_keys_need_their_own_suites_and_curve() {
        let mut server = server(V::TLS12, &[ECDHE_RSA_GCM, RSA_GCM]);
        server.key = ServerKey::Ec { curve: Some(G::SECP521R1) };
        assert_eq!(judge("windows-10-22h2", &server), Interop::FailNoCommonSuite { version: V::TLS12 });
        server.suites.push(ECDHE_ECDSA_GCM);
        assert_eq!(judge("windows-10-22h2", &server), Interop::FailNoCommonGroup { version: V::TLS12 });
        assert_eq!(judge("freerdp-3", &server), Interop::Ok { version: V::TLS12, suite: ECDHE_ECDSA_GCM });
        server.key = ServerKey::Ec { curve: Some(G::SECP256R1) };
        assert_eq!(judge("windows-10-22h2", &server), Interop::Ok { version: V::TLS12, suite: ECDHE_ECDSA_GCM });
    }

    #[test]
    fn tls13_ties_the_scheme_to_the_curve() {
        let mut server = server(V::TLS13, &[TLS13_GCM]);
        server.key = ServerKey::Ec { curve: Some(G::SECP521R1) };
        assert_eq!(judge("ironrdp", &server), Interop::FailNoCommonScheme { version: V::TLS13 });
        assert_eq!(judge("freerdp-3", &server), Interop::Ok { version: V::TLS13, suite: TLS13_GCM });
    }

    #[test]
    fn small_keys_are_refused_whatever_the_suite() {
        let mut server = server(V::TLS12, &[RSA_GCM]);
        server.key = ServerKey::Rsa { bits: Some(512) };
        let refused = Interop::FailRsaKeyTooSmall { version: V::TLS12, bits: 512, minimum: 1024 };
        assert_eq!(judge("windows-10-22h2", &server), refused);
        assert_eq!(judge("freerdp-3", &server), Interop::Ok { version: V::TLS12, suite: RSA_GCM });
    }

    #[test]
    fn a_small_prime_hurts_only_where_the_server_picks_it() {
        let mut server = server(V::TLS12, &[DHE_RSA_GCM, RSA_GCM]);
        server.dh_bits = Some(1024);
        let refused = Interop::FailDhPrimeTooSmall { version: V::TLS12, suite: DHE_RSA_GCM, bits: 1024, minimum: 2048 };
        assert_eq!(judge("freerdp-3-27", &server), refused);
        assert_eq!(judge("freerdp-3", &server), Interop::Ok { version: V::TLS12, suite: DHE_RSA_GCM });
        assert_eq!(judge("windows-10-22h2", &server), Interop::Ok { version: V::TLS12, suite: RSA_GCM });
    }

    #[test]
    fn a_server_of_which_nothing_is_known_is_not_judged() {
        assert_eq!(judge("windows-11-24h2", &server(V::TLS12, &[])), Interop::Unknown);
        let mut no_version = server(V::TLS12, &[RSA_GCM]);
        no_version.versions.clear();
        assert_eq!(judge("windows-11-24h2", &no_version), Interop::Unknown);
        assert_eq!(judge("windows-server-2008-r2", &server(V::TLS12, &[RSA_GCM])), Interop::Unknown);
    }
}
