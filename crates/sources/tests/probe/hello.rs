//! ClientHellos of our own.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, PKeyRef, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use openssl::ssl::SslVersion;
use rdpdoctor_diagnosis::evidence::{Attempt, Der, Ending, KeyExchangeSeen, Offer, TlsOffer, TlsSeen};
use rdpdoctor_protocol::negotiation::Protocols;
use rdpdoctor_protocol::tls::{
    AlertDescription, AlertLevel, Certificate, CipherSuite, ClientHello, ContentType, HandshakeMessage, HandshakeType,
    HelloSpec, LEGACY, MODERN, NamedGroup, OLD, ParamsSignature, ProtocolVersion, ServerHello, ServerKeyExchange,
    ServerParams, SignatureScheme, TLS13, encode_records,
};

use crate::server::{
    Course, acceptor, answer, attempt, certificate, client_hello, confirm, fin, identity, reset, serve, stay_silent,
};

const MODERN_SUITE: CipherSuite = CipherSuite(0xc030);

fn tls(attempt: &Attempt) -> &TlsSeen {
    attempt.tls.as_ref().unwrap()
}

async fn say(address: SocketAddr, versions: &[ProtocolVersion], suites: &[CipherSuite]) -> Attempt {
    let tls = Some(TlsOffer::Hello(HelloSpec::new(versions, suites)));
    attempt(address, Offer { tls, ..Offer::mstsc() }).await
}

async fn say_modern(script: impl Fn(TcpStream) + Send + Sync + 'static) -> Attempt {
    say(serve(script), &[ProtocolVersion::TLS12], MODERN).await
}

/// A whole TLS server; the hello never lets it complete.
fn whole(version: SslVersion, ciphers: &str, groups: &str) -> SocketAddr {
    let mut builder = acceptor(version, version);
    builder.set_cipher_list(&format!("{ciphers}:@SECLEVEL=0")).unwrap();
    builder.set_groups_list(groups).unwrap();
    let acceptor = builder.build();
    serve(move |mut stream| {
        answer(&mut stream, &confirm(Protocols::SSL));
        assert!(acceptor.accept(stream).is_err());
    })
}

#[tokio::test]
async fn a_first_flight_tells_suite_chain_group_and_that_the_key_fits() {
    let address = whole(SslVersion::TLS1_2, "ECDHE-RSA-AES256-GCM-SHA384", "P-384");
    let attempt = say(address, &[ProtocolVersion::TLS12], MODERN).await;
    assert_eq!(attempt.ending, Ending::Ours);
    assert!(!attempt.broke_in_tls() && !attempt.completed_tls());
    let seen = tls(&attempt);
    let hello = seen.server_hello.as_ref().unwrap();
    assert_eq!((hello.version, hello.suite), (ProtocolVersion::TLS12, MODERN_SUITE));
    assert_eq!(seen.chain, [Der(certificate())]);
    assert!(!seen.trust.is_not_tried());
    let exchange = seen.key_exchange.unwrap();
    assert_eq!((exchange.group, exchange.verified), (Some(NamedGroup::SECP384R1), Some(true)));
    assert_eq!((exchange.prime_bits, exchange.scheme), (None, Some(SignatureScheme::RSA_PSS_RSAE_SHA256)));
}

#[tokio::test]
async fn old_versions_sign_with_two_hashes_and_tell_the_size_of_the_prime() {
    let versions = [
        (SslVersion::SSL3, ProtocolVersion::SSL3),
        (SslVersion::TLS1, ProtocolVersion::TLS10),
        (SslVersion::TLS1_1, ProtocolVersion::TLS11),
    ];
    for (offered, named) in versions {
        let attempt = say(whole(offered, "DHE-RSA-AES128-SHA", "X25519"), &[named], OLD).await;
        assert_eq!(attempt.ending, Ending::Ours, "{named}");
        assert_eq!(tls(&attempt).server_hello.as_ref().unwrap().version, named);
        let expected = KeyExchangeSeen { prime_bits: Some(2048), verified: Some(true), ..KeyExchangeSeen::default() };
        assert_eq!(tls(&attempt).key_exchange, Some(expected), "{named}");
    }
}

#[tokio::test]
async fn without_an_ephemeral_key_nothing_proves_the_certificates_own() {
    let attempt = say(whole(SslVersion::TLS1_2, "AES128-SHA", "X25519"), &[ProtocolVersion::TLS12], OLD).await;
    assert_eq!(attempt.ending, Ending::Ours);
    assert_eq!((tls(&attempt).chain.len(), tls(&attempt).key_exchange), (1, None));
}

#[tokio::test]
async fn tls_13_ends_with_what_is_encrypted_or_with_a_retry() {
    let address = whole(SslVersion::TLS1_3, "DEFAULT", "X25519:P-384");
    let attempt = say(address, &[ProtocolVersion::TLS13], TLS13).await;
    assert_eq!(attempt.ending, Ending::Ours);
    assert_eq!(tls(&attempt).server_hello.as_ref().unwrap().version, ProtocolVersion::TLS13);
    let group = Some(NamedGroup::X25519);
    assert_eq!(tls(&attempt).key_exchange, Some(KeyExchangeSeen { group, ..KeyExchangeSeen::default() }));
    assert!(tls(&attempt).chain.is_empty() && tls(&attempt).trust.is_not_tried());

    let address = whole(SslVersion::TLS1_3, "DEFAULT", "P-384");
    let attempt = say(address, &[ProtocolVersion::TLS13], TLS13).await;
    assert_eq!(attempt.ending, Ending::Ours);
    assert_eq!((tls(&attempt).hello_retry, &tls(&attempt).server_hello), (Some(NamedGroup::SECP384R1), &None));
}

#[tokio::test]
async fn a_refusal_keeps_its_manner() {
    let address = whole(SslVersion::TLS1_2, "ECDHE-RSA-AES256-GCM-SHA384", "X25519");
    let mismatch = say(address, &[ProtocolVersion::TLS12], LEGACY).await;
    let (level, description) = (AlertLevel::FATAL, AlertDescription::HANDSHAKE_FAILURE);
    assert_eq!(Course::of(&mismatch), Course::in_tls(7, Ending::Alert { level, description }));
    let closed = say_modern(|mut stream| {
        client_hello(&mut stream);
        fin(&stream);
    });
    assert_eq!(Course::of(&closed.await), Course::in_tls(0, Ending::Fin));
    let cut = say_modern(|mut stream| {
        client_hello(&mut stream);
        reset(stream);
    });
    assert_eq!(Course::of(&cut.await), Course::in_tls(0, Ending::Reset));
    let silent = say_modern(|mut stream| {
        client_hello(&mut stream);
        stay_silent(stream);
    });
    assert_eq!(Course::of(&silent.await), Course::in_tls(0, Ending::Silent));
}

#[tokio::test]
async fn what_is_no_first_flight_is_named() {
    let ultimatum = say_modern(|mut stream| {
        client_hello(&mut stream);
        stream.write_all(&[3, 0, 0, 9, 2, 0xf0, 0x80, 0x21, 0x80]).unwrap();
        fin(&stream);
    });
    let reason = "MCS Disconnect Provider Ultimatum: rn-user-requested".to_owned();
    assert_eq!(Course::of(&ultimatum.await), Course::in_tls(9, Ending::Disconnect { reason }));
    let torn = encode_records(ContentType::HANDSHAKE, ProtocolVersion::TLS12, &[2, 0, 0, 1, 3]);
    let length = torn.len();
    let malformed = say_modern(move |mut stream| {
        client_hello(&mut stream);
        stream.write_all(&torn).unwrap();
        stay_silent(stream);
    })
    .await;
    let Ending::Malformed { what } = &malformed.ending else { panic!("{:?}", malformed.ending) };
    assert!(what.contains("ServerHello"), "{what}");
    assert_eq!(malformed.received, u64::try_from(confirm(Protocols::SSL).len() + length).unwrap());
}

/// Reads a hello and answers with a flight of TLS 1.2 whose ServerKeyExchange this key signed.
fn first_flight(stream: &mut TcpStream, key: &PKeyRef<Private>) {
    let hello = ClientHello::decode(&client_hello(stream)).unwrap();
    let mut signer = Signer::new(MessageDigest::sha256(), key).unwrap();
    let params = ServerParams::Ecdhe { group: NamedGroup::X25519, public: vec![9; 32] };
    let mut exchange = ServerKeyExchange { params, signature: None };
    let content = exchange.signed_content(&hello.random, &[5; 32]).unwrap();
    let bytes = signer.sign_oneshot_to_vec(&content).unwrap();
    exchange.signature = Some(ParamsSignature { scheme: Some(SignatureScheme::RSA_PKCS1_SHA256), bytes });
    let server_hello = ServerHello {
        legacy_version: ProtocolVersion::TLS12,
        random: [5; 32],
        session_id: Vec::new(),
        cipher_suite: MODERN_SUITE,
        compression_method: 0,
        extensions: Vec::new(),
    };
    let messages = [
        (HandshakeType::SERVER_HELLO, server_hello.encode().unwrap()),
        (HandshakeType::CERTIFICATE, Certificate { chain: vec![certificate()] }.encode().unwrap()),
        (HandshakeType::SERVER_KEY_EXCHANGE, exchange.encode().unwrap()),
        (HandshakeType::SERVER_HELLO_DONE, Vec::new()),
    ];
    for (msg_type, body) in messages {
        let message = HandshakeMessage { msg_type, body }.encode().unwrap();
        stream.write_all(&encode_records(ContentType::HANDSHAKE, ProtocolVersion::TLS12, &message)).unwrap();
    }
}

#[tokio::test]
async fn a_key_that_does_not_fit_the_certificate_is_seen_by_both_kinds_of_hello() {
    let other = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    for (key, fits) in [(identity().0.clone(), true), (other, false)] {
        let address = serve(move |mut stream| {
            first_flight(&mut stream, &key);
            stay_silent(stream);
        });
        let own = say(address, &[ProtocolVersion::TLS12], MODERN).await;
        let verified = tls(&own).key_exchange.unwrap().verified;
        assert_eq!((own.ending, verified), (Ending::Ours, Some(fits)));
        let completing = attempt(address, Offer::mstsc()).await;
        assert_eq!(tls(&completing).key_exchange.unwrap().verified, Some(fits));
        assert!(completing.broke_in_tls());
        let what = "the signature does not fit the certificate".to_owned();
        assert_eq!(completing.ending == Ending::Malformed { what }, !fits, "{:?}", completing.ending);
    }
}
