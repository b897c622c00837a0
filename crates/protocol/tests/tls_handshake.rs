//! Handshake messages beside their bytes, and whole flights of a real server (OpenSSL 3.0).
#![expect(clippy::unwrap_used, reason = "a helper of tests may stop where an expectation fails")]

mod common;

use common::hex;
use rdpdoctor_protocol::DecodeError;
use rdpdoctor_protocol::tls::{
    Certificate, CipherSuite, ContentType, Extension, ExtensionType, HandshakeMessage, HandshakeReader, HandshakeType,
    ProtocolVersion, RecordReader, ServerHello,
};

fn messages(flight: &[u8]) -> Vec<HandshakeMessage> {
    let (mut records, mut handshake) = (RecordReader::new(), HandshakeReader::new());
    let mut messages = Vec::new();
    for piece in flight.chunks(7) {
        records.push(piece);
        while let Some(record) = records.next_record().unwrap() {
            if record.content_type == ContentType::HANDSHAKE {
                handshake.push(&record.fragment);
            }
            while let Some(message) = handshake.next_message().unwrap() {
                messages.push(message);
            }
        }
    }
    assert_eq!((records.pending(), handshake.pending()), (0, 0));
    messages
}

#[test]
fn server_hello_of_tls12() {
    let bytes = hex("0303
         2d3ec744 e471505d 215331ee abf477dd d99967e4 3a69cbb4 444f574e 47524401
         00
         c030 00
         0015
           ff01 0001 00
           000b 0004 03000102
           0023 0000
           0017 0000");
    let extension = |extension_type, data: &[u8]| Extension { extension_type, data: data.to_vec() };
    let hello = ServerHello {
        legacy_version: ProtocolVersion::TLS12,
        random: bytes[2..34].try_into().unwrap(),
        session_id: vec![],
        cipher_suite: CipherSuite(0xc030),
        compression_method: 0,
        extensions: vec![
            extension(ExtensionType::RENEGOTIATION_INFO, &[0]),
            extension(ExtensionType::EC_POINT_FORMATS, &[3, 0, 1, 2]),
            extension(ExtensionType::SESSION_TICKET, &[]),
            extension(ExtensionType::EXTENDED_MASTER_SECRET, &[]),
        ],
    };
    assert_eq!(hello.encode().unwrap(), bytes);
    assert_eq!(ServerHello::decode(&bytes).unwrap(), hello);
    assert_eq!(hello.selected_version(), ProtocolVersion::TLS12);
    assert!(!hello.is_hello_retry_request());
}

#[test]
fn server_hello_of_tls13_selects_its_version_in_an_extension() {
    let mut bytes = hex("0303");
    bytes.extend([7; 32]);
    bytes.push(32);
    bytes.extend([9; 32]);
    bytes.extend(hex("1302 00  0006  002b 0002 0304"));
    let hello = ServerHello::decode(&bytes).unwrap();
    assert_eq!(hello.legacy_version, ProtocolVersion::TLS12);
    assert_eq!(hello.selected_version(), ProtocolVersion::TLS13);
    assert_eq!((hello.session_id.len(), hello.cipher_suite), (32, CipherSuite(0x1302)));
    assert_eq!(hello.encode().unwrap(), bytes);
}

#[test]
fn hello_retry_request_is_told_by_its_random() {
    let bytes = hex("0303
         cf21ad74 e59a6111 be1d8c02 1e65b891 c2a21116 7abb8c5e 079e09e2 c8a8339c
         00 1301 00
         000c  002b 0002 0304  0033 0002 0018");
    let hello = ServerHello::decode(&bytes).unwrap();
    assert!(hello.is_hello_retry_request());
    assert_eq!(hello.extension(ExtensionType::KEY_SHARE), Some(&[0, 0x18][..]));
}

#[test]
fn server_hello_of_ssl3_has_no_extension_block() {
    let bytes = [hex("0300"), vec![1; 32], hex("00 0004 00")].concat();
    let hello = ServerHello::decode(&bytes).unwrap();
    assert_eq!((hello.selected_version(), hello.extensions.len()), (ProtocolVersion::SSL3, 0));
    assert_eq!(hello.encode().unwrap(), bytes);
}

#[test]
fn malformed_server_hellos_say_what_is_wrong() {
    let head = [hex("0303"), vec![1; 32]].concat();
    let rows = [
        ("21", "ServerHello session_id is 33 long, at most 32 allowed"),
        ("00 c0", "ServerHello cipher_suite is cut short: 1 more bytes needed"),
        ("00 c030 00 0005 0023", "ServerHello extensions is cut short: 3 more bytes needed"),
        ("00 c030 00 0004 0023 0001", "ServerHello extension data is cut short: 1 more bytes needed"),
        ("00 c030 00 0000 00", "1 bytes too many after ServerHello"),
        ("00 c030 00 0005 002b 0001 03", "ServerHello supported_versions length is 0x1"),
    ];
    for (tail, message) in rows {
        let bytes = [head.clone(), hex(tail)].concat();
        assert_eq!(ServerHello::decode(&bytes).unwrap_err().to_string(), message);
    }
    let flood = [head, hex("00 c030 00 0104"), hex("00230000").repeat(65)].concat();
    assert_eq!(
        ServerHello::decode(&flood),
        Err(DecodeError::TooLong { what: "ServerHello extensions", length: 65, limit: 64 })
    );
}

#[test]
fn certificate_list_both_ways() {
    let bytes = hex("00000b  000003 308200  000002 3000");
    let certificate = Certificate { chain: vec![hex("308200"), hex("3000")] };
    assert_eq!(certificate.encode().unwrap(), bytes);
    assert_eq!(Certificate::decode(&bytes).unwrap(), certificate);
    assert_eq!(Certificate::decode(&hex("000000")).unwrap().chain.len(), 0);
}

#[test]
fn malformed_certificate_lists_say_what_is_wrong() {
    let rows = [
        ("0000", "TLS certificate list is cut short: 1 more bytes needed"),
        ("000005 000003 3082", "TLS certificate is cut short: 1 more bytes needed"),
        ("000002 0000", "TLS certificate length is cut short: 1 more bytes needed"),
        ("000000 00", "1 bytes too many after TLS certificate list"),
    ];
    for (bytes, message) in rows {
        assert_eq!(Certificate::decode(&hex(bytes)).unwrap_err().to_string(), message);
    }
    let flood = [hex("0000c3"), vec![0; 195]].concat();
    assert!(matches!(Certificate::decode(&flood), Err(DecodeError::TooLong { length: 65, limit: 64, .. })));
}

#[test]
fn messages_over_the_limit_are_refused_at_their_header() {
    let announced = hex("0b 0a0000");
    let mut reader = HandshakeReader::new();
    reader.push(&announced);
    let what = "TLS handshake message";
    assert_eq!(reader.next_message(), Err(DecodeError::TooLong { what, length: 0x000a_0000, limit: 256 * 1024 }));

    let mut patient = HandshakeReader::with_limit(0x000a_0000);
    patient.push(&announced);
    assert_eq!((patient.next_message(), patient.pending()), (Ok(None), 4));
}

#[test]
fn message_both_ways() {
    let message = HandshakeMessage { msg_type: HandshakeType::SERVER_HELLO_DONE, body: vec![] };
    assert_eq!(message.encode().unwrap(), hex("0e 000000"));
    let odd = HandshakeMessage { msg_type: HandshakeType(99), body: vec![1, 2] };
    let mut reader = HandshakeReader::new();
    reader.push(&odd.encode().unwrap());
    assert_eq!(reader.next_message(), Ok(Some(odd)));
    let endless = HandshakeMessage { msg_type: HandshakeType::CERTIFICATE, body: vec![0; 1 << 24] };
    assert!(endless.encode().is_err());
}

#[test]
fn flight_of_tls12() {
    let messages = messages(include_bytes!("data/openssl-3.0-tls12-flight.bin"));
    let types: Vec<_> = messages.iter().map(|message| message.msg_type).collect();
    assert_eq!(
        types,
        [
            HandshakeType::SERVER_HELLO,
            HandshakeType::CERTIFICATE,
            HandshakeType::SERVER_KEY_EXCHANGE,
            HandshakeType::SERVER_HELLO_DONE
        ]
    );
    let hello = ServerHello::decode(&messages[0].body).unwrap();
    assert_eq!(hello.cipher_suite.name(), Some("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"));
    let certificate = Certificate::decode(&messages[1].body).unwrap();
    assert_eq!((certificate.chain.len(), certificate.chain[0].len()), (1, 510));
}

#[test]
fn flight_of_tls13_is_plain_only_in_its_hello() {
    let messages = messages(include_bytes!("data/openssl-3.0-tls13-flight.bin"));
    assert_eq!(messages.len(), 1);
    let hello = ServerHello::decode(&messages[0].body).unwrap();
    assert_eq!(hello.selected_version(), ProtocolVersion::TLS13);
    assert_eq!(hello.cipher_suite.name(), Some("TLS_AES_256_GCM_SHA384"));
}
