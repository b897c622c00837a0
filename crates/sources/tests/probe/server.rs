//! Servers of a few lines, each on a port of its own.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::ssl::{SslAcceptor, SslMethod, SslOptions, SslStream, SslVersion};
use openssl::x509::{X509, X509Name};
use rdpdoctor_diagnosis::evidence::{Attempt, Ending, NegotiateAnswer, Negotiated, Offer};
use rdpdoctor_protocol::credssp::ntlm::{AvPair, Challenge, NegotiateFlags, Version};
use rdpdoctor_protocol::credssp::spnego::{Mechanism, NegState, NegotiationToken};
use rdpdoctor_protocol::credssp::{TsRequest, frame_length};
use rdpdoctor_protocol::negotiation::{FailureCode, NegotiationAnswer, Protocols, ResponseFlags};
use rdpdoctor_protocol::x224::{ConnectionConfirm, ConnectionRequest};
use rdpdoctor_sources::probe::{Probe, Timeouts};

/// Longer than a loaded machine needs for an answer, and short enough to wait for in tests of silence.
const WAIT: Duration = Duration::from_millis(800);

/// Every connection gets a thread that runs the script.
pub(crate) fn serve(script: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let script = Arc::new(script);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let script = Arc::clone(&script);
            thread::spawn(move || script(stream.unwrap()));
        }
    });
    address
}

pub(crate) fn probe() -> Probe {
    Probe { timeouts: Timeouts { wait: WAIT, ..Timeouts::default() }, ..Probe::default() }
}

pub(crate) async fn attempt(endpoint: SocketAddr, offer: Offer) -> Attempt {
    probe().attempt(endpoint, offer).await
}

/// What a current mstsc would meet there.
pub(crate) async fn meet(script: impl Fn(TcpStream) + Send + Sync + 'static) -> Attempt {
    attempt(serve(script), Offer::mstsc()).await
}

/// Reads the Connection Request.
pub(crate) fn request(stream: &mut TcpStream) -> ConnectionRequest {
    let mut frame = vec![0; 4];
    stream.read_exact(&mut frame).unwrap();
    let length = rdpdoctor_protocol::tpkt::frame_length(&frame).unwrap().unwrap();
    frame.resize(length, 0);
    stream.read_exact(&mut frame[4..]).unwrap();
    ConnectionRequest::decode(&frame).unwrap()
}

pub(crate) fn confirm(selected: Protocols) -> Vec<u8> {
    let negotiation = Some(NegotiationAnswer::Response { flags: ResponseFlags(0x1f), selected });
    ConnectionConfirm { src_ref: 0x1234, class: 0, negotiation }.encode()
}

pub(crate) fn failure(code: FailureCode) -> Vec<u8> {
    let negotiation = Some(NegotiationAnswer::Failure { code });
    ConnectionConfirm { src_ref: 0x1234, class: 0, negotiation }.encode()
}

/// Reads the request and answers with these bytes.
pub(crate) fn answer(stream: &mut TcpStream, bytes: &[u8]) {
    request(stream);
    stream.write_all(bytes).unwrap();
}

/// Confirms TLS and reads the ClientHello, one record: its fragment.
pub(crate) fn client_hello(stream: &mut TcpStream) -> Vec<u8> {
    answer(stream, &confirm(Protocols::SSL));
    let mut header = [0; 5];
    stream.read_exact(&mut header).unwrap();
    assert_eq!(header[..2], [22, 3], "a handshake record");
    let mut fragment = vec![0; u16::from_be_bytes([header[3], header[4]]).into()];
    stream.read_exact(&mut fragment).unwrap();
    fragment
}

/// The NTLM message with which CredSSP begins.
pub(crate) fn ts_request(session: &mut SslStream<TcpStream>) -> TsRequest {
    let mut frame = Vec::new();
    loop {
        let mut byte = [0];
        session.read_exact(&mut byte).unwrap();
        frame.push(byte[0]);
        if frame_length(&frame).unwrap() == Some(frame.len()) {
            return TsRequest::decode(&frame).unwrap();
        }
    }
}

/// A TSRequest of this version with an NTLM CHALLENGE in SPNEGO.
pub(crate) fn challenge(version: u32, info: Vec<AvPair>) -> Vec<u8> {
    let challenge = Challenge {
        flags: NegotiateFlags::OF_WINDOWS | NegotiateFlags::TARGET_INFO,
        target_name: "CONTOSO".to_owned(),
        target_info: info,
        version: Some(Version { major: 10, minor: 0, build: 20348 }),
    };
    let token = NegotiationToken::Response {
        state: Some(NegState::ACCEPT_INCOMPLETE),
        mechanism: Some(Mechanism::Ntlm),
        token: Some(challenge.encode([7; 8]).unwrap()),
    };
    TsRequest { version, nego_tokens: vec![token.encode()], ..TsRequest::default() }.encode()
}

/// FIN, with nothing unread.
pub(crate) fn fin(stream: &TcpStream) {
    stream.shutdown(Shutdown::Both).unwrap();
}

pub(crate) fn reset(stream: TcpStream) {
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

/// Keeps the connection open until the other side closes it.
pub(crate) fn stay_silent(mut stream: TcpStream) {
    let mut sink = Vec::new();
    // The prober may reset it as well.
    let _closed = stream.read_to_end(&mut sink);
}

/// Sends until the other side has enough.
pub(crate) fn flood(mut stream: TcpStream, bytes: &[u8]) {
    while stream.write_all(bytes).is_ok() {}
}

/// One byte at a time, slower than any patience.
pub(crate) fn drip(mut stream: TcpStream, bytes: &[u8]) {
    for byte in bytes.iter().cycle() {
        if stream.write_all(&[*byte]).is_err() {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// A TLS server with this range of versions and a self-signed certificate.
pub(crate) fn acceptor(oldest: SslVersion, newest: SslVersion) -> openssl::ssl::SslAcceptorBuilder {
    let (key, certificate) = identity();
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    builder
        .clear_options(SslOptions::NO_SSLV3 | SslOptions::NO_TLSV1 | SslOptions::NO_TLSV1_1 | SslOptions::NO_TLSV1_3);
    builder.set_min_proto_version(Some(oldest)).unwrap();
    builder.set_max_proto_version(Some(newest)).unwrap();
    builder.set_cipher_list("DEFAULT:@SECLEVEL=0").unwrap();
    builder.set_private_key(key).unwrap();
    builder.set_certificate(certificate).unwrap();
    builder
}

pub(crate) fn certificate() -> Vec<u8> {
    identity().1.to_der().unwrap()
}

pub(crate) fn identity() -> &'static (PKey<Private>, X509) {
    static IDENTITY: OnceLock<(PKey<Private>, X509)> = OnceLock::new();
    IDENTITY.get_or_init(|| {
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let mut name = X509Name::builder().unwrap();
        name.append_entry_by_text("CN", "ts01").unwrap();
        let name = name.build();
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        builder.set_subject_name(&name).unwrap();
        builder.set_issuer_name(&name).unwrap();
        builder.set_pubkey(&key).unwrap();
        builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::days_from_now(180).unwrap()).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        (key, builder.build())
    })
}

/// What came of an attempt, without times and ports.
#[derive(Debug, PartialEq)]
pub(crate) struct Course {
    pub(crate) connected: bool,
    pub(crate) answer: Option<NegotiateAnswer>,
    /// Whether TLS was begun, and whether it was completed.
    pub(crate) tls: Option<bool>,
    pub(crate) received: u64,
    pub(crate) ending: Ending,
}

impl Course {
    /// Nothing came back on an open connection.
    pub(crate) fn connected(ending: Ending) -> Self {
        Self { connected: true, answer: None, tls: None, received: 0, ending }
    }

    /// The confirm of [`client_hello`], and so many bytes after it.
    pub(crate) fn in_tls(received: usize, ending: Ending) -> Self {
        let received = u64::try_from(confirm(Protocols::SSL).len() + received).unwrap();
        Self { answer: Some(selected(Protocols::SSL)), tls: Some(false), received, ..Self::connected(ending) }
    }

    #[must_use]
    pub(crate) fn received(self, bytes: &[u8]) -> Self {
        Self { received: u64::try_from(bytes.len()).unwrap(), ..self }
    }

    pub(crate) fn of(attempt: &Attempt) -> Self {
        Self {
            connected: attempt.connected.is_some(),
            answer: attempt.negotiated.as_ref().map(|Negotiated { answer, .. }| answer.clone()),
            tls: attempt.tls.as_ref().map(|tls| tls.completed.is_some()),
            received: attempt.received,
            ending: attempt.ending.clone(),
        }
    }
}

pub(crate) fn selected(protocols: Protocols) -> NegotiateAnswer {
    NegotiateAnswer::Selected { protocols, flags: ResponseFlags(0x1f) }
}
