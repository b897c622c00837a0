//! TLS, completed and cut off.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::client::{Ending, MSTSC, Served, TLS_ONLY, fault, health, selected};
use openssl::asn1::Asn1Time;
use openssl::ssl::{SslConnector, SslMethod, SslStream, SslVerifyMode, SslVersion};

/// A record that says handshake, TLS 1.0, and holds four bytes.
const HELLO: &[u8] = b"\x16\x03\x01\x00\x04\x01\x00\x00\x00";

#[tokio::test]
async fn cuts_off_after_the_client_hello() {
    let mut with_alert = selected(8);
    with_alert.extend(b"\x15\x03\x03\x00\x02\x02\x28");
    let endings = [
        ("rst-after-client-hello", selected(8), Ending::Rst),
        ("fin-after-client-hello", selected(8), Ending::Fin),
        ("alert", with_alert, Ending::Fin),
    ];
    for (name, bytes, ending) in endings {
        let served = fault("handshake-reset", name).await;
        assert_eq!(served.talk(&[MSTSC]).await, (selected(8), Ending::StillOpen), "{name}");
        assert_eq!(served.talk(&[MSTSC, HELLO]).await, (bytes, ending), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn healthy_servers_complete_tls_and_hold() {
    let versions = [
        ("nla", MSTSC, SslVersion::TLS1_3),
        ("tls", TLS_ONLY, SslVersion::TLS1_3),
        ("tls12-only", TLS_ONLY, SslVersion::TLS1_2),
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
    assert_eq!(name, "RDPDOCTOR-LAB");
    assert!(certificate.verify(&certificate.public_key().unwrap()).unwrap());
    assert_eq!(certificate.public_key().unwrap().bits(), 2048);
    assert!(certificate.subject_alt_names().is_none());
    let validity = certificate.not_before().diff(certificate.not_after()).unwrap();
    assert_eq!(validity.days, 183);
    assert!(certificate.not_after() > &*Asn1Time::days_from_now(180).unwrap());
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

async fn handshake(served: &Served, request: Option<&'static [u8]>) -> SslStream<TcpStream> {
    let address = served.address;
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        if let Some(request) = request {
            stream.write_all(request).unwrap();
            stream.read_exact(&mut [0; 19]).unwrap();
        }
        let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
        connector.set_verify(SslVerifyMode::NONE);
        connector.build().connect("lab", stream).unwrap()
    })
    .await
    .unwrap()
}
