//! `ClientHello` beside its bytes, and what a description of one becomes.
#![expect(clippy::unwrap_used, reason = "a helper of tests may stop where an expectation fails")]

mod common;

use common::hex;
use rdpdoctor_protocol::tls::{
    CipherSuite, ClientHello, Extension, ExtensionType, HandshakeType, HelloSpec, LEGACY, Look, MODERN, NamedGroup,
    OLD, ProtocolVersion, SignatureScheme, TLS13,
};

const RANDOM: [u8; 32] = [7; 32];

fn built(versions: &[ProtocolVersion], suites: &[CipherSuite]) -> ClientHello {
    HelloSpec::new(versions, suites).build(RANDOM).unwrap()
}

#[test]
fn client_hello_both_ways() {
    let bytes = hex("01 00007d  0303
         0707070707070707 0707070707070707 0707070707070707 0707070707070707
         02 a1a2
         0004 c030 009c
         01 00
         004e
           0000 0010 000e 00 000b 7365727665722e74657374
           000a 0006 0004 001d 0017
           000b 0002 01 00
           000d 0006 0004 0804 0401
           0005 0005 01 0000 0000
           0023 0000
           0016 0000
           0017 0000
           ff01 0001 00
           0015 0002 0000");
    let hello = ClientHello {
        legacy_version: ProtocolVersion::TLS12,
        random: RANDOM,
        session_id: vec![0xa1, 0xa2],
        suites: vec![CipherSuite(0xc030), CipherSuite(0x009c)],
        compressions: vec![0],
        extensions: vec![
            Extension::server_name("server.test").unwrap(),
            Extension::supported_groups(&[NamedGroup::X25519, NamedGroup::SECP256R1]).unwrap(),
            Extension::ec_point_formats(&[0]).unwrap(),
            Extension::signature_algorithms(&[SignatureScheme::RSA_PSS_RSAE_SHA256, SignatureScheme::RSA_PKCS1_SHA256])
                .unwrap(),
            Extension::status_request(),
            Extension::session_ticket(),
            Extension::encrypt_then_mac(),
            Extension::extended_master_secret(),
            Extension::renegotiation_info(),
            Extension::padding(2),
        ],
    };
    assert_eq!(hello.encode().unwrap(), bytes);
    assert_eq!(ClientHello::decode(&bytes).unwrap(), hello);
    assert_eq!(ClientHello::decode_body(&bytes[4..]).unwrap(), hello);
    assert_eq!(hello.encode_body().unwrap(), bytes[4..]);
    let records = hello.to_records(ProtocolVersion::TLS10).unwrap();
    assert_eq!(records, [hex("16 0301 0081"), bytes].concat());
}

#[test]
fn extensions_of_tls13() {
    let share = Extension::key_share(&[(NamedGroup::X25519, vec![1; 3])]).unwrap();
    assert_eq!(share.data, hex("0007 001d 0003 010101"));
    let versions = Extension::supported_versions(&[ProtocolVersion::TLS13, ProtocolVersion::TLS12]).unwrap();
    assert_eq!(versions.data, hex("04 0304 0303"));
    assert_eq!(Extension::psk_key_exchange_modes(&[1]).unwrap().data, hex("01 01"));
}

#[test]
fn hello_of_ssl3_ends_with_its_compressions() {
    let hello = built(&[ProtocolVersion::SSL3], &[CipherSuite(0x0005)]);
    let bytes = [hex("0300"), RANDOM.to_vec(), hex("00 0002 0005 01 00")].concat();
    assert_eq!(hello.encode_body().unwrap(), bytes);
    assert_eq!(ClientHello::decode_body(&bytes).unwrap(), hello);
    let records = HelloSpec::new(&[ProtocolVersion::SSL3], &[CipherSuite(5)]).to_records(RANDOM).unwrap();
    assert!(records.starts_with(&hex("16 0300")));
}

#[test]
fn each_version_gets_the_extensions_it_knows() {
    let has = |hello: &ClientHello, kind| hello.extension(kind).is_some();
    let tls10 = built(&[ProtocolVersion::TLS10], OLD);
    assert_eq!(tls10.legacy_version, ProtocolVersion::TLS10);
    assert!(has(&tls10, ExtensionType::SUPPORTED_GROUPS) && !has(&tls10, ExtensionType::SIGNATURE_ALGORITHMS));
    let tls12 = built(&[ProtocolVersion::TLS12], MODERN);
    assert!(has(&tls12, ExtensionType::SIGNATURE_ALGORITHMS) && !has(&tls12, ExtensionType::KEY_SHARE));
    let tls13 = built(&[ProtocolVersion::TLS13], TLS13);
    assert_eq!((tls13.legacy_version, tls13.session_id.len()), (ProtocolVersion::TLS12, 32));
    assert_eq!(tls13.extension(ExtensionType::SUPPORTED_VERSIONS), Some(&hex("02 0304")[..]));
    assert!(has(&tls13, ExtensionType::KEY_SHARE) && !has(&tls13, ExtensionType::EC_POINT_FORMATS));
}

#[test]
fn padding_reaches_the_wanted_length() {
    let mut spec = HelloSpec::new(&[ProtocolVersion::TLS12], MODERN);
    let plain = spec.build(RANDOM).unwrap().encode().unwrap().len();
    for (wanted, got) in
        [(plain, plain), (plain + 1, plain + 4), (plain + 4, plain + 4), (1400, 1400), (20_000, 20_000)]
    {
        spec.length = Some(u16::try_from(wanted).unwrap());
        let hello = spec.build(RANDOM).unwrap();
        assert_eq!(hello.encode().unwrap().len(), got);
        assert_eq!(hello.extension(ExtensionType::PADDING).is_some(), got != plain);
    }
    spec.length = Some(10);
    assert_eq!(spec.build(RANDOM).unwrap().encode().unwrap().len(), plain);
}

#[test]
fn padding_keeps_its_place_and_starts_a_block_of_its_own() {
    let mut spec = HelloSpec::new(&[ProtocolVersion::TLS12], LEGACY);
    spec.extensions.insert(1, ExtensionType::PADDING);
    spec.length = Some(999);
    let hello = spec.build(RANDOM).unwrap();
    assert_eq!(hello.encode().unwrap().len(), 999);
    assert_eq!(hello.extensions.iter().filter(|e| e.extension_type == ExtensionType::PADDING).count(), 1);
    let mut bare = built(&[ProtocolVersion::SSL3], LEGACY);
    bare.pad_to(600).unwrap();
    assert_eq!(bare.encode().unwrap().len(), 600);
}

#[test]
fn large_hellos_take_two_records() {
    let mut spec = HelloSpec::new(&[ProtocolVersion::TLS12], MODERN);
    spec.length = Some(16_400);
    let records = spec.to_records(RANDOM).unwrap();
    assert_eq!(records.len(), 16_400 + 2 * 5);
    assert_eq!(records[5 + 16_384..][..5], hex("16 0301 0010"));
}

#[test]
fn the_same_random_makes_the_same_hello() {
    for look in Look::ALL {
        let spec = look.spec(Some("server.test"));
        assert_eq!(spec.to_records(RANDOM), spec.to_records(RANDOM));
        assert_ne!(spec.to_records(RANDOM), spec.to_records([8; 32]));
    }
}

#[test]
fn shares_have_the_length_of_their_group() {
    let rows = [
        (NamedGroup::X25519, 32),
        (NamedGroup::X448, 56),
        (NamedGroup::SECP256R1, 65),
        (NamedGroup::SECP384R1, 97),
        (NamedGroup::SECP521R1, 133),
        (NamedGroup::FFDHE2048, 256),
        (NamedGroup::FFDHE3072, 384),
        (NamedGroup::FFDHE4096, 512),
        (NamedGroup::FFDHE6144, 768),
        (NamedGroup::FFDHE8192, 1024),
        (NamedGroup::X25519_MLKEM768, 1216),
        (NamedGroup::SECP256R1_MLKEM768, 1249),
        (NamedGroup::SECP384R1_MLKEM1024, 1665),
    ];
    for (group, length) in rows {
        assert_eq!(group.public_share(&RANDOM).unwrap().len(), length, "{group}");
    }
    assert_eq!(NamedGroup(0x0a0a).public_share(&RANDOM), None);
    assert!(NamedGroup::FFDHE2048.is_finite_field() && !NamedGroup::X25519.is_finite_field());
}

#[test]
fn malformed_client_hellos_say_what_is_wrong() {
    let head = [hex("0303"), vec![1; 32]].concat();
    let rows = [
        ("21", "ClientHello session_id is 33 long, at most 32 allowed"),
        ("00 0003 c030c0", "ClientHello cipher_suites length is 0x3"),
        ("00 0004 c030", "ClientHello cipher_suites is cut short: 2 more bytes needed"),
        ("00 0002 c030 02 00", "ClientHello compression_methods is cut short: 1 more bytes needed"),
        ("00 0002 c030 01 00 0005 0023", "ClientHello extensions is cut short: 3 more bytes needed"),
        ("00 0002 c030 01 00 0004 0023 0001", "ClientHello extension data is cut short: 1 more bytes needed"),
        ("00 0002 c030 01 00 0000 00", "1 bytes too many after ClientHello"),
    ];
    for (tail, message) in rows {
        let bytes = [head.clone(), hex(tail)].concat();
        assert_eq!(ClientHello::decode_body(&bytes).unwrap_err().to_string(), message);
    }
    let wrong = ClientHello::decode(&hex("02 000000")).unwrap_err();
    assert_eq!(wrong.to_string(), "ClientHello handshake type is 0x2");
    let flood = [head, hex("00 0002 c030 01 00 0104"), hex("00230000").repeat(65)].concat();
    assert_eq!(
        ClientHello::decode_body(&flood).unwrap_err().to_string(),
        "ClientHello extensions is 65 long, at most 64 allowed"
    );
}

#[test]
fn what_no_field_can_hold_is_refused() {
    assert!(Extension::server_name(&"a".repeat(65_536)).is_err());
    assert!(Extension::supported_versions(&[ProtocolVersion::TLS13; 128]).is_err());
    let mut hello = built(&[ProtocolVersion::TLS12], MODERN);
    hello.session_id = vec![0; 33];
    assert!(hello.encode().is_err());
    hello.session_id = vec![];
    hello.extensions = vec![Extension::session_ticket(); 65];
    assert!(hello.encode().is_err());
}

#[test]
fn the_server_may_ask_for_a_certificate() {
    assert_eq!(HandshakeType(13).name(), Some("certificate_request"));
    assert_eq!(HandshakeType(14).name(), Some("server_hello_done"));
}
