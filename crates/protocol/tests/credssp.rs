//! CredSSP, SPNEGO and NTLM beside their bytes.

mod common;

use common::hex;
use rdpdoctor_protocol::DecodeError;
use rdpdoctor_protocol::credssp::ntlm::{AvId, AvPair, Challenge, Negotiate, NegotiateFlags, Version};
use rdpdoctor_protocol::credssp::spnego::{Mechanism, NegState, NegotiationToken};
use rdpdoctor_protocol::credssp::{TsRequest, frame_length, frame_length_within};

const CHALLENGE: &str = "4e544c4d53535000 02000000
     0800 0800 38000000
     15828ae2
     0123456789abcdef 0000000000000000
     4a00 4a00 40000000
     0a00 6345 0000000f
     4c0041004200 3100
     0200 0800 4c00410042003100
     0100 0600 500043003100
     0400 0a00 6c002e0074006500 7300
     0300 0a00 70002e0074006500 7300
     0700 0800 0090d3ca1b5bdc01
     0600 0400 02000000
     0000 0000";

fn challenge() -> Challenge {
    Challenge {
        flags: NegotiateFlags(0xe28a_8215),
        target_name: "LAB1".to_owned(),
        target_info: vec![
            AvPair::text(AvId::NB_DOMAIN_NAME, "LAB1"),
            AvPair::text(AvId::NB_COMPUTER_NAME, "PC1"),
            AvPair::text(AvId::DNS_DOMAIN_NAME, "l.tes"),
            AvPair::text(AvId::DNS_COMPUTER_NAME, "p.tes"),
            AvPair::timestamp(0x01dc_5b1b_cad3_9000),
            AvPair { id: AvId::FLAGS, value: vec![2, 0, 0, 0] },
        ],
        version: Some(Version { major: 10, minor: 0, build: 17763 }),
    }
}

#[test]
fn negotiate_of_windows() {
    let bytes = hex("4e544c4d53535000 01000000 b78208e2
         0000 0000 00000000
         0000 0000 00000000
         0a00 614a 0000000f");
    assert_eq!(Negotiate::of_windows().encode(), bytes);
    assert_eq!(Negotiate::decode(&bytes).unwrap(), Negotiate::of_windows());
    let old = Negotiate::decode(&hex("4e544c4d53535000 01000000 b7820800")).unwrap();
    assert_eq!(old, Negotiate { flags: NegotiateFlags(0x0008_82b7), version: None });
}

#[test]
fn challenge_both_ways() {
    let bytes = hex(CHALLENGE);
    assert_eq!(challenge().encode([1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]).unwrap(), bytes);
    let read = Challenge::decode(&bytes).unwrap();
    assert_eq!(read, challenge());
    assert_eq!(read.text(AvId::DNS_COMPUTER_NAME).as_deref(), Some("p.tes"));
    assert_eq!(read.text(AvId::DNS_TREE_NAME), None);
    assert_eq!(read.timestamp(), Some(0x01dc_5b1b_cad3_9000));
    assert_eq!(read.av_flags(), Some(2));
}

#[test]
fn challenge_in_oem_text_without_version() {
    let bytes = hex("4e544c4d53535000 02000000  0300 0300 30000000  02820100
         0000000000000000 0000000000000000  0000 0000 00000000  504331");
    let read = Challenge::decode(&bytes).unwrap();
    assert_eq!((read.target_name.as_str(), read.version, read.target_info.len()), ("PC1", None, 0));
}

#[test]
fn malformed_challenges_say_what_is_wrong() {
    let rows = [
        ("4e544c4d53535001", "NTLM Signature is 0x4e544c4d53535001"),
        ("4e544c4d53535000 03000000", "NTLM MessageType is 0x3"),
        ("4e544c4d53535000 02000000 0200 0200 ffffffff", "NTLM TargetName is cut short: 2 more bytes needed"),
        ("4e544c4d53535000 02000000 0000 0000 00000000 0000", "NTLM CHALLENGE is cut short: 2 more bytes needed"),
        (
            "4e544c4d53535000 02000000 0000 0000 00000000 00008000 00000000 00000000 00000000 00000000
             0500 0500 30000000 0100 0200 00",
            "NTLM TargetInfo is cut short: 1 more bytes needed",
        ),
    ];
    for (bytes, message) in rows {
        assert_eq!(Challenge::decode(&hex(bytes)).unwrap_err().to_string(), message);
    }
    let head = hex("4e544c4d53535000 02000000 0000 0000 00000000 00008000
         00000000 00000000 00000000 00000000  0401 0401 30000000");
    let flood = [head, hex("01000000").repeat(65)].concat();
    assert!(matches!(Challenge::decode(&flood), Err(DecodeError::TooLong { length: 65, limit: 64, .. })));
}

#[test]
fn lone_surrogates_become_replacement_characters() {
    let mut odd = challenge();
    odd.target_info = vec![AvPair { id: AvId::NB_COMPUTER_NAME, value: vec![0x00, 0xd8, 0x41, 0x00, 0x42] }];
    assert_eq!(odd.text(AvId::NB_COMPUTER_NAME).as_deref(), Some("\u{fffd}A"));
}

#[test]
fn first_ts_request_of_mstsc() {
    let bytes = [
        hex("30 37
             a0 03 02 01 06
             a1 30 30 2e 30 2c a0 2a 04 28"),
        Negotiate::of_windows().encode(),
    ]
    .concat();
    let request = TsRequest { version: 6, nego_tokens: vec![Negotiate::of_windows().encode()], ..TsRequest::default() };
    assert_eq!(request.encode(), bytes);
    assert_eq!(TsRequest::decode(&bytes).unwrap(), request);
}

#[test]
fn every_field_both_ways() {
    let bytes = hex("30 2a
         a0 03 02 01 03
         a1 09 30 07 30 05 a0 03 04 01 aa
         a2 03 04 01 bb
         a3 03 04 01 cc
         a4 06 02 04 c000006d
         a5 06 04 04 01020304");
    let request = TsRequest {
        version: 3,
        nego_tokens: vec![vec![0xaa]],
        auth_info: Some(vec![0xbb]),
        pub_key_auth: Some(vec![0xcc]),
        error_code: Some(0xc000_006d),
        client_nonce: Some(vec![1, 2, 3, 4]),
    };
    assert_eq!(request.encode(), bytes);
    assert_eq!(TsRequest::decode(&bytes).unwrap(), request);
}

#[test]
fn error_codes_come_signed_and_unsigned() {
    for number in ["a4 06 02 04 c000006d", "a4 07 02 05 00c000006d"] {
        let fields = [hex("a0 03 02 01 06"), hex(number)].concat();
        let bytes = [vec![0x30, u8::try_from(fields.len()).unwrap()], fields].concat();
        assert_eq!(TsRequest::decode(&bytes).unwrap().error_code, Some(0xc000_006d));
    }
}

#[test]
fn malformed_ts_requests_say_what_is_wrong() {
    let rows = [
        ("31 00", "TSRequest is 0x31"),
        ("30 80 0000", "DER length octet is 0x80"),
        ("30 85 0100000000", "DER length octet is 0x85"),
        ("30 05 a0 03 02 01", "TSRequest is cut short: 1 more bytes needed"),
        ("30 04 a0 02 02 00", "TSRequest version is cut short: 1 more bytes needed"),
        ("30 0d a0 0b 02 09 010203040506070809", "TSRequest version is 9 long, at most 8 allowed"),
        ("30 08 a0 06 02 04 00000006 00", "1 bytes too many after TSRequest"),
        ("30 0a a0 03 02 01 06 a0 03 02 01 06", "TSRequest field is 0xa0"),
        ("30 0a a0 03 02 01 06 a5 03 02 01 06", "TSRequest clientNonce is 0x2"),
        ("30 0a a0 08 02 06 010000000000", "TSRequest version is 0x10000000000"),
    ];
    for (bytes, message) in rows {
        assert_eq!(TsRequest::decode(&hex(bytes)).unwrap_err().to_string(), message);
    }
}

#[test]
fn frames_are_measured_from_their_header() {
    assert_eq!(frame_length(&[]), Ok(None));
    assert_eq!(frame_length(&hex("30")), Ok(None));
    assert_eq!(frame_length(&hex("30 37")), Ok(Some(0x39)));
    assert_eq!(frame_length(&hex("30 82 01")), Ok(None));
    assert_eq!(frame_length(&hex("30 82 0100")), Ok(Some(0x104)));
    assert!(matches!(frame_length(&hex("30 80")), Err(DecodeError::Invalid { .. })));
    assert!(matches!(frame_length(&hex("16")), Err(DecodeError::Invalid { .. })));
    let huge = frame_length(&hex("30 84 7fffffff")).unwrap_err();
    assert_eq!(huge.to_string(), "TSRequest is 2147483653 long, at most 65536 allowed");
    assert_eq!(frame_length_within(&hex("30 82 0100"), 0x104), Ok(Some(0x104)));
    assert!(frame_length_within(&hex("30 82 0100"), 0x103).is_err());
}

#[test]
fn ntlm_inside_spnego() {
    let bytes = hex("60 29 06 06 2b0601050502
         a0 1f 30 1d
           a0 0e 30 0c 06 0a 2b06010401823702020a
           a2 0b 04 09 4e544c4d53535000 01");
    let token = NegotiationToken::init_with_ntlm(hex("4e544c4d53535000 01"));
    assert_eq!(token.encode(), bytes);
    assert_eq!(NegotiationToken::decode(&bytes).unwrap(), token);
    assert_eq!(token.ntlm_message(), Some(&hex("4e544c4d53535000 01")[..]));
    assert!(!token.refuses_ntlm());
    let raw = NegotiationToken::decode(&hex("4e544c4d53535000 02")).unwrap();
    assert_eq!(raw, NegotiationToken::Raw(hex("4e544c4d53535000 02")));
    assert_eq!(raw.encode(), hex("4e544c4d53535000 02"));
}

#[test]
fn answers_of_spnego() {
    let bytes = hex("a1 22 30 20
         a0 03 0a 01 01
         a1 0c 06 0a 2b06010401823702020a
         a2 0b 04 09 4e544c4d53535000 02");
    let token = NegotiationToken::Response {
        state: Some(NegState::ACCEPT_INCOMPLETE),
        mechanism: Some(Mechanism::Ntlm),
        token: Some(hex("4e544c4d53535000 02")),
    };
    assert_eq!(token.encode(), bytes);
    assert_eq!(NegotiationToken::decode(&bytes).unwrap(), token);
    assert!(!token.refuses_ntlm());
}

#[test]
fn refusals_of_ntlm() {
    let rejected = NegotiationToken::decode(&hex("a1 07 30 05 a0 03 0a 01 02")).unwrap();
    assert!(rejected.refuses_ntlm() && rejected.ntlm_message().is_none());
    let kerberos = hex("a1 0f 30 0d a1 0b 06 09 2a864886f712010202");
    let wants_kerberos = NegotiationToken::decode(&kerberos).unwrap();
    assert!(wants_kerberos.refuses_ntlm());
    assert_eq!(wants_kerberos.encode(), kerberos);
}

#[test]
fn malformed_tokens_say_what_is_wrong() {
    let rows = [
        ("04 00", "SPNEGO token is 0x4"),
        ("60 04 06 02 2b06", "GSS-API mechanism other than SPNEGO does not belong here"),
        ("a1 04 30 02 a0 00", "SPNEGO negState is cut short: 1 more bytes needed"),
        ("a1 09 30 07 a2 03 04 01 aa a0 00", "NegTokenResp is 0xa0"),
        ("a1 02 30 00 00", "1 bytes too many after SPNEGO token"),
    ];
    for (bytes, message) in rows {
        assert_eq!(NegotiationToken::decode(&hex(bytes)).unwrap_err().to_string(), message);
    }
    let list = hex("06 00").repeat(33);
    let flood = [hex("a0 48 30 46 a0 44 30 42"), list].concat();
    assert!(matches!(NegotiationToken::decode(&flood), Err(DecodeError::TooLong { length: 33, limit: 32, .. })));
}
