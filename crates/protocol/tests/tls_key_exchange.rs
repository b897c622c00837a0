//! `ServerKeyExchange`, the certificates of TLS 1.3 and answers that are no TLS, beside their bytes.
#![expect(clippy::unwrap_used, reason = "a helper of tests may stop where an expectation fails")]

mod common;

use common::hex;
use rdpdoctor_protocol::DecodeError;
use rdpdoctor_protocol::tls::{
    Certificate13, CertificateEntry, Extension, KeyExchange, NamedGroup, ParamsSignature, ProtocolVersion,
    RecordReader, ServerHello, ServerKeyExchange, ServerParams, SignatureScheme, is_ssl2_answer,
};

#[track_caller]
fn both_ways(bytes: &[u8], exchange: KeyExchange, version: ProtocolVersion, message: &ServerKeyExchange) {
    assert_eq!(message.encode().unwrap(), bytes);
    assert_eq!(&ServerKeyExchange::decode(bytes, exchange, version).unwrap(), message);
}

#[test]
fn ecdhe_of_tls12_names_its_scheme() {
    let bytes = hex("03 0017 03 04aabb  0804 0002 5151");
    let message = ServerKeyExchange {
        params: ServerParams::Ecdhe { group: NamedGroup::SECP256R1, public: hex("04aabb") },
        signature: Some(ParamsSignature { scheme: Some(SignatureScheme::RSA_PSS_RSAE_SHA256), bytes: hex("5151") }),
    };
    both_ways(&bytes, KeyExchange::EcdheRsa, ProtocolVersion::TLS12, &message);
    let signed = message.signed_content(&[1; 32], &[2; 32]).unwrap();
    assert_eq!(signed, [vec![1; 32], vec![2; 32], hex("03 0017 03 04aabb")].concat());
    assert_eq!(message.params.prime_bits(), None);
}

#[test]
fn dhe_before_tls12_has_no_scheme() {
    let bytes = hex("0003 0001ff 0001 02 0002 0107  0001 51");
    let message = ServerKeyExchange {
        params: ServerParams::Dhe { p: hex("0001ff"), g: vec![2], public: hex("0107") },
        signature: Some(ParamsSignature { scheme: None, bytes: vec![0x51] }),
    };
    both_ways(&bytes, KeyExchange::DheRsa, ProtocolVersion::TLS11, &message);
    assert_eq!(message.params.prime_bits(), Some(9));
}

#[test]
fn anonymous_exchanges_are_not_signed() {
    let params = ServerParams::Dhe { p: vec![0; 2], g: vec![], public: vec![3] };
    let message = ServerKeyExchange { params, signature: None };
    both_ways(&hex("0002 0000 0000 0001 03"), KeyExchange::DhAnon, ProtocolVersion::TLS12, &message);
    assert_eq!(message.params.prime_bits(), Some(0));
    let params = ServerParams::Ecdhe { group: NamedGroup::X25519, public: vec![4] };
    let message = ServerKeyExchange { params, signature: None };
    both_ways(&hex("03 001d 01 04"), KeyExchange::EcdhAnon, ProtocolVersion::TLS10, &message);
}

#[test]
fn export_suites_send_a_short_modulus() {
    let message = ServerKeyExchange {
        params: ServerParams::RsaExport { modulus: [vec![0x80], vec![0; 63]].concat(), exponent: vec![1, 0, 1] },
        signature: Some(ParamsSignature { scheme: None, bytes: vec![] }),
    };
    let bytes = [hex("0040 80"), vec![0; 63], hex("0003 010001 0000")].concat();
    both_ways(&bytes, KeyExchange::RsaExport, ProtocolVersion::SSL3, &message);
    assert_eq!(message.params.prime_bits(), Some(512));
}

#[test]
fn malformed_key_exchanges_say_what_is_wrong() {
    let rows = [
        (KeyExchange::EcdheRsa, "01", "ServerKeyExchange curve type is 0x1"),
        (KeyExchange::EcdheRsa, "03 0017 02 04", "ServerKeyExchange point is cut short: 1 more bytes needed"),
        (KeyExchange::DheRsa, "0002 ff", "ServerKeyExchange dh_p is cut short: 1 more bytes needed"),
        (
            KeyExchange::EcdheEcdsa,
            "03 0017 00 08",
            "ServerKeyExchange signature scheme is cut short: 1 more bytes needed",
        ),
        (KeyExchange::EcdhAnon, "03 0017 00 00", "1 bytes too many after ServerKeyExchange"),
        (KeyExchange::Rsa, "", "ServerKeyExchange does not belong here"),
        (KeyExchange::Tls13, "03", "ServerKeyExchange does not belong here"),
    ];
    for (exchange, bytes, message) in rows {
        let error = ServerKeyExchange::decode(&hex(bytes), exchange, ProtocolVersion::TLS12).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn certificates_of_tls13_both_ways() {
    let bytes = hex("00  000010
         000002 3000  0004 0012 0000
         000000       0000");
    let entry = |der: &str, extensions| CertificateEntry { der: hex(der), extensions };
    let timestamps = Extension::empty(18.into());
    let message = Certificate13 { context: vec![], entries: vec![entry("3000", vec![timestamps]), entry("", vec![])] };
    assert_eq!(message.encode().unwrap(), bytes);
    assert_eq!(Certificate13::decode(&bytes).unwrap(), message);
    let flood = [hex("00 000145"), vec![0; 325]].concat();
    assert!(matches!(Certificate13::decode(&flood), Err(DecodeError::TooLong { length: 65, limit: 64, .. })));
    let cut = Certificate13::decode(&hex("00 000005 000000 0001")).unwrap_err();
    assert_eq!(cut.to_string(), "certificate extensions is cut short: 1 more bytes needed");
}

#[test]
fn selected_group_of_hello_and_retry() {
    let hello = |tail: &str| [hex("0303"), vec![7; 32], hex("00 1301 00"), hex(tail)].concat();
    let group = |bytes: &[u8]| ServerHello::decode(bytes).unwrap().selected_group();
    assert_eq!(group(&hello("0006 0033 0002 0018")), Some(NamedGroup::SECP384R1));
    assert_eq!(group(&hello("0009 0033 0005 001d 0001 09")), Some(NamedGroup::X25519));
    assert_eq!(group(&hello("0005 0033 0001 00")), None);
    assert_eq!(group(&hello("")), None);
}

#[test]
fn ssl2_is_no_tls() {
    let answers = ["80 03 00 00 01", "8029 04 00 01 0002 0000 0003 0010 0700c0"];
    for answer in answers {
        let bytes = hex(answer);
        assert!(is_ssl2_answer(&bytes));
        let mut reader = RecordReader::new();
        reader.push(&bytes);
        assert!(matches!(reader.next_record(), Err(DecodeError::NotTls { .. })));
    }
    for other in ["", "80", "160301 0002 0000", "8029 04 00 01 0303", "0300 000b 06d0 0000"] {
        assert!(!is_ssl2_answer(&hex(other)));
    }
}
