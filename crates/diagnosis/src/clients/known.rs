//! What the attempts show of the server's TLS: what it picked, and what it refused.

use rdpdoctor_protocol::tls::{
    CipherSuite, HelloSpec, KeyExchange, MODERN, NamedGroup, OLD, ProtocolVersion, SignatureScheme, TLS13,
};

use crate::catalogue::ServerKey;
use crate::certificate::{Certificate, KeyKind};
use crate::evidence::{Attempt, Ending, KeyExchangeSeen, Offer, TlsOffer};
use crate::view::{AddressView, attempt_fact};

/// Attempts that were cut off from which on a refusal without an alert is taken for one.
const CUTS: usize = 2;

/// Suites of TLS 1.3 that OpenSSL offers by itself.
const DEFAULT_TLS13: usize = 3;

/// The server's TLS as far as it was seen.
#[derive(Debug)]
pub(super) struct TlsKnown<'a> {
    pub(super) picks: Vec<Pick<'a>>,
    pub(super) refusals: Vec<Refusal<'a>>,
    /// The key of its certificate, where one was shown.
    pub(super) key: Option<ServerKey>,
}

/// An offer that was taken.
#[derive(Debug)]
pub(super) struct Pick<'a> {
    index: usize,
    pub(super) attempt: &'a Attempt,
    pub(super) offered: Offered,
    pub(super) version: ProtocolVersion,
    /// None where only a HelloRetryRequest came.
    pub(super) suite: Option<CipherSuite>,
    pub(super) exchange: KeyExchangeSeen,
}

/// An offer that was cut off for good.
#[derive(Debug)]
pub(super) struct Refusal<'a> {
    index: usize,
    pub(super) attempt: &'a Attempt,
    pub(super) offered: Offered,
}

/// What a hello held, as far as it is certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offered {
    pub(super) versions: Vec<ProtocolVersion>,
    pub(super) suites: Vec<CipherSuite>,
    pub(super) groups: Vec<NamedGroup>,
    pub(super) schemes: Vec<SignatureScheme>,
    /// Whether OpenSSL made it, with more than any client offers.
    pub(super) wide: bool,
}

impl<'a> TlsKnown<'a> {
    pub(super) fn at(address: AddressView<'a>) -> Self {
        let picks: Vec<Pick<'a>> = address.attempts().filter_map(pick).collect();
        let taken = |offer: &Offer| picks.iter().any(|pick| pick.attempt.offer == *offer);
        let cut: Vec<_> = address.attempts().filter(|(_, attempt)| is_cut(attempt) && !taken(&attempt.offer)).collect();
        let times = |offer: &Offer| cut.iter().filter(|(_, attempt)| attempt.offer == *offer).count();
        let for_good = |attempt: &Attempt| {
            matches!(attempt.ending, Ending::Alert { .. }) || times(&attempt.offer) >= CUTS || cut.len() > CUTS
        };
        let refusals = cut
            .iter()
            .filter(|(_, attempt)| for_good(attempt))
            .filter_map(|(index, attempt)| Some(Refusal { index: *index, attempt, offered: offered(&attempt.offer)? }));
        let refusals = refusals.collect();
        Self { picks, refusals, key: address.attempts().find_map(|(_, attempt)| key(attempt)) }
    }

    /// Whether the server was offered this version and picked an older one.
    pub(super) fn is_passed_over(&self, version: ProtocolVersion) -> bool {
        self.picks.iter().any(|pick| pick.version < version && pick.offered.versions.contains(&version))
    }

    /// Whether a narrower offer was taken than one that was refused: then a refusal says nothing of what it held.
    pub(super) fn is_contradictory(&self) -> bool {
        self.refusals.iter().any(|refusal| self.picks.iter().any(|pick| refusal.offered.holds(&pick.offered)))
    }
}

impl Pick<'_> {
    pub(super) fn fact(&self) -> String {
        attempt_fact(self.index)
    }
}

impl Refusal<'_> {
    pub(super) fn fact(&self) -> String {
        attempt_fact(self.index)
    }
}

impl Offered {
    pub(super) fn newest(&self) -> Option<ProtocolVersion> {
        self.versions.iter().copied().max()
    }

    /// Whether it has everything that the other has, and is as new.
    pub(super) fn holds(&self, other: &Self) -> bool {
        self.newest() == other.newest()
            && other.versions.iter().all(|version| self.versions.contains(version))
            && other.suites.iter().all(|suite| self.suites.contains(suite))
            && self.holds_parameters(other)
    }

    /// The same for groups and schemes alone.
    pub(super) fn holds_parameters(&self, other: &Self) -> bool {
        let groups = other.groups.iter().filter(|group| !is_rare_group(**group));
        let schemes = other.schemes.iter().filter(|scheme| !is_rare_scheme(**scheme));
        groups.into_iter().all(|group| self.groups.contains(group))
            && schemes.into_iter().all(|scheme| self.schemes.contains(scheme))
    }
}

/// A group that no server insists on unless it was seen to.
pub(super) fn is_rare_group(group: NamedGroup) -> bool {
    group.is_finite_field() || group == NamedGroup::X448
}

/// SHA-224, DSA and keys that sign with PSS or Edwards curves alone: no certificate of an RDP server needs them.
fn is_rare_scheme(scheme: SignatureScheme) -> bool {
    let [hash, algorithm] = scheme.0.to_be_bytes();
    let edwards_or_pss = (SignatureScheme::ED25519..=SignatureScheme::RSA_PSS_PSS_SHA512).contains(&scheme);
    hash == 3 || edwards_or_pss || (hash < 8 && algorithm == 2)
}

/// What an offer held; `None` where it came not as far as TLS.
pub(super) fn offered(offer: &Offer) -> Option<Offered> {
    match offer.tls.as_ref()? {
        TlsOffer::Complete => Some(wide(ProtocolVersion::TLS13)),
        TlsOffer::CompleteBelowTls13 => Some(wide(ProtocolVersion::TLS12)),
        TlsOffer::Hello(spec) => Some(Offered {
            versions: spec.versions.clone(),
            suites: spec.suites.clone(),
            groups: spec.groups.clone(),
            schemes: spec.schemes.clone(),
            wide: false,
        }),
    }
}

/// What every OpenSSL has in it; it may have had more.
fn wide(newest: ProtocolVersion) -> Offered {
    use ProtocolVersion as V;
    let versions: Vec<_> = [V::TLS10, V::TLS11, V::TLS12, V::TLS13].into_iter().filter(|v| *v <= newest).collect();
    let tls13 = if newest >= V::TLS13 { TLS13.iter().take(DEFAULT_TLS13) } else { [].iter().take(0) };
    let suites: Vec<CipherSuite> = tls13.chain(MODERN).chain(OLD).copied().collect();
    let like = HelloSpec::new(&versions, &suites);
    Offered { versions, suites, groups: like.groups, schemes: like.schemes, wide: true }
}

/// Whether a suite exists at a version and fits the server's key.
pub(super) fn is_usable(suite: CipherSuite, version: ProtocolVersion, key: Option<ServerKey>) -> bool {
    let Some(parts) = suite.parameters() else { return true };
    let of_tls13 = parts.key_exchange == KeyExchange::Tls13;
    let fits_version = of_tls13 == (version >= ProtocolVersion::TLS13) && parts.first_version <= version;
    let needs_other_key = matches!(
        (parts.key_exchange, key),
        (KeyExchange::EcdheEcdsa, Some(ServerKey::Rsa { .. }))
            | (KeyExchange::Rsa | KeyExchange::DheRsa | KeyExchange::EcdheRsa, Some(ServerKey::Ec { .. }))
    );
    fits_version && !needs_other_key
}

fn pick((index, attempt): (usize, &Attempt)) -> Option<Pick<'_>> {
    let tls = attempt.tls.as_ref()?;
    let offered = offered(&attempt.offer)?;
    if offered.wide && tls.completed.is_none() {
        return None;
    }
    let exchange = tls.key_exchange.unwrap_or_default();
    match (&tls.server_hello, tls.hello_retry) {
        (Some(hello), _) => {
            Some(Pick { index, attempt, offered, version: hello.version, suite: Some(hello.suite), exchange })
        }
        (None, Some(group)) => {
            let exchange = KeyExchangeSeen { group: Some(group), ..exchange };
            Some(Pick { index, attempt, offered, version: ProtocolVersion::TLS13, suite: None, exchange })
        }
        (None, None) => None,
    }
}

/// The other side ended TLS before it had taken the offer; silence is something else.
fn is_cut(attempt: &Attempt) -> bool {
    let ended = matches!(attempt.ending, Ending::Fin | Ending::Reset | Ending::Alert { .. });
    attempt.broke_in_tls() && ended && pick((0, attempt)).is_none()
}

fn key(attempt: &Attempt) -> Option<ServerKey> {
    let leaf = Certificate::parse(attempt.tls.as_ref()?.chain.first()?)?;
    server_key(leaf.key)
}

/// The key of a certificate as TLS sees it.
pub(crate) fn server_key(key: KeyKind) -> Option<ServerKey> {
    match key {
        KeyKind::Rsa { bits } => Some(ServerKey::Rsa { bits: u32::try_from(bits).ok() }),
        KeyKind::Ec { curve } => {
            let curves = [NamedGroup::SECP256R1, NamedGroup::SECP384R1, NamedGroup::SECP521R1];
            Some(ServerKey::Ec { curve: curves.into_iter().find(|known| known.to_string() == curve) })
        }
        KeyKind::Other { .. } => None,
    }
}
