//! What cipher suites are made of, and how they are grouped.

use std::collections::BTreeSet;

use rdpdoctor_protocol::tls::{
    Authentication, BulkCipher, CipherSuite, KeyExchange, LEGACY, MODERN, OLD, ProtocolVersion, SuiteParameters, TLS13,
};

#[test]
fn names_tell_what_suites_are_made_of() {
    use {Authentication as A, BulkCipher as B, KeyExchange as K, ProtocolVersion as V};
    let rows = [
        (0x0001, K::Rsa, A::Rsa, B::Null, V::SSL3, false),
        (0x0003, K::RsaExport, A::Rsa, B::Export, V::SSL3, false),
        (0x0005, K::Rsa, A::Rsa, B::Rc4, V::SSL3, false),
        (0x0007, K::Rsa, A::Rsa, B::Idea, V::SSL3, false),
        (0x0009, K::Rsa, A::Rsa, B::Des, V::SSL3, false),
        (0x000a, K::Rsa, A::Rsa, B::TripleDes, V::SSL3, false),
        (0x0011, K::DheDss, A::Dss, B::Export, V::SSL3, true),
        (0x0018, K::DhAnon, A::Anonymous, B::Rc4, V::SSL3, true),
        (0x002c, K::Psk, A::SharedSecret, B::Null, V::TLS10, false),
        (0x002f, K::Rsa, A::Rsa, B::AesCbc, V::TLS10, false),
        (0x0039, K::DheRsa, A::Rsa, B::AesCbc, V::TLS10, true),
        (0x003d, K::Rsa, A::Rsa, B::AesCbc, V::TLS12, false),
        (0x0041, K::Rsa, A::Rsa, B::Camellia, V::TLS10, false),
        (0x009a, K::DheRsa, A::Rsa, B::Seed, V::TLS10, true),
        (0x009d, K::Rsa, A::Rsa, B::AesGcm, V::TLS12, false),
        (0x00a8, K::Psk, A::SharedSecret, B::AesGcm, V::TLS12, false),
        (0x00ae, K::Psk, A::SharedSecret, B::AesCbc, V::TLS10, false),
        (0x1301, K::Tls13, A::Tls13, B::AesGcm, V::TLS13, true),
        (0x1304, K::Tls13, A::Tls13, B::AesCcm, V::TLS13, true),
        (0xc009, K::EcdheEcdsa, A::Ecdsa, B::AesCbc, V::TLS10, true),
        (0xc012, K::EcdheRsa, A::Rsa, B::TripleDes, V::TLS10, true),
        (0xc018, K::EcdhAnon, A::Anonymous, B::AesCbc, V::TLS10, true),
        (0xc01e, K::Srp, A::Rsa, B::AesCbc, V::TLS10, false),
        (0xc030, K::EcdheRsa, A::Rsa, B::AesGcm, V::TLS12, true),
        (0xc050, K::Rsa, A::Rsa, B::Aria, V::TLS12, false),
        (0xc09c, K::Rsa, A::Rsa, B::AesCcm, V::TLS12, false),
        (0xc0ac, K::EcdheEcdsa, A::Ecdsa, B::AesCcm, V::TLS12, true),
        (0xcca8, K::EcdheRsa, A::Rsa, B::ChaCha20, V::TLS12, true),
        (0xccab, K::Psk, A::SharedSecret, B::ChaCha20, V::TLS12, false),
    ];
    for (code, key_exchange, authentication, bulk_cipher, first_version, forward_secrecy) in rows {
        let expected = SuiteParameters { key_exchange, authentication, bulk_cipher, first_version, forward_secrecy };
        let suite = CipherSuite(code);
        assert_eq!(suite.parameters(), Some(expected), "{suite}");
    }
}

#[test]
fn signals_and_strangers_have_no_parameters() {
    let without: Vec<_> = CipherSuite::all().filter(|suite| suite.parameters().is_none()).collect();
    assert_eq!(without, [CipherSuite(0x00ff), CipherSuite(0x5600)]);
    assert_eq!(CipherSuite(0x0a0a).parameters(), None);
}

#[test]
fn names_are_sorted_and_found_both_ways() {
    let all: Vec<_> = CipherSuite::all().collect();
    assert!(all.is_sorted());
    for suite in all {
        assert_eq!(suite.name().and_then(CipherSuite::from_name), Some(suite));
    }
}

#[test]
fn groups_are_disjoint_and_together_everything() {
    let grouped: Vec<CipherSuite> = [TLS13, MODERN, OLD, LEGACY].concat();
    let distinct: BTreeSet<_> = grouped.iter().copied().collect();
    assert_eq!(distinct.len(), grouped.len());
    let needs_secret =
        |parameters: SuiteParameters| matches!(parameters.key_exchange, KeyExchange::Psk | KeyExchange::Srp);
    let usable = CipherSuite::all().filter(|suite| suite.parameters().is_some_and(|p| !needs_secret(p)));
    assert_eq!(distinct, usable.collect());
}

#[test]
fn groups_hold_what_they_say() {
    let parameters = |suites: &[CipherSuite]| suites.iter().filter_map(|s| s.parameters()).collect::<Vec<_>>();
    let aead = |cipher| matches!(cipher, BulkCipher::AesGcm | BulkCipher::AesCcm | BulkCipher::ChaCha20);
    let named = |p: &SuiteParameters| p.authentication != Authentication::Anonymous;
    let curve = |p: &SuiteParameters| matches!(p.key_exchange, KeyExchange::EcdheRsa | KeyExchange::EcdheEcdsa);
    assert!(parameters(TLS13).iter().all(|p| p.key_exchange == KeyExchange::Tls13));
    assert!(parameters(MODERN).iter().all(|p| curve(p) && aead(p.bulk_cipher)));
    assert!(parameters(OLD).iter().all(|p| named(p) && (p.bulk_cipher == BulkCipher::AesCbc || aead(p.bulk_cipher))));
    let current = |cipher| cipher == BulkCipher::AesCbc || aead(cipher);
    assert!(parameters(LEGACY).iter().all(|p| !named(p) || !current(p.bulk_cipher)));
}
