//! TLS, completed and cut off.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::OnceLock;
use std::time::Duration;

use crate::client::{MSTSC, Served, TLS_ONLY, fault, health};
use openssl::asn1::Asn1Time;
use openssl::provider::Provider;
use openssl::ssl::{Ssl, SslContext, SslMethod, SslOptions, SslStream, SslVersion};

#[tokio::test(flavor = "multi_thread")]
async fn healthy_servers_complete_tls_and_hold() {
    let versions = [
        ("nla", MSTSC, SslVersion::TLS1_3),
        ("tls", TLS_ONLY, SslVersion::TLS1_3),
        ("tls12-only", TLS_ONLY, SslVersion::TLS1_2),
        ("tls13-only", MSTSC, SslVersion::TLS1_3),
        ("gcm-only-picky", MSTSC, SslVersion::TLS1_2),
        ("ec-key", MSTSC, SslVersion::TLS1_3),
        ("rsa4096", MSTSC, SslVersion::TLS1_3),
    ];
    for (name, request, version) in versions {
        let served = health(name).await;
        let mut tls = handshake(&served, Some(request)).await;
        assert_eq!(tls.ssl().version2(), Some(version), "{name}");
        tls.get_ref().set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let error = tls.read(&mut [0]).unwrap_err();
        assert!(
            matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut),
            "{name}: {error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_is_like_the_one_windows_makes() {
    let served = health("nla").await;
    let tls = handshake(&served, Some(MSTSC)).await;
    let certificate = tls.ssl().peer_certificate().unwrap();
    let name = certificate.subject_name().entries().next().unwrap().data().to_string().unwrap();
    assert_eq!(name, "LAB01.lab.example");
    assert!(certificate.verify(&certificate.public_key().unwrap()).unwrap());
    assert_eq!(certificate.public_key().unwrap().bits(), 2048);
    assert!(certificate.subject_alt_names().is_none());
    let validity = certificate.not_before().diff(certificate.not_after()).unwrap();
    assert_eq!(validity.days, 183);
    assert!(certificate.not_after() > &*Asn1Time::days_from_now(170).unwrap());
    let text = String::from_utf8(certificate.to_text().unwrap()).unwrap();
    assert!(text.contains("TLS Web Server Authentication") && text.contains("Key Encipherment, Data Encipherment"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_in_place_of_x224_is_completed() {
    let served = fault("not-rdp", "tls-first").await;
    handshake(&served, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn https_answers_and_closes_cleanly() {
    let served = fault("not-rdp", "https").await;
    let mut tls = handshake(&served, None).await;
    tls.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = String::new();
    tls.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn old_versions_and_suites_are_completed() {
    let expected = [
        ("tls-version-mismatch", "ssl3-alert", "SSLv3", None),
        ("tls-version-mismatch", "ssl3-rst", "SSLv3", None),
        ("tls-version-mismatch", "tls10-alert", "TLSv1", None),
        ("tls-version-mismatch", "tls11-fin", "TLSv1.1", None),
        ("cipher-suite-mismatch", "rc4-rst", "TLSv1.2", Some("RC4-SHA")),
        ("cipher-suite-mismatch", "3des", "TLSv1.2", Some("DES-CBC3-SHA")),
        ("cipher-suite-mismatch", "dhe-only", "TLSv1.2", Some("DHE-RSA-AES256-GCM-SHA384")),
        ("cipher-suite-mismatch", "p521-only", "TLSv1.2", Some("ECDHE-RSA-AES256-GCM-SHA384")),
        ("weak-key-exchange", "dhe-1024", "TLSv1.2", Some("DHE-RSA-AES256-GCM-SHA384")),
        ("weak-key-exchange", "static-rsa", "TLSv1.2", Some("AES256-GCM-SHA384")),
    ];
    for (cause, name, version, suite) in expected {
        let tls = handshake(&fault(cause, name).await, Some(MSTSC)).await;
        assert_eq!(tls.ssl().version_str(), version, "{cause} {name}");
        let chosen = tls.ssl().current_cipher().unwrap().name();
        assert!(suite.is_none_or(|suite| suite == chosen), "{cause} {name}: {chosen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn short_primes_are_as_short_as_they_say() {
    let served = fault("weak-key-exchange", "dhe-1024").await;
    let tls = handshake(&served, Some(MSTSC)).await;
    assert_eq!(tls.ssl().peer_tmp_key().unwrap().bits(), 1024);
    for name in ["dhe-512", "dhe-768"] {
        let served = fault("weak-key-exchange", name).await;
        let error = connect(served.address, Some(MSTSC)).await.unwrap_err();
        assert!(error.contains("dh key too small"), "{name}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_does_not_fit_fails_where_it_is_used() {
    let served = fault("private-key-unusable", "wrong-key").await;
    let error = connect(served.address, Some(MSTSC)).await.unwrap_err();
    assert!(error.contains("bad signature"), "{error}");
    let served = fault("private-key-unusable", "static-rsa").await;
    let error = connect(served.address, Some(MSTSC)).await.unwrap_err();
    assert!(error.contains("unexpected EOF") || error.contains("unexpected eof"), "{error}");
}

pub(crate) async fn handshake(served: &Served, request: Option<&'static [u8]>) -> SslStream<TcpStream> {
    connect(served.address, request).await.unwrap()
}

/// OpenSSL with everything that it can do.
async fn connect(address: SocketAddr, request: Option<&'static [u8]>) -> Result<SslStream<TcpStream>, String> {
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        if let Some(request) = request {
            stream.write_all(request).unwrap();
            stream.read_exact(&mut [0; 19]).unwrap();
        }
        Ssl::new(everything()).unwrap().connect(stream).map_err(|error| error.to_string())
    })
    .await
    .unwrap()
}

fn everything() -> &'static SslContext {
    static EVERYTHING: OnceLock<(SslContext, Provider)> = OnceLock::new();
    let make = || {
        let legacy = Provider::try_load(None, "legacy", true).unwrap();
        let mut context = SslContext::builder(SslMethod::tls_client()).unwrap();
        context.set_min_proto_version(Some(SslVersion::SSL3)).unwrap();
        context.clear_options(SslOptions::NO_SSLV3 | SslOptions::NO_TLSV1 | SslOptions::NO_TLSV1_1);
        context.set_cipher_list("ALL:COMPLEMENTOFALL:@SECLEVEL=0").unwrap();
        context.set_groups_list("X25519:P-256:P-384:P-521").unwrap();
        (context.build(), legacy)
    };
    &EVERYTHING.get_or_init(make).0
}
