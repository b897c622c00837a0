//! The TLS handshake after the confirm.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::channel;

use openssl::ssl::{SslVerifyMode, SslVersion};
use rdpdoctor_diagnosis::evidence::{Attempt, Der, Ending, Offer, Seen, TlsOffer, TlsSeen};
use rdpdoctor_protocol::negotiation::Protocols;
use rdpdoctor_protocol::stranger::Stranger;
use rdpdoctor_protocol::tls::{Alert, AlertDescription, AlertLevel, CipherSuite, NamedGroup, ProtocolVersion};

use crate::server::{
    Course, acceptor, answer, attempt, certificate, client_hello, confirm, drip, fin, flood, meet, request, reset,
    selected, serve, stay_silent,
};

const HANDSHAKE_FAILURE: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];
const CLOSE_NOTIFY: [u8; 7] = [21, 3, 3, 0, 2, 1, 0];

fn tls(attempt: &Attempt) -> &TlsSeen {
    attempt.tls.as_ref().unwrap()
}

fn alert(level: AlertLevel, description: AlertDescription) -> Ending {
    let Alert { level, description } = Alert { level, description };
    Ending::Alert { level, description }
}

async fn complete(oldest: SslVersion, newest: SslVersion) -> Attempt {
    let acceptor = acceptor(oldest, newest).build();
    let (sender, farewell) = channel();
    let attempt = meet(move |mut stream| {
        answer(&mut stream, &confirm(Protocols::SSL));
        let mut session = acceptor.accept(stream).unwrap();
        sender.send(session.read_to_end(&mut Vec::new()).ok()).unwrap();
    })
    .await;
    assert_eq!(farewell.recv(), Ok(Some(0)), "close_notify and nothing else");
    attempt
}

#[tokio::test]
async fn every_version_is_completed_and_named() {
    let versions = [
        (SslVersion::TLS1, ProtocolVersion::TLS10),
        (SslVersion::TLS1_1, ProtocolVersion::TLS11),
        (SslVersion::TLS1_2, ProtocolVersion::TLS12),
        (SslVersion::TLS1_3, ProtocolVersion::TLS13),
    ];
    for (offered, named) in versions {
        let attempt = complete(offered, offered).await;
        let received = attempt.received;
        let answer = Some(selected(Protocols::SSL));
        let expected = Course { answer, tls: Some(true), received, ..Course::connected(Ending::Ours) };
        assert_eq!(Course::of(&attempt), expected, "{named}");
        let seen = tls(&attempt);
        let hello = seen.server_hello.as_ref().unwrap();
        assert_eq!(hello.version, named);
        assert_eq!(
            hello.suite == CipherSuite::from_name("TLS_AES_256_GCM_SHA384").unwrap(),
            named == ProtocolVersion::TLS13
        );
        assert_eq!(seen.chain, [Der(certificate())], "{named}");
        assert!(seen.records >= 3);
        let exchange = seen.key_exchange.unwrap();
        assert_eq!((exchange.group, exchange.verified), (Some(NamedGroup::X25519), Some(true)), "{named}");
        assert_eq!(exchange.scheme.is_some(), named == ProtocolVersion::TLS12);
        match &seen.trust {
            Seen::Observed { value, .. } => assert!(!value.trusted && value.reason.is_some()),
            Seen::NotObtained { why } => assert!(!why.is_empty()),
            Seen::NotTried => panic!("nobody looked"),
        }
        assert!(hello.after_ms <= seen.completed.as_ref().unwrap().after_ms);
    }
}

#[tokio::test]
async fn the_newest_common_version_is_taken() {
    let attempt = complete(SslVersion::TLS1, SslVersion::TLS1_3).await;
    assert_eq!(tls(&attempt).server_hello.as_ref().unwrap().version, ProtocolVersion::TLS13);
}

#[tokio::test]
async fn what_no_current_library_offers_is_completed_too() {
    // Loads what RC4 needs, for the servers below as well.
    complete(SslVersion::TLS1_2, SslVersion::TLS1_2).await;
    let cases = [
        (SslVersion::SSL3, "RC4-SHA", ProtocolVersion::SSL3, "TLS_RSA_WITH_RC4_128_SHA"),
        (SslVersion::TLS1, "DES-CBC3-SHA", ProtocolVersion::TLS10, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
        (SslVersion::TLS1_2, "RC4-MD5", ProtocolVersion::TLS12, "TLS_RSA_WITH_RC4_128_MD5"),
        (SslVersion::TLS1_2, "NULL-SHA", ProtocolVersion::TLS12, "TLS_RSA_WITH_NULL_SHA"),
    ];
    for (offered, cipher, version, suite) in cases {
        let mut builder = acceptor(offered, offered);
        builder.set_cipher_list(&format!("{cipher}:@SECLEVEL=0")).unwrap();
        let acceptor = builder.build();
        let attempt = meet(move |mut stream| {
            answer(&mut stream, &confirm(Protocols::SSL));
            stay_silent(acceptor.accept(stream).unwrap().get_ref().try_clone().unwrap());
        })
        .await;
        assert!(attempt.completed_tls(), "{cipher}: {:?}", attempt.ending);
        let hello = tls(&attempt).server_hello.as_ref().unwrap();
        assert_eq!((hello.version, hello.suite), (version, CipherSuite::from_name(suite).unwrap()));
    }
}

#[tokio::test]
async fn tls_13_is_left_out_where_the_offer_says_so() {
    let acceptor = acceptor(SslVersion::TLS1, SslVersion::TLS1_3).build();
    let address = serve(move |mut stream| {
        answer(&mut stream, &confirm(Protocols::SSL));
        stay_silent(acceptor.accept(stream).unwrap().get_ref().try_clone().unwrap());
    });
    let attempt = attempt(address, Offer { tls: Some(TlsOffer::CompleteBelowTls13), ..Offer::mstsc() }).await;
    assert!(attempt.completed_tls(), "{attempt:?}");
    assert_eq!(tls(&attempt).server_hello.as_ref().unwrap().version, ProtocolVersion::TLS12);
}

#[tokio::test]
async fn a_server_may_ask_for_another_group() {
    let mut builder = acceptor(SslVersion::TLS1_3, SslVersion::TLS1_3);
    builder.set_groups_list("P-384").unwrap();
    let acceptor = builder.build();
    let attempt = meet(move |mut stream| {
        answer(&mut stream, &confirm(Protocols::SSL));
        stay_silent(acceptor.accept(stream).unwrap().get_ref().try_clone().unwrap());
    })
    .await;
    assert!(attempt.completed_tls(), "{attempt:?}");
    assert_eq!(tls(&attempt).hello_retry, Some(NamedGroup::SECP384R1));
    assert_eq!(tls(&attempt).server_hello.as_ref().unwrap().version, ProtocolVersion::TLS13);
}

#[tokio::test]
async fn fin_reset_and_silence_after_the_client_hello_are_told_apart() {
    let closed = meet(|mut stream| {
        client_hello(&mut stream);
        fin(&stream);
    });
    assert_eq!(Course::of(&closed.await), Course::in_tls(0, Ending::Fin));
    let cut = meet(|mut stream| {
        client_hello(&mut stream);
        reset(stream);
    });
    assert_eq!(Course::of(&cut.await), Course::in_tls(0, Ending::Reset));
    let silent = meet(|mut stream| {
        client_hello(&mut stream);
        stay_silent(stream);
    });
    assert_eq!(Course::of(&silent.await), Course::in_tls(0, Ending::Silent));
}

#[tokio::test]
async fn a_plain_alert_keeps_level_and_description() {
    let attempt = meet(|mut stream| {
        client_hello(&mut stream);
        stream.write_all(&HANDSHAKE_FAILURE).unwrap();
        fin(&stream);
    })
    .await;
    assert_eq!(Course::of(&attempt), Course::in_tls(7, alert(AlertLevel::FATAL, AlertDescription::HANDSHAKE_FAILURE)));
    assert_eq!((tls(&attempt).records, &tls(&attempt).server_hello), (1, &None));
}

#[tokio::test]
async fn a_farewell_instead_of_a_handshake_is_an_alert() {
    let attempt = meet(|mut stream| {
        client_hello(&mut stream);
        stream.write_all(&CLOSE_NOTIFY).unwrap();
        fin(&stream);
    })
    .await;
    assert_eq!(Course::of(&attempt), Course::in_tls(7, alert(AlertLevel::WARNING, AlertDescription::CLOSE_NOTIFY)));
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_says_so_after_its_own() {
    let mut builder = acceptor(SslVersion::TLS1_2, SslVersion::TLS1_2);
    builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    let acceptor = builder.build();
    let attempt = meet(move |mut stream| {
        answer(&mut stream, &confirm(Protocols::SSL));
        assert!(acceptor.accept(stream).is_err());
    })
    .await;
    assert_eq!(attempt.ending, alert(AlertLevel::FATAL, AlertDescription::HANDSHAKE_FAILURE));
    assert_eq!(tls(&attempt).chain, [Der(certificate())]);
    assert_eq!(tls(&attempt).completed, None);
}

/// Lets so many bytes out and then closes.
#[derive(Debug)]
struct Cut {
    stream: TcpStream,
    left: usize,
}

impl Read for Cut {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for Cut {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len().min(self.left);
        if length == 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.left -= length;
        self.stream.write(&bytes[..length])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[tokio::test]
async fn a_flight_cut_short_leaves_what_came() {
    let acceptor = acceptor(SslVersion::TLS1_2, SslVersion::TLS1_2).build();
    let whole = certificate().len() + 300;
    for (left, hello, chain) in [(3, false, 0), (200, true, 0), (whole, true, 1)] {
        let acceptor = acceptor.clone();
        let attempt = meet(move |mut stream| {
            answer(&mut stream, &confirm(Protocols::SSL));
            let kept = stream.try_clone().unwrap();
            assert!(acceptor.accept(Cut { stream, left }).is_err());
            fin(&kept);
        })
        .await;
        assert_eq!(Course::of(&attempt), Course::in_tls(left, Ending::Fin), "{left}");
        assert_eq!((tls(&attempt).server_hello.is_some(), tls(&attempt).chain.len()), (hello, chain), "{left}");
    }
}

#[tokio::test]
async fn xrdp_answers_a_client_hello_with_an_ultimatum() {
    let attempt = meet(|mut stream| {
        client_hello(&mut stream);
        stream.write_all(&[3, 0, 0, 9, 2, 0xf0, 0x80, 0x21, 0x80]).unwrap();
        fin(&stream);
    })
    .await;
    let reason = "MCS Disconnect Provider Ultimatum: rn-user-requested".to_owned();
    assert_eq!(Course::of(&attempt), Course::in_tls(9, Ending::Disconnect { reason }));
    assert_eq!(tls(&attempt).records, 0);
}

#[tokio::test]
async fn bytes_that_are_no_tls_are_named() {
    let page = b"HTTP/1.1 403 Forbidden\r\nVia: 1.1 filter\r\n\r\n";
    let blocked = meet(|mut stream| {
        client_hello(&mut stream);
        stream.write_all(page).unwrap();
        fin(&stream);
    })
    .await;
    let Ending::Stranger(seen) = &blocked.ending else { panic!("{:?}", blocked.ending) };
    assert_eq!((seen.protocol, seen.proxy_markers.len()), (Stranger::Http, 1));
    let garbage = meet(|mut stream| {
        client_hello(&mut stream);
        stream.write_all(&[0xde, 0xad]).unwrap();
        fin(&stream);
    })
    .await;
    let what = "not a TLS record, it starts with de ad".to_owned();
    assert_eq!(Course::of(&garbage), Course::in_tls(2, Ending::Malformed { what }));
}

#[tokio::test]
async fn garbage_behind_the_confirm_is_seen() {
    let attempt = meet(|mut stream| {
        request(&mut stream);
        stream.write_all(&[confirm(Protocols::SSL), vec![0xde, 0xad]].concat()).unwrap();
        stay_silent(stream);
    })
    .await;
    assert!(matches!(&attempt.ending, Ending::Malformed { what } if what.contains("de ad")), "{:?}", attempt.ending);
}

#[tokio::test]
async fn a_drip_of_tls_costs_one_wait_and_a_flood_little() {
    let record = [22, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc];
    let slow = meet(move |mut stream| {
        client_hello(&mut stream);
        drip(stream, &record);
    })
    .await;
    assert_eq!(slow.ending, Ending::Silent);
    assert!(slow.ended_ms < 5000.0, "{}", slow.ended_ms);
    let flooded = meet(|mut stream| {
        client_hello(&mut stream);
        flood(stream, &[22, 3, 3, 0, 0]);
    })
    .await;
    assert!(matches!(flooded.ending, Ending::Malformed { .. }), "{:?}", flooded.ending);
    assert!(flooded.received < 1_200_000, "{}", flooded.received);
}
