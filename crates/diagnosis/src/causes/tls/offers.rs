//! The offers that tell apart why a server cuts TLS off. Each asks for the protocols that mstsc asks for, so that only
//! the ClientHello differs.

use rdpdoctor_protocol::tls::{
    Authentication, CipherSuite, HelloSpec, LEGACY, Look, MODERN, NamedGroup, OLD, ProtocolVersion, TLS13,
};

use crate::evidence::{Offer, TlsOffer};

const BELOW_TLS13: [ProtocolVersion; 3] = [ProtocolVersion::TLS12, ProtocolVersion::TLS11, ProtocolVersion::TLS10];

/// Few suites that every Windows since 7 or every OpenSSL since 1.0 has.
const COMMON: [CipherSuite; 6] = [
    CipherSuite(0xc02c), // TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
    CipherSuite(0xc030), // TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
    CipherSuite(0xc014), // TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
    CipherSuite(0xc013), // TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
    CipherSuite(0x009d), // TLS_RSA_WITH_AES_256_GCM_SHA384
    CipherSuite(0x0035), // TLS_RSA_WITH_AES_256_CBC_SHA
];

/// TLS_RSA_WITH_IDEA_CBC_SHA: no Windows and hardly anything else takes it, so that its answer is an alert.
const UNWANTED: CipherSuite = CipherSuite(0x0007);

/// Larger than any hello that a buffer of 256 or 512 bytes takes, and still one packet on most paths.
const PADDED_BYTES: u16 = 1200;

/// An offer and what it is called.
type Named = (fn() -> Offer, &'static str);

/// Everything that the library has, without TLS 1.3, completed.
pub(in crate::causes) fn below_tls13() -> Offer {
    Offer { tls: Some(TlsOffer::CompleteBelowTls13), ..Offer::mstsc() }
}

/// What a current mstsc says: Windows 11 still has TLS 1.0 and 1.1 on unless they were switched off.
pub(super) fn mstsc_spec() -> HelloSpec {
    let versions = [&[ProtocolVersion::TLS13], BELOW_TLS13.as_slice()].concat();
    HelloSpec { versions, ..Look::Windows11.spec(None) }
}

/// The hello of a current mstsc.
pub(super) fn mstsc_hello() -> Offer {
    hello(mstsc_spec())
}

/// Up to TLS 1.2: ECDHE with AES-GCM, CCM or ChaCha20.
pub(super) fn modern() -> Offer {
    hello(HelloSpec::new(&BELOW_TLS13, MODERN))
}

/// Up to TLS 1.2: the other suites with AES.
pub(super) fn old() -> Offer {
    hello(HelloSpec::new(&BELOW_TLS13, OLD))
}

/// Up to TLS 1.2: what current clients no longer offer.
pub(super) fn legacy() -> Offer {
    hello(HelloSpec::new(&BELOW_TLS13, LEGACY))
}

/// Every suite up to TLS 1.2.
pub(super) fn without_tls13() -> Offer {
    hello(HelloSpec::new(&BELOW_TLS13, &all_suites()))
}

/// One version and every suite that it has.
pub(super) fn only(version: ProtocolVersion) -> Offer {
    if version >= ProtocolVersion::TLS13 {
        // A group that no other hello of ours offers is found here: its share spares a HelloRetryRequest.
        let mut spec = HelloSpec::new(&[version], TLS13);
        spec.groups.extend([NamedGroup::X448, NamedGroup::FFDHE2048, NamedGroup::FFDHE3072]);
        spec.key_shares.push(NamedGroup::X448);
        return hello(spec);
    }
    let exists = |suite: &CipherSuite| suite.parameters().is_some_and(|parts| parts.first_version <= version);
    let suites: Vec<CipherSuite> = all_suites().into_iter().filter(exists).collect();
    hello(HelloSpec::new(&[version], &suites))
}

/// Up to TLS 1.2: every suite whose key exchange is ephemeral and signed.
pub(super) fn ephemeral() -> Offer {
    let fits = |suite: &CipherSuite| {
        let parts = suite.parameters();
        parts.is_some_and(|parts| parts.forward_secrecy && parts.authentication != Authentication::Anonymous)
    };
    let suites: Vec<CipherSuite> = all_suites().into_iter().filter(fits).collect();
    hello(HelloSpec::new(&BELOW_TLS13, &suites))
}

/// Few common suites in a short hello.
pub(super) fn small() -> Offer {
    hello(HelloSpec::new(&BELOW_TLS13, &COMMON))
}

/// The same, padded.
pub(super) fn padded() -> Offer {
    hello(HelloSpec { length: Some(PADDED_BYTES), ..HelloSpec::new(&BELOW_TLS13, &COMMON) })
}

/// A hello that hardly any server takes: its answer is seven bytes long.
pub(in crate::causes) fn unwanted() -> Offer {
    hello(HelloSpec::new(&BELOW_TLS13, &[UNWANTED]))
}

/// The newest version on offer.
pub(super) fn newest(offer: &Offer) -> Option<ProtocolVersion> {
    Some(match offer.tls.as_ref()? {
        TlsOffer::Complete => ProtocolVersion::TLS13,
        TlsOffer::CompleteBelowTls13 => ProtocolVersion::TLS12,
        TlsOffer::Hello(spec) => spec.versions.iter().copied().max()?,
    })
}

/// Whether this version is on offer.
pub(super) fn offers(offer: &Offer, version: ProtocolVersion) -> bool {
    match &offer.tls {
        None => false,
        Some(TlsOffer::Complete) => version <= ProtocolVersion::TLS13,
        Some(TlsOffer::CompleteBelowTls13) => version < ProtocolVersion::TLS13,
        Some(TlsOffer::Hello(spec)) => spec.versions.contains(&version),
    }
}

/// What is offered, for a sentence.
pub(super) fn name(offer: &Offer) -> String {
    let known: [Named; 11] = [
        (Offer::mstsc, "everything that OpenSSL can do"),
        (below_tls13, "everything that OpenSSL can do but TLS 1.3"),
        (mstsc_hello, "what a current mstsc offers"),
        (modern, "modern suites up to TLS 1.2 (ECDHE with AES-GCM or ChaCha20)"),
        (old, "older AES suites up to TLS 1.2"),
        (legacy, "legacy suites up to TLS 1.2 (3DES, RC4, Camellia, ARIA, …)"),
        (without_tls13, "every suite up to TLS 1.2"),
        (ephemeral, "ephemeral key exchange alone (ECDHE and DHE)"),
        (small, "a short hello"),
        (padded, "the short hello, padded"),
        (unwanted, "a suite that nobody takes"),
    ];
    let found = known.iter().find(|(make, _)| make() == *offer);
    found.map_or_else(|| alone(offer), |(_, name)| (*name).to_owned())
}

fn alone(offer: &Offer) -> String {
    match &offer.tls {
        Some(TlsOffer::Hello(HelloSpec { versions, .. })) if versions.len() == 1 => {
            versions.first().map_or_else(String::new, |version| format!("{version} alone"))
        }
        _ => "another hello".to_owned(),
    }
}

fn hello(spec: HelloSpec) -> Offer {
    Offer { tls: Some(TlsOffer::Hello(spec)), ..Offer::mstsc() }
}

fn all_suites() -> Vec<CipherSuite> {
    [MODERN, OLD, LEGACY].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(offer: &Offer) -> HelloSpec {
        match &offer.tls {
            Some(TlsOffer::Hello(spec)) => spec.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_hello_can_be_built_and_has_a_name() {
        let versions = [0x0300, 0x0301, 0x0302, 0x0303, 0x0304].map(ProtocolVersion);
        let named = [mstsc_hello(), modern(), old(), legacy(), without_tls13(), ephemeral(), small(), padded()];
        for offer in named.into_iter().chain(versions.map(only)).chain([unwanted()]) {
            assert!(!spec(&offer).suites.is_empty());
            assert!(spec(&offer).to_records([7; 32]).is_ok(), "{offer:?}");
            assert_ne!(name(&offer), "another hello");
        }
    }

    #[test]
    fn modern_old_and_legacy_share_no_suite() {
        let (modern, old, legacy) = (spec(&modern()), spec(&old()), spec(&legacy()));
        assert!(modern.suites.iter().all(|suite| !old.suites.contains(suite) && !legacy.suites.contains(suite)));
        assert!(old.suites.iter().all(|suite| !legacy.suites.contains(suite)));
    }

    #[test]
    fn the_short_hello_is_short_and_the_padded_one_is_not() {
        let length = |offer: Offer| spec(&offer).to_records([7; 32]).unwrap().len();
        assert!(length(small()) < 256, "{}", length(small()));
        assert!(length(padded()) > 1000);
    }

    #[test]
    fn one_version_offers_only_suites_that_it_has() {
        let ssl3 = spec(&only(ProtocolVersion::SSL3));
        assert!(ssl3.suites.contains(&CipherSuite(0x0005)) && !ssl3.suites.contains(&CipherSuite(0xc030)));
        assert!(!spec(&only(ProtocolVersion::TLS10)).suites.contains(&CipherSuite(0xc030)));
    }
}
