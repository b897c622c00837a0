//! What is wrong with a certificate, on a server that works all the same.

use rdpdoctor_testbed::certificate::{Certificate, Key};
use rdpdoctor_testbed::inspector::{Inspector, Program};
use rdpdoctor_testbed::xrdp::Xrdp;
use rdpdoctor_testbed::{Network, Policy, SERVER_V4, Site, on_hand};

use crate::run::{BROKEN, Diagnosis, HEALTHY, diagnose, diagnose_in};

const NAME: &str = "ts01.testbed.example";
const AUTHORITY: Option<&str> = Some("Testbed Issuing Authority");

/// What the certificate of the server asked for by name would be without a fault.
const FITTING: Certificate = Certificate { common_name: NAME, ..Certificate::PLAIN };

/// An xrdp with the certificate, asked for by name.
fn named(certificate: Certificate) -> Option<Diagnosis> {
    let network = on_hand(Network::new(Policy::default()))?;
    network.name(NAME, &[SERVER_V4.into()]).unwrap();
    let xrdp = Xrdp { certificate, tls_ciphers: "ALL:@SECLEVEL=0", ..Xrdp::default() };
    let _server = on_hand(xrdp.start(&network.site()))?;
    Some(diagnose_in(&network, NAME))
}

/// A fault that degrades, and no other with it.
fn expect_fault(certificate: Certificate, cause: &str) {
    let Some(diagnosis) = named(certificate) else { return };
    diagnosis.expect("warning", Some(cause), BROKEN);
    let others = ["expired", "not-yet-valid", "name-mismatch", "weak", "expiring", "wrong-usage", "revoked", "shared"]
        .map(|fault| format!("certificate-{fault}"));
    let found: Vec<&str> = diagnosis.causes();
    let beside: Vec<&String> = others.iter().filter(|id| *id != cause && found.contains(&id.as_str())).collect();
    assert!(beside.is_empty(), "{beside:?} beside {cause}: {}", diagnosis.summary());
}

#[test]
fn self_signed_for_its_own_name_is_healthy() {
    let Some(diagnosis) = named(FITTING) else { return };
    diagnosis.expect("healthy", None, HEALTHY);
}

#[test]
fn issued_by_an_unknown_authority_is_healthy() {
    let Some(diagnosis) = named(Certificate { issuer: AUTHORITY, ..FITTING }) else { return };
    diagnosis.expect("healthy", None, HEALTHY);
    assert!(diagnosis.causes().contains(&"certificate-untrusted"), "{}", diagnosis.summary());
}

#[test]
fn self_signed_for_another_name_is_healthy() {
    let Some(diagnosis) = named(Certificate::PLAIN) else { return };
    diagnosis.expect("healthy", None, HEALTHY);
}

#[test]
fn issued_for_any_name_of_the_domain_is_healthy() {
    let certificate = Certificate { issuer: AUTHORITY, common_name: "*.testbed.example", ..Certificate::PLAIN };
    let Some(diagnosis) = named(certificate) else { return };
    diagnosis.expect("healthy", None, HEALTHY);
    assert_eq!(diagnosis.certainty_of("certificate-name-mismatch"), None, "{}", diagnosis.summary());
}

/// The client's own store decides.
#[test]
fn issued_by_a_trusted_authority() {
    let Some(network) = on_hand(Network::new(Policy::default())) else { return };
    network.name(NAME, &[SERVER_V4.into()]).unwrap();
    let xrdp = Xrdp { certificate: Certificate { issuer: AUTHORITY, ..FITTING }, ..Xrdp::default() };
    let Some(server) = on_hand(xrdp.start(&network.site())) else { return };
    network.trust(&server.authority().unwrap()).unwrap();
    let diagnosis = diagnose_in(&network, NAME);
    diagnosis.expect("healthy", None, HEALTHY);
    assert_eq!(diagnosis.certainty_of("certificate-untrusted"), None, "{}", diagnosis.summary());
}

#[test]
fn expired() {
    expect_fault(Certificate { days: (-200, -20), ..FITTING }, "certificate-expired");
}

#[test]
fn expired_and_issued_by_an_authority() {
    expect_fault(Certificate { days: (-200, -20), issuer: AUTHORITY, ..FITTING }, "certificate-expired");
}

#[test]
fn not_yet_valid() {
    expect_fault(Certificate { days: (20, 200), ..FITTING }, "certificate-not-yet-valid");
}

#[test]
fn issued_for_another_name() {
    expect_fault(Certificate { issuer: AUTHORITY, ..Certificate::PLAIN }, "certificate-name-mismatch");
}

#[test]
fn with_a_key_of_1024_bits() {
    expect_fault(Certificate { key: Key::Rsa(1024), ..FITTING }, "certificate-weak");
}

#[test]
fn with_a_key_of_512_bits() {
    let certificate = Certificate { key: Key::Rsa(512), ..FITTING };
    let Some(network) = on_hand(Network::new(Policy::default())) else { return };
    network.name(NAME, &[SERVER_V4.into()]).unwrap();
    let xrdp = Xrdp { certificate, ssl_protocols: "TLSv1.2", tls_ciphers: "ALL:@SECLEVEL=0", ..Xrdp::default() };
    let Some(_server) = on_hand(xrdp.start(&network.site())) else { return };
    diagnose_in(&network, NAME).expect("broken", Some("certificate-weak"), BROKEN);
}

#[test]
fn signed_with_sha1() {
    expect_fault(Certificate { digest: "sha1", issuer: AUTHORITY, ..FITTING }, "certificate-weak");
}

#[test]
fn for_clients_only() {
    expect_fault(Certificate { usage: "clientAuth", ..FITTING }, "certificate-wrong-usage");
}

#[test]
fn about_to_expire() {
    expect_fault(Certificate { days: (-360, 5), issuer: AUTHORITY, ..FITTING }, "certificate-expiring");
}

#[test]
fn three_faults_together() {
    let certificate = Certificate { days: (-200, -20), key: Key::Rsa(1024), usage: "clientAuth", ..FITTING };
    let Some(diagnosis) = named(certificate) else { return };
    let faults = ["certificate-expired", "certificate-weak", "certificate-wrong-usage"];
    let root = diagnosis.root_cause().unwrap_or_default();
    assert!(faults.contains(&root), "{}", diagnosis.summary());
    diagnosis.expect("warning", Some(root), BROKEN);
    for fault in faults {
        assert!(diagnosis.causes().contains(&fault), "{fault}: {}", diagnosis.summary());
    }
}

/// The device's certificate bears the name of the server and of the device's maker.
#[test]
fn inspected_on_the_way() {
    for program in [Program::Haproxy, Program::Stunnel] {
        let Some(server) = on_hand(Xrdp::default().start(&Site::loopback())) else { return };
        let certificate = Certificate { issuer: Some("FG100E Fortinet CA"), ..Certificate::PLAIN };
        let Some(inspector) = on_hand(Inspector::start(program, &certificate, server.address())) else { return };
        let diagnosis = diagnose(&inspector.target());
        assert!(["healthy", "warning"].contains(&diagnosis.verdict()), "{program:?}: {}", diagnosis.summary());
        assert_eq!(diagnosis.certainty_of("tls-intercepted"), Some("possible"), "{program:?}: {}", diagnosis.summary());
        assert!([None, Some("tls-intercepted")].contains(&diagnosis.root_cause()), "{}", diagnosis.summary());
        assert!(diagnosis.connections() <= HEALTHY);
    }
}
