//! Which ClientHellos are answered, and how the others are cut off.

use std::time::Duration;

use crate::client::{Ending, MSTSC, Served, fault, health, read_to_end, selected};
use rdpdoctor_protocol::tls::{
    Alert, AlertDescription, CipherSuite, HandshakeReader, HelloSpec, LEGACY, MODERN, NamedGroup, OLD, ProtocolVersion,
    RecordReader, ServerHello, TLS13,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

const SSL3: ProtocolVersion = ProtocolVersion::SSL3;
const TLS10: ProtocolVersion = ProtocolVersion::TLS10;
const TLS11: ProtocolVersion = ProtocolVersion::TLS11;
const TLS12: ProtocolVersion = ProtocolVersion::TLS12;
const TLS13_VERSION: ProtocolVersion = ProtocolVersion::TLS13;

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Hello(ProtocolVersion, CipherSuite),
    Alert(AlertDescription),
    Fin,
    Rst,
}

#[tokio::test]
async fn versions_that_are_not_known_are_cut_off() {
    let (alert, fin, rst) = (|| Answer::Alert(AlertDescription::PROTOCOL_VERSION), || Answer::Fin, || Answer::Rst);
    for (version, name) in [(SSL3, "ssl3"), (TLS10, "tls10"), (TLS11, "tls11")] {
        for (how, expected) in [("alert", alert()), ("fin", fin()), ("rst", rst())] {
            let served = fault("tls-version-mismatch", &format!("{name}-{how}")).await;
            let taken = offer(&served, &HelloSpec::new(&[version], OLD)).await;
            assert!(matches!(taken, Answer::Hello(chosen, _) if chosen == version), "{name}-{how}: {taken:?}");
            let among_newer = HelloSpec::new(&[TLS13_VERSION, TLS12, version], &[TLS13, OLD].concat());
            assert!(matches!(offer(&served, &among_newer).await, Answer::Hello(..)), "{name}-{how}");
            let newer = HelloSpec::new(&[TLS13_VERSION, TLS12], &[TLS13, OLD].concat());
            assert_eq!(offer(&served, &newer).await, expected, "{name}-{how}");
        }
    }
}

#[tokio::test]
async fn newer_versions_are_not_borne() {
    let endings =
        [("alert", Answer::Alert(AlertDescription::PROTOCOL_VERSION)), ("fin", Answer::Fin), ("rst", Answer::Rst)];
    for (how, expected) in endings {
        let served = fault("tls-version-mismatch", &format!("intolerant-{how}")).await;
        assert!(matches!(offer(&served, &HelloSpec::new(&[TLS10], OLD)).await, Answer::Hello(TLS10, _)), "{how}");
        assert_eq!(offer(&served, &HelloSpec::new(&[TLS12, TLS11, TLS10], OLD)).await, expected, "{how}");
    }
    let endings =
        [("alert", Answer::Alert(AlertDescription::HANDSHAKE_FAILURE)), ("fin", Answer::Fin), ("rst", Answer::Rst)];
    for (how, expected) in endings {
        let served = fault("tls13-breaks-server", how).await;
        assert!(matches!(offer(&served, &HelloSpec::new(&[TLS12], MODERN)).await, Answer::Hello(TLS12, _)), "{how}");
        let both = HelloSpec::new(&[TLS13_VERSION, TLS12], &[TLS13, MODERN].concat());
        assert_eq!(offer(&served, &both).await, expected, "{how}");
    }
}

#[tokio::test]
async fn suites_that_are_not_known_are_cut_off() {
    for (name, suite) in [("rc4", 0x0005), ("camellia", 0x0084)] {
        let endings =
            [("alert", Answer::Alert(AlertDescription::HANDSHAKE_FAILURE)), ("fin", Answer::Fin), ("rst", Answer::Rst)];
        for (how, expected) in endings {
            let served = fault("cipher-suite-mismatch", &format!("{name}-{how}")).await;
            let taken = offer(&served, &HelloSpec::new(&[TLS12], LEGACY)).await;
            assert_eq!(taken, Answer::Hello(TLS12, CipherSuite(suite)), "{name}-{how}");
            let modern = HelloSpec::new(&[TLS13_VERSION, TLS12], &[TLS13, MODERN, OLD].concat());
            assert_eq!(offer(&served, &modern).await, expected, "{name}-{how}");
        }
    }
    let served = fault("cipher-suite-mismatch", "aria").await;
    let taken = offer(&served, &HelloSpec::new(&[TLS12], LEGACY)).await;
    assert_eq!(taken, Answer::Hello(TLS12, CipherSuite(0xc051)));
    assert_eq!(offer(&served, &HelloSpec::new(&[TLS12], MODERN)).await, Answer::Rst);
}

#[tokio::test]
async fn suites_and_groups_that_openssl_was_not_given_get_its_alert() {
    let failure = Answer::Alert(AlertDescription::HANDSHAKE_FAILURE);
    let without_p521 = HelloSpec { groups: vec![NamedGroup::X25519], ..HelloSpec::new(&[TLS12], MODERN) };
    let refused = [
        ("cipher-suite-mismatch", "p521-only", without_p521),
        ("cipher-suite-mismatch", "3des", HelloSpec::new(&[TLS12], MODERN)),
        ("cipher-suite-mismatch", "dhe-only", HelloSpec::new(&[TLS12], MODERN)),
        ("weak-key-exchange", "dhe-512", HelloSpec::new(&[TLS12], MODERN)),
        ("weak-key-exchange", "static-rsa", HelloSpec::new(&[TLS12], MODERN)),
    ];
    for (cause, name, spec) in refused {
        assert_eq!(offer(&fault(cause, name).await, &spec).await, failure, "{name}");
    }
}

#[tokio::test]
async fn an_unusable_key_cuts_off_everybody() {
    let offers = [
        HelloSpec::new(&[TLS12, TLS11, TLS10], MODERN),
        HelloSpec::new(&[TLS12], LEGACY),
        HelloSpec::new(&[TLS13_VERSION], TLS13),
        HelloSpec::new(&[SSL3], LEGACY),
    ];
    for spec in offers {
        assert_eq!(offer(&fault("private-key-unusable", "fin").await, &spec).await, Answer::Fin);
        assert_eq!(offer(&fault("private-key-unusable", "rst").await, &spec).await, Answer::Rst);
        let alert = Answer::Alert(AlertDescription::HANDSHAKE_FAILURE);
        assert_eq!(offer(&fault("handshake-reset", "alert").await, &spec).await, alert);
    }
    let hello = HelloSpec::new(&[TLS12], MODERN).to_records([7; 32]).unwrap();
    let (answers, ending) = fault("private-key-unusable", "disconnect").await.talk(&[MSTSC, &hello]).await;
    assert_eq!(answers, [selected(8).as_slice(), b"\x03\x00\x00\x09\x02\xf0\x80\x21\x80"].concat());
    assert_eq!(ending, Ending::Fin);
}

#[tokio::test]
async fn large_hellos_are_cut_off() {
    let small = HelloSpec::new(&[TLS12], &[CipherSuite(0xc030), CipherSuite(0xc02f)]);
    let padded = HelloSpec { length: Some(1200), ..small.clone() };
    for (name, expected) in [("large-hello-rst", Answer::Rst), ("large-hello-fin", Answer::Fin)] {
        let served = fault("handshake-reset", name).await;
        assert!(matches!(offer(&served, &small).await, Answer::Hello(..)), "{name}");
        assert_eq!(offer(&served, &padded).await, expected, "{name}");
    }
}

#[tokio::test]
async fn two_of_three_connections_are_cut_off() {
    let spec = HelloSpec::new(&[TLS12], MODERN);
    let endings = [
        ("unstable-rst", Answer::Rst),
        ("unstable-fin", Answer::Fin),
        ("unstable-alert", Answer::Alert(AlertDescription::HANDSHAKE_FAILURE)),
    ];
    for (name, expected) in endings {
        let served = fault("handshake-reset", name).await;
        for _ in 0..2 {
            assert_eq!(offer(&served, &spec).await, expected, "{name}");
            assert_eq!(offer(&served, &spec).await, expected, "{name}");
            assert!(matches!(offer(&served, &spec).await, Answer::Hello(..)), "{name}");
        }
    }
}

#[tokio::test]
async fn a_picky_server_takes_its_own_suites_only() {
    let served = health("gcm-only-picky").await;
    let taken = offer(&served, &HelloSpec::new(&[TLS12], MODERN)).await;
    assert_eq!(taken, Answer::Hello(TLS12, CipherSuite(0xc030)));
    for refused in [HelloSpec::new(&[TLS12], OLD), HelloSpec::new(&[TLS13_VERSION], TLS13)] {
        assert_eq!(offer(&served, &refused).await, Answer::Rst);
    }
    let served = health("tls13-only").await;
    let taken = offer(&served, &HelloSpec::new(&[TLS13_VERSION, TLS12], &[TLS13, MODERN].concat())).await;
    assert!(matches!(taken, Answer::Hello(TLS13_VERSION, _)), "{taken:?}");
    let refused = offer(&served, &HelloSpec::new(&[TLS12], MODERN)).await;
    assert_eq!(refused, Answer::Alert(AlertDescription::PROTOCOL_VERSION));
}

/// Records may come in tiny pieces.
#[tokio::test]
async fn a_hello_in_many_records_is_read_whole() {
    let served = fault("tls13-breaks-server", "rst").await;
    let message = HelloSpec::new(&[TLS12], MODERN).build([7; 32]).unwrap().encode().unwrap();
    let record = |piece: &[u8]| [&[0x16, 3, 1, 0, u8::try_from(piece.len()).unwrap()], piece].concat();
    let records: Vec<u8> = message.chunks(50).flat_map(record).collect();
    assert!(matches!(answer(&served, &records).await, Answer::Hello(TLS12, _)));
}

async fn offer(served: &Served, spec: &HelloSpec) -> Answer {
    answer(served, &spec.to_records([7; 32]).unwrap()).await
}

async fn answer(served: &Served, hello: &[u8]) -> Answer {
    let mut stream = served.connect().await;
    stream.write_all(MSTSC).await.unwrap();
    stream.read_exact(&mut [0; 19]).await.unwrap();
    stream.write_all(hello).await.unwrap();
    let mut records = RecordReader::new();
    let mut messages = HandshakeReader::new();
    loop {
        while let Some(record) = records.next_record().unwrap() {
            if let Ok(alert) = Alert::decode(&record.fragment) {
                assert_eq!(read_to_end(&mut stream, &mut Vec::new()).await, Ending::Fin);
                return Answer::Alert(alert.description);
            }
            messages.push(&record.fragment);
            if let Some(message) = messages.next_message().unwrap() {
                let hello = ServerHello::decode(&message.body).unwrap();
                return Answer::Hello(hello.selected_version(), hello.cipher_suite);
            }
        }
        let mut bytes = Vec::new();
        match timeout(Duration::from_secs(5), stream.read_buf(&mut bytes)).await.unwrap() {
            Ok(0) => return Answer::Fin,
            Ok(_) => records.push(&bytes),
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
                return Answer::Rst;
            }
        }
    }
}
