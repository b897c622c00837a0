//! Certificates, as a client gets them.

use crate::client::{MSTSC, attack, fault, health};
use crate::tls::handshake;
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::nid::Nid;
use openssl::x509::{X509, X509Ref};

async fn served(cause: &str, name: &str) -> X509 {
    handshake(&fault(cause, name).await, Some(MSTSC)).await.ssl().peer_certificate().unwrap()
}

/// Days from now.
fn days(time: &Asn1TimeRef) -> i32 {
    Asn1Time::days_from_now(0).unwrap().diff(time).unwrap().days
}

fn is_self_signed(certificate: &X509Ref) -> bool {
    certificate.verify(&certificate.public_key().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_are_as_the_variant_says() {
    let ends = [
        ("certificate-expired", "self-signed", -31..=-30),
        ("certificate-expired", "issued", -3..=-2),
        ("certificate-expired", "three-faults", -3..=-2),
        ("certificate-expiring", "three-days", 2..=3),
        ("certificate-untrusted", "thirty-years", 10_949..=10_950),
    ];
    for (cause, name, expected) in ends {
        let end = days(served(cause, name).await.not_after());
        assert!(expected.contains(&end), "{cause} {name}: {end}");
    }
    let certificate = served("certificate-not-yet-valid", "next-week").await;
    assert!((6..=7).contains(&days(certificate.not_before())));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_signatures_are_as_weak_as_they_say() {
    let expected = [
        ("rsa1024", 1024, Nid::SHA256WITHRSAENCRYPTION),
        ("rsa512", 512, Nid::SHA256WITHRSAENCRYPTION),
        ("sha1", 2048, Nid::SHA1WITHRSAENCRYPTION),
        ("md5", 2048, Nid::MD5WITHRSAENCRYPTION),
    ];
    for (name, bits, signature) in expected {
        let certificate = served("certificate-weak", name).await;
        assert_eq!(certificate.public_key().unwrap().bits(), bits, "{name}");
        assert_eq!(certificate.signature_algorithm().object().nid(), signature, "{name}");
    }
    assert_eq!(served("certificate-expired", "three-faults").await.public_key().unwrap().bits(), 1024);
}

#[tokio::test(flavor = "multi_thread")]
async fn healthy_keys_are_of_the_kind_they_say() {
    for (name, id, bits) in [("ec-key", openssl::pkey::Id::EC, 256), ("rsa4096", openssl::pkey::Id::RSA, 4096)] {
        let tls = handshake(&health(name).await, Some(MSTSC)).await;
        let key = tls.ssl().peer_certificate().unwrap().public_key().unwrap();
        assert_eq!((key.id(), key.bits()), (id, bits), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn issuers_and_names_are_as_the_variant_says() {
    let expected = [
        ("certificate-name-mismatch", "issued", "intranet.lab.example", Some("Lab Issuing CA")),
        ("certificate-name-mismatch", "self-signed", "LAB01.lab.example", None),
        ("certificate-untrusted", "self-signed", "LAB01.lab.example", None),
        ("certificate-untrusted", "unknown-authority", "LAB01.lab.example", Some("Lab Issuing CA")),
        ("tls-intercepted", "inspector", "LAB01.lab.example", Some("mitmproxy")),
        ("tls-intercepted", "other-machine", "localhost", Some("Lab Issuing CA")),
        ("wrong-host", "other-machine", "WS17.lab.example", None),
    ];
    for (cause, name, subject, issuer) in expected {
        let tls = handshake(&fault(cause, name).await, Some(MSTSC)).await;
        let certificate = tls.ssl().peer_certificate().unwrap();
        assert_eq!(common_name(certificate.subject_name()), subject, "{cause} {name}");
        assert_eq!(common_name(certificate.issuer_name()), issuer.unwrap_or(subject), "{cause} {name}");
        assert_eq!(is_self_signed(&certificate), issuer.is_none(), "{cause} {name}");
        let chain = tls.ssl().peer_cert_chain().unwrap();
        assert_eq!(chain.len(), if issuer.is_some() { 2 } else { 1 }, "{cause} {name}");
        let authority = chain.iter().last().unwrap();
        assert!(certificate.verify(&authority.public_key().unwrap()).unwrap(), "{cause} {name}");
        let names = certificate.subject_alt_names();
        let dns = names.as_ref().and_then(|names| names.get(0)?.dnsname());
        assert_eq!(dns, issuer.map(|_| subject), "{cause} {name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn usages_are_as_the_variant_says() {
    for (name, usage) in [("client", "TLS Web Client Authentication"), ("code-signing", "Code Signing")] {
        let text = String::from_utf8(served("certificate-wrong-usage", name).await.to_text().unwrap()).unwrap();
        assert!(text.contains(usage) && !text.contains("TLS Web Server Authentication"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_can_hurt_a_terminal() {
    let tls = handshake(&attack("certificate-escapes").await, Some(MSTSC)).await;
    let name = common_name(tls.ssl().peer_certificate().unwrap().subject_name());
    assert!(name.contains('\x1b') && name.contains('\u{202e}') && name.contains("<script>"), "{name:?}");
}

fn common_name(name: &openssl::x509::X509NameRef) -> String {
    name.entries_by_nid(Nid::COMMONNAME).next().unwrap().data().to_string().unwrap()
}
