//! Versions, suites and keys on which a handshake depends.

use rdpdoctor_testbed::certificate::{Certificate, Key, KeyFile};
use rdpdoctor_testbed::gnutls::Gnutls;
use rdpdoctor_testbed::relay::{Part, Relay};
use rdpdoctor_testbed::xrdp::Xrdp;
use rdpdoctor_testbed::{Site, on_hand};

use crate::run::{BROKEN, Diagnosis, HEALTHY, diagnose, diagnose_lab};

/// What OpenSSL needs to serve TLS 1.0, short keys and old digests.
const EVERYTHING: &str = "ALL:@SECLEVEL=0";
/// The rest of a GnuTLS priority string that names ciphers and key exchanges.
const TLS_12: &str = "NONE:+VERS-TLS1.2:+SIGN-ALL:+CTYPE-X509:+COMP-NULL:+MAC-ALL";

const TLS_13: &str = "NONE:+VERS-TLS1.3:+SIGN-ALL:+CTYPE-X509:+COMP-NULL:+MAC-ALL:+ECDHE-RSA";

fn xrdp(xrdp: &Xrdp) -> Option<Diagnosis> {
    let server = on_hand(xrdp.start(&Site::loopback()))?;
    Some(diagnose(&server.target()))
}

fn with_protocols(ssl_protocols: &'static str, tls_ciphers: &'static str) -> Option<Diagnosis> {
    xrdp(&Xrdp { ssl_protocols, tls_ciphers, ..Xrdp::default() })
}

fn with_key_file(key_file: KeyFile) -> Option<Diagnosis> {
    xrdp(&Xrdp { certificate: Certificate { key_file, ..Certificate::PLAIN }, ..Xrdp::default() })
}

/// GnuTLS's server with nothing but these ciphers and key exchanges, behind the X.224 of a relay.
fn gnutls(ciphers: &str, dh_bits: Option<u16>) -> Option<Diagnosis> {
    let priority = format!("{TLS_12}:{ciphers}");
    let server = on_hand(Gnutls { priority, dh_bits, certificate: Certificate::PLAIN }.start(&Site::loopback()))?;
    let relay = Relay::start(Part::Before(server.address())).unwrap();
    Some(diagnose(&relay.target()))
}

/// The same with TLS 1.3 alone.
fn gnutls_13(ciphers_and_groups: &str) -> Option<Diagnosis> {
    let priority = format!("{TLS_13}:{ciphers_and_groups}");
    let server = on_hand(Gnutls { priority, dh_bits: None, certificate: Certificate::PLAIN }.start(&Site::loopback()))?;
    let relay = Relay::start(Part::Before(server.address())).unwrap();
    Some(diagnose(&relay.target()))
}

fn at_hello(part: Part) -> Diagnosis {
    let relay = Relay::start(part).unwrap();
    diagnose(&relay.target())
}

#[test]
fn tls_10_only() {
    let Some(diagnosis) = with_protocols("TLSv1", EVERYTHING) else { return };
    diagnosis.expect("warning", Some("tls-version-mismatch"), BROKEN);
}

#[test]
fn tls_11_only() {
    let Some(diagnosis) = with_protocols("TLSv1.1", EVERYTHING) else { return };
    diagnosis.expect("warning", Some("tls-version-mismatch"), BROKEN);
}

/// No library at hand still serves it.
#[test]
fn ssl_30_only() {
    for variant in ["ssl3-alert", "ssl3-fin", "ssl3-rst"] {
        diagnose_lab("tls-version-mismatch", variant).expect("broken", Some("tls-version-mismatch"), BROKEN);
    }
}

#[test]
fn the_certificate_is_read_from_old_and_new_servers() {
    for protocols in ["TLSv1", "TLSv1.3"] {
        let certificate = Certificate { days: (-200, -20), ..Certificate::PLAIN };
        let xrdp = Xrdp { ssl_protocols: protocols, tls_ciphers: EVERYTHING, certificate, ..Xrdp::default() };
        let Some(server) = on_hand(xrdp.start(&Site::loopback())) else { return };
        let diagnosis = diagnose(&server.target());
        assert_eq!(diagnosis.certainty_of("certificate-expired"), Some("confirmed"), "{}", diagnosis.summary());
        assert_eq!(diagnosis.verdict(), "warning", "{}", diagnosis.summary());
    }
}

#[test]
fn tls_13_only_is_healthy() {
    let Some(diagnosis) = with_protocols("TLSv1.3", "HIGH") else { return };
    diagnosis.expect("healthy", None, HEALTHY);
}

#[test]
fn gcm_only_is_healthy() {
    let suites = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256";
    let Some(diagnosis) = with_protocols("TLSv1.2", suites) else { return };
    diagnosis.expect("healthy", None, HEALTHY);
}

#[test]
fn one_odd_suite() {
    let Some(diagnosis) = with_protocols("TLSv1.2", "CAMELLIA256-SHA:@SECLEVEL=0") else { return };
    diagnosis.expect("broken", Some("cipher-suite-mismatch"), BROKEN);
}

#[test]
fn static_rsa_only() {
    let Some(diagnosis) = with_protocols("TLSv1.2", "AES256-GCM-SHA384:AES128-SHA") else { return };
    diagnosis.expect("warning", Some("weak-key-exchange"), BROKEN);
}

/// OpenSSL takes it, and mstsc does not offer it.
#[test]
fn chacha_only() {
    let Some(diagnosis) = with_protocols("TLSv1.2", "ECDHE-RSA-CHACHA20-POLY1305") else { return };
    diagnosis.expect("broken", Some("cipher-suite-mismatch"), BROKEN);
}

/// The same in TLS 1.3, where mstsc has AES with GCM alone.
#[test]
fn chacha_only_in_tls_13() {
    let Some(diagnosis) = gnutls_13("+CHACHA20-POLY1305:+GROUP-ALL") else { return };
    diagnosis.expect("broken", Some("cipher-suite-mismatch"), BROKEN);
}

#[test]
fn a_group_that_mstsc_has_not() {
    let Some(diagnosis) = gnutls_13("+AES-256-GCM:+AES-128-GCM:+GROUP-X448") else { return };
    diagnosis.expect("broken", Some("cipher-suite-mismatch"), BROKEN);
}

/// A HelloRetryRequest is no fault.
#[test]
fn a_group_that_needs_a_second_hello_is_healthy() {
    let Some(diagnosis) = gnutls_13("+AES-256-GCM:+AES-128-GCM:+GROUP-SECP384R1") else { return };
    diagnosis.expect("healthy", None, HEALTHY);
}

#[test]
fn tls_10_and_11() {
    let Some(diagnosis) = with_protocols("TLSv1, TLSv1.1", EVERYTHING) else { return };
    diagnosis.expect("warning", Some("tls-version-mismatch"), BROKEN);
}

#[test]
fn all_versions_and_suites_are_healthy() {
    let Some(diagnosis) = with_protocols("TLSv1, TLSv1.1, TLSv1.2, TLSv1.3", EVERYTHING) else { return };
    diagnosis.expect("healthy", None, HEALTHY);
}

#[test]
fn an_elliptic_key_without_tls_13_is_healthy() {
    let certificate = Certificate { key: Key::Ec, ..Certificate::PLAIN };
    let Some(diagnosis) = xrdp(&Xrdp { certificate, ssl_protocols: "TLSv1.2", ..Xrdp::default() }) else { return };
    diagnosis.expect("healthy", None, HEALTHY);
}

/// Suites for the other kind of key: to every hello an alert.
#[test]
fn suites_that_do_not_fit_the_key() {
    let Some(diagnosis) = with_protocols("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384") else { return };
    let found = (diagnosis.verdict(), diagnosis.exit());
    assert_eq!(found, ("broken", Some(1)), "{}", diagnosis.summary());
    let root = diagnosis.root_cause().unwrap_or_default();
    assert!(["cipher-suite-mismatch", "handshake-reset"].contains(&root), "{}", diagnosis.summary());
    assert!(diagnosis.connections() <= BROKEN);
}

#[test]
fn rc4_only() {
    let Some(diagnosis) = gnutls("+ARCFOUR-128:+RSA", None) else { return };
    diagnosis.expect("broken", Some("cipher-suite-mismatch"), BROKEN);
}

#[test]
fn triple_des_only() {
    let Some(diagnosis) = gnutls("+3DES-CBC:+RSA", None) else { return };
    diagnosis.expect("broken", Some("cipher-suite-mismatch"), BROKEN);
}

#[test]
fn diffie_hellman_with_512_bits() {
    let Some(diagnosis) = gnutls("+AES-256-GCM:+AES-128-GCM:+DHE-RSA", Some(512)) else { return };
    diagnosis.expect("broken", Some("weak-key-exchange"), BROKEN);
}

#[test]
fn key_of_another_certificate() {
    let Some(diagnosis) = with_key_file(KeyFile::OfAnother) else { return };
    diagnosis.expect("broken", Some("private-key-unusable"), BROKEN);
    assert_ne!(diagnosis.certainty(), Some("confirmed"), "{}", diagnosis.summary());
}

#[test]
fn torn_key_file() {
    let Some(diagnosis) = with_key_file(KeyFile::Torn) else { return };
    diagnosis.expect("broken", Some("private-key-unusable"), BROKEN);
    assert_eq!(diagnosis.certainty(), Some("likely"), "{}", diagnosis.summary());
}

#[test]
fn an_elliptic_key_is_healthy() {
    let certificate = Certificate { key: Key::Ec, ..Certificate::PLAIN };
    let Some(diagnosis) = xrdp(&Xrdp { certificate, ..Xrdp::default() }) else { return };
    diagnosis.expect("healthy", None, HEALTHY);
}

#[test]
fn a_long_key_is_healthy() {
    let certificate = Certificate { key: Key::Rsa(4096), ..Certificate::PLAIN };
    let Some(diagnosis) = xrdp(&Xrdp { certificate, ..Xrdp::default() }) else { return };
    diagnosis.expect("healthy", None, HEALTHY);
}

#[test]
fn hang_up_after_every_hello() {
    for part in [Part::HangUp, Part::Reset] {
        let diagnosis = at_hello(part);
        diagnosis.expect("broken", Some("private-key-unusable"), BROKEN);
        assert_eq!(diagnosis.certainty(), Some("likely"), "{part:?}: {}", diagnosis.summary());
    }
}

#[test]
fn alert_after_every_hello() {
    let diagnosis = at_hello(Part::Alert);
    assert_eq!((diagnosis.verdict(), diagnosis.exit()), ("broken", Some(1)), "{}", diagnosis.summary());
    let root = diagnosis.root_cause().unwrap_or_default();
    assert!(["handshake-reset", "cipher-suite-mismatch"].contains(&root), "{}", diagnosis.summary());
    assert!(diagnosis.connections() <= BROKEN);
}

#[test]
fn garbage_after_every_hello() {
    let diagnosis = at_hello(Part::Garbage);
    assert_eq!((diagnosis.verdict(), diagnosis.exit()), ("broken", Some(1)), "{}", diagnosis.summary());
    assert!(diagnosis.root_cause().is_some(), "{}", diagnosis.summary());
    assert!(diagnosis.connections() <= BROKEN);
}

#[test]
fn silence_after_every_hello() {
    at_hello(Part::Silence).expect("broken", Some("server-unresponsive"), BROKEN);
}

#[test]
fn cut_off_when_tls_13_is_offered() {
    let Some(server) = on_hand(Xrdp { ssl_protocols: "TLSv1.2", ..Xrdp::default() }.start(&Site::loopback())) else {
        return;
    };
    let behind = Relay::start(Part::Behind(server.address())).unwrap();
    let relay = Relay::start(Part::WithoutTls13(behind.address())).unwrap();
    diagnose(&relay.target()).expect("broken", Some("tls13-breaks-server"), BROKEN);
}
