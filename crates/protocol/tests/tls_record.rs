//! TLS records and alerts beside their bytes.

mod common;

use common::hex;
use rdpdoctor_protocol::DecodeError;
use rdpdoctor_protocol::tls::{
    Alert, AlertDescription, AlertLevel, CipherSuite, ContentType, ProtocolVersion, Record, RecordReader,
    encode_records,
};

fn reader(bytes: &[u8]) -> RecordReader {
    let mut reader = RecordReader::new();
    reader.push(bytes);
    reader
}

#[test]
fn alert_record_both_ways() {
    let bytes = hex("15 0301 0002  02 46");
    let alert = Alert { level: AlertLevel::FATAL, description: AlertDescription::PROTOCOL_VERSION };
    assert_eq!(encode_records(ContentType::ALERT, ProtocolVersion::TLS10, &alert.encode()), bytes);

    let mut reader = reader(&bytes);
    let record = reader.next_record().unwrap().unwrap();
    assert_eq!(
        record,
        Record { content_type: ContentType::ALERT, version: ProtocolVersion::TLS10, fragment: vec![2, 70] }
    );
    assert_eq!(Alert::decode(&record.fragment), Ok(alert));
    assert_eq!((reader.next_record(), reader.counts().alert, reader.pending()), (Ok(None), 1, 0));
}

#[test]
fn alerts_have_the_names_of_the_rfcs_and_unknown_ones_survive() {
    let rows = [(0, "close_notify"), (40, "handshake_failure"), (70, "protocol_version"), (112, "unrecognized_name")];
    for (code, name) in rows {
        assert_eq!(AlertDescription(code).name(), Some(name));
        assert_eq!(name.parse(), Ok(AlertDescription(code)));
    }
    let unknown = Alert::decode(&[3, 254]).unwrap();
    assert_eq!((unknown.level.to_string(), unknown.description.to_string()), ("0x03".into(), "0xfe".into()));
    assert_eq!(unknown.encode(), [3, 254]);
}

#[test]
fn an_encrypted_alert_is_no_alert() {
    let what = "TLS alert";
    assert_eq!(Alert::decode(&[0; 24]), Err(DecodeError::TrailingBytes { what, count: 22 }));
    assert_eq!(Alert::decode(&[2]), Err(DecodeError::Truncated { what: "TLS alert description", needed: 1 }));
}

#[test]
fn records_may_come_byte_by_byte() {
    let bytes = [hex("16 0303 0003 aabbcc"), hex("14 0303 0001 01"), hex("17 0303 0000")].concat();
    let mut reader = RecordReader::new();
    let mut records = Vec::new();
    for byte in bytes {
        reader.push(&[byte]);
        records.extend(reader.next_record().unwrap());
    }
    let seen: Vec<_> = records.iter().map(|record| (record.content_type, record.fragment.len())).collect();
    let expected =
        [(ContentType::HANDSHAKE, 3), (ContentType::CHANGE_CIPHER_SPEC, 1), (ContentType::APPLICATION_DATA, 0)];
    assert_eq!(seen, expected);
    assert_eq!(reader.counts().total(), 3);
}

#[test]
fn half_a_record_is_pending() {
    let mut reader = reader(&hex("15 0300 0002 02 28  16 0300 00ff 02"));
    assert_eq!(reader.next_record().unwrap().unwrap().version, ProtocolVersion::SSL3);
    assert_eq!(reader.next_record(), Ok(None));
    assert_eq!(reader.pending(), 6);
}

#[test]
fn every_kind_of_record_is_counted() {
    let bytes: Vec<u8> = (20..=24).flat_map(|kind| [kind, 3, 1, 0, 0]).collect();
    let mut reader = reader(&bytes);
    while reader.next_record().unwrap().is_some() {}
    let counts = reader.counts();
    let each = [counts.change_cipher_spec, counts.alert, counts.handshake, counts.application_data, counts.heartbeat];
    assert_eq!(each, [1; 5]);
}

#[test]
fn what_is_no_tls_is_refused_with_its_first_bytes() {
    for bytes in [&b"HTTP/1.1 400 Bad Request\r\n"[..], b"\x03\0\0\x13", b"\x16\x02\0", b"\x15\x03\x05", b"S"] {
        let first = bytes[..bytes.len().min(16)].to_vec();
        assert_eq!(reader(bytes).next_record(), Err(DecodeError::NotTls { first }));
    }
    let message = reader(b"SSH-").next_record().unwrap_err().to_string();
    assert_eq!(message, "not a TLS record, it starts with 53 53 48 2d");
}

#[test]
fn a_stream_that_goes_astray_later_says_where() {
    let after = |tail: &str| {
        let mut reader = reader(&hex(&format!("15 0301 0002 02 28 {tail}")));
        reader.next_record().unwrap().unwrap();
        reader.next_record().unwrap_err()
    };
    assert_eq!(after("48"), DecodeError::Invalid { what: "TLS record type", value: 0x48 });
    assert_eq!(after("16 02"), DecodeError::Invalid { what: "TLS record major version", value: 2 });
    assert_eq!(after("16 03 05"), DecodeError::Invalid { what: "TLS record minor version", value: 5 });
    assert_eq!(after("16 0303 4801"), DecodeError::TooLong { what: "TLS record", length: 18433, limit: 18432 });
}

#[test]
fn long_payloads_are_split() {
    let payload: Vec<u8> = (0..40_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let mut reader = reader(&encode_records(ContentType::HANDSHAKE, ProtocolVersion::TLS12, &payload));
    let mut read = Vec::new();
    while let Some(record) = reader.next_record().unwrap() {
        assert!(record.fragment.len() <= 1 << 14);
        read.extend(record.fragment);
    }
    assert_eq!((read, reader.counts().handshake), (payload, 3));
}

#[test]
fn versions_are_ordered_and_named() {
    let versions = [0x0002, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304].map(ProtocolVersion);
    assert!(versions.is_sorted());
    let names = versions.map(|version| version.to_string());
    assert_eq!(names, ["SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"]);
    assert_eq!(ProtocolVersion(0x7f17).to_string(), "0x7f17");
    assert_eq!("TLS 1.2".parse(), Ok(ProtocolVersion::TLS12));
}

#[test]
fn suites_are_found_by_code_and_name() {
    let rows = [
        (0x0004, "TLS_RSA_WITH_RC4_128_MD5"),
        (0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
        (0x1301, "TLS_AES_128_GCM_SHA256"),
        (0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    ];
    for (code, name) in rows {
        assert_eq!(CipherSuite(code).to_string(), name);
        assert_eq!(name.parse(), Ok(CipherSuite(code)));
    }
    assert_eq!(CipherSuite(0x0a0a).to_string(), "0x0a0a");
}

#[test]
fn suite_table_is_sorted_without_doubles() {
    let suites: Vec<_> = CipherSuite::all().collect();
    assert!(suites.len() > 150 && suites.is_sorted_by(|a, b| a < b));
    for suite in suites {
        assert_eq!(suite.name().and_then(CipherSuite::from_name), Some(suite));
    }
}
