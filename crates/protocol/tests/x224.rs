//! X.224 values beside their bytes, both ways.
#![expect(clippy::unwrap_used, reason = "a helper of tests may stop where an expectation fails")]

mod common;

use common::hex;
use rdpdoctor_protocol::DecodeError;
use rdpdoctor_protocol::negotiation::{
    CorrelationInfo, FailureCode, NegotiationAnswer, NegotiationRequest, Protocols, RequestFlags, ResponseFlags,
};
use rdpdoctor_protocol::x224::{
    ConnectionConfirm, ConnectionRequest, DisconnectReason, RejectCause, Routing, ServerTpdu, UltimatumReason,
};

fn asking(protocols: Protocols) -> NegotiationRequest {
    NegotiationRequest { flags: RequestFlags::NONE, protocols }
}

fn confirm(negotiation: NegotiationAnswer) -> ServerTpdu {
    ServerTpdu::ConnectionConfirm(ConnectionConfirm { src_ref: 0x1234, class: 0, negotiation: Some(negotiation) })
}

#[track_caller]
fn request_both_ways(request: &ConnectionRequest, bytes: &[u8]) {
    assert_eq!(request.encode(), bytes);
    assert_eq!(&ConnectionRequest::decode(bytes).unwrap(), request);
}

#[track_caller]
fn answer_both_ways(answer: ServerTpdu, bytes: &[u8]) {
    assert_eq!(answer.encode(), bytes);
    assert_eq!(ServerTpdu::decode(bytes).unwrap(), answer);
}

#[test]
fn request_of_an_old_client() {
    let bytes = hex("03 00 00 0b  06 e0 0000 0000 00");
    request_both_ways(&ConnectionRequest::default(), &bytes);
}

/// The example of MS-RDPBCGR 4.1.1.
#[test]
fn request_of_the_specification() {
    let bytes = hex("03 00 00 2c
         27 e0 0000 0000 00
         43 6f 6f 6b 69 65 3a 20 6d 73 74 73 68 61 73 68 3d 65 6c 74 6f 6e 73 0d 0a
         01 00 0800 00000000");
    let request = ConnectionRequest {
        routing: Some(Routing::cookie("eltons").unwrap()),
        negotiation: Some(asking(Protocols::RDP)),
        ..Default::default()
    };
    request_both_ways(&request, &bytes);
}

#[test]
fn request_with_token_and_correlation() {
    let mut bytes = hex("03 00 00 5e  59 e0 0000 0000 00");
    bytes.extend(b"Cookie: msts=3640205228.15629.0000\r\n");
    bytes.extend(hex("01 08 0800 0b000000"));
    bytes.extend(hex("06 00 2400  4a4b4c4d 4e4f4041 42434445 46474849  00000000 00000000 00000000 00000000"));
    bytes.splice(2..5, [0, u8::try_from(bytes.len()).unwrap(), u8::try_from(bytes.len() - 5).unwrap()]);
    let id = *b"JKLMNO@ABCDEFGHI";
    let negotiation = NegotiationRequest {
        flags: RequestFlags::CORRELATION_INFO_PRESENT,
        protocols: Protocols::SSL | Protocols::HYBRID | Protocols::HYBRID_EX,
    };
    let request = ConnectionRequest {
        routing: Some(Routing::token(b"Cookie: msts=3640205228.15629.0000\r\n").unwrap()),
        negotiation: Some(negotiation),
        correlation: Some(CorrelationInfo { id }),
    };
    request_both_ways(&request, &bytes);
}

#[test]
fn correlation_flag_follows_the_correlation() {
    let flags = RequestFlags::CORRELATION_INFO_PRESENT | RequestFlags::RESTRICTED_ADMIN_MODE_REQUIRED;
    let negotiation = Some(NegotiationRequest { flags, protocols: Protocols::SSL });
    let bytes = ConnectionRequest { negotiation, ..Default::default() }.encode();
    let read = ConnectionRequest::decode(&bytes).unwrap();
    assert_eq!(read.negotiation.unwrap().flags, RequestFlags::RESTRICTED_ADMIN_MODE_REQUIRED);
}

#[test]
fn routing_cannot_smuggle_a_line() {
    for value in ["a\rb", "a\nb", "a\r\nCookie: msts=1", "\0", "\u{1b}[2J"] {
        assert!(Routing::cookie(value).is_err(), "{value:?}");
    }
    for value in ["", "\r\n", "a\nb", "a\rb", "a\r\nb", " a", "\u{1}\0\u{8}", "Cookie: mstshash=eve"] {
        assert!(Routing::token(value.as_bytes()).is_err(), "{value:?}");
    }
}

#[test]
fn longest_routing_fits_the_length_indicator() {
    let negotiation = Some(asking(Protocols::SSL));
    let correlation = Some(CorrelationInfo { id: [7; 16] });
    for routing in [Routing::cookie(&"u".repeat(185)), Routing::token(&[b't'; 202])] {
        let request = ConnectionRequest { routing: Some(routing.unwrap()), negotiation, correlation };
        let bytes = request.encode();
        assert_eq!((bytes.len(), bytes[4]), (259, 254));
        assert_eq!(ConnectionRequest::decode(&bytes).unwrap().routing, request.routing);
    }
    assert!(Routing::cookie(&"u".repeat(186)).is_err());
    assert!(Routing::token(&[b't'; 203]).is_err());
}

#[test]
fn cookie_that_is_no_utf8_is_kept_as_a_token() {
    let mut bytes = hex("03 00 00 21  1c e0 0000 0000 00");
    bytes.extend(b"Cookie: mstshash=M\xfc\r\n");
    bytes[3] = u8::try_from(bytes.len()).unwrap();
    bytes[4] = bytes[3] - 5;
    let request = ConnectionRequest::decode(&bytes).unwrap();
    assert!(matches!(&request.routing, Some(Routing::Token(token)) if token.as_bytes().ends_with(b"M\xfc")));
    assert_eq!(request.encode(), bytes);
}

/// The example of MS-RDPBCGR 4.1.2.
#[test]
fn confirm_of_the_specification() {
    let bytes = hex("03 00 00 13  0e d0 0000 1234 00  02 00 0800 00000000");
    answer_both_ways(
        confirm(NegotiationAnswer::Response { flags: ResponseFlags::NONE, selected: Protocols::RDP }),
        &bytes,
    );
}

#[test]
fn confirm_of_a_current_windows_server() {
    let bytes = hex("03 00 00 13  0e d0 0000 1234 00  02 1f 0800 08000000");
    let answer = NegotiationAnswer::Response { flags: ResponseFlags(0x1f), selected: Protocols::HYBRID_EX };
    answer_both_ways(confirm(answer), &bytes);
}

#[test]
fn confirm_without_negotiation() {
    let bytes = hex("03 00 00 0b  06 d0 0000 1234 00");
    answer_both_ways(
        ServerTpdu::ConnectionConfirm(ConnectionConfirm { src_ref: 0x1234, class: 0, negotiation: None }),
        &bytes,
    );
}

#[test]
fn every_failure_code_and_one_that_nobody_knows() {
    for code in (1..=7).chain([0xdead_beef_u32]) {
        let mut bytes = hex("03 00 00 13  0e d0 0000 1234 00  03 00 0800");
        bytes.extend(code.to_le_bytes());
        answer_both_ways(confirm(NegotiationAnswer::Failure { code: FailureCode(code) }), &bytes);
    }
}

#[test]
fn disconnects_and_errors() {
    let rows = [
        (
            ServerTpdu::DisconnectRequest { reason: DisconnectReason::ADDRESS_UNKNOWN },
            "03 00 00 0b  06 80 0000 0000 03",
        ),
        (ServerTpdu::DisconnectRequest { reason: DisconnectReason(0x80) }, "03 00 00 0b  06 80 0000 0000 80"),
        (ServerTpdu::Error { cause: RejectCause::INVALID_TPDU_TYPE }, "03 00 00 09  04 70 0000 02"),
    ];
    for (value, bytes) in rows {
        answer_both_ways(value, &hex(bytes));
    }
}

#[test]
fn ultimatum_reasons() {
    let rows = [
        (UltimatumReason::DOMAIN_DISCONNECTED, "20 00"),
        (UltimatumReason::PROVIDER_INITIATED, "20 80"),
        (UltimatumReason::TOKEN_PURGED, "21 00"),
        (UltimatumReason::USER_REQUESTED, "21 80"),
        (UltimatumReason::CHANNEL_PURGED, "22 00"),
        (UltimatumReason(7), "23 80"),
    ];
    for (reason, pdu) in rows {
        let bytes = hex(&format!("03 00 00 09  02 f0 80  {pdu}"));
        answer_both_ways(ServerTpdu::DisconnectProviderUltimatum { reason }, &bytes);
    }
}

#[test]
fn malformed_answers_say_what_is_wrong() {
    let rows = [
        ("03 00 00 14  0f d0 0000 1234 00  02 00 0800 01000000 ff", "1 bytes too many after X.224 Connection Confirm"),
        (
            "03 00 00 14  0e d0 0000 1234 00  02 00 0800 01000000 ff",
            "1 bytes too many after the length that the X.224 length indicator gives",
        ),
        ("03 00 00 13  0e d0 0000 1234 00  02 00 0c00 01000000", "RDP_NEG_RSP length is 0xc"),
        ("03 00 00 13  0e d0 0000 1234 00  03 00 0000 01000000", "RDP_NEG_FAILURE length is 0x0"),
        ("03 00 00 13  0e d0 0000 1234 00  01 00 0800 01000000", "RDP_NEG_RSP or RDP_NEG_FAILURE type is 0x1"),
        (
            "03 00 00 0f  0a d0 0000 1234 00  02 00 0800",
            "RDP_NEG_RSP selectedProtocol is cut short: 4 more bytes needed",
        ),
        ("03 00 00 13  20 d0 0000 1234 00  02 00 0800 01000000", "X.224 header is cut short: 18 more bytes needed"),
        ("03 00 00 0b  ff d0 0000 1234 00", "X.224 length indicator is 0xff"),
        ("03 00 00 07  00 d0 00", "X.224 TPDU code is cut short: 1 more bytes needed"),
        ("03 00 00 0b  06 e0 0000 1234 00", "X.224 TPDU code is 0xe0"),
        ("03 00 00 08  02 f0 80 7f", "MCS PDU type is 0x1f"),
        ("03 00 00 08  02 f0 80 21", "MCS Disconnect Provider Ultimatum reason is cut short: 1 more bytes needed"),
        ("02 00 00 0b  06 d0 0000 1234 00", "TPKT version is 0x2"),
    ];
    for (bytes, message) in rows {
        assert_eq!(ServerTpdu::decode(&hex(bytes)).unwrap_err().to_string(), message);
    }
}

#[test]
fn malformed_requests_say_what_is_wrong() {
    let request = |variable: &[u8]| {
        let length = u8::try_from(11 + variable.len()).unwrap();
        ConnectionRequest::decode(&[&[3, 0, 0, length, length - 5, 0xe0, 0, 0, 0, 0, 0], variable].concat())
            .unwrap_err()
    };
    let what = "routing token or cookie";
    assert_eq!(request(b"a\nb\r\n"), DecodeError::ForbiddenByte { what, byte: b'\n' });
    assert_eq!(request(b"a\rb\r\n"), DecodeError::ForbiddenByte { what, byte: b'\r' });
    assert_eq!(
        request(b"abc").to_string(),
        "line end of the routing token or cookie is cut short: 2 more bytes needed"
    );
    assert_eq!(request(&[b'x'; 210]), DecodeError::TooLong { what, length: 210, limit: 202 });
    assert_eq!(request(&hex("02 00 0800 01000000")).to_string(), "RDP_NEG_REQ type is 0x2");
    assert_eq!(
        request(&hex("01 08 0800 01000000")).to_string(),
        "RDP_NEG_CORRELATION_INFO type is cut short: 1 more bytes needed"
    );
    assert_eq!(
        request(&hex("01 00 0800 01000000 06 00")),
        DecodeError::TrailingBytes { what: "X.224 Connection Request", count: 2 }
    );
    let confirm = hex("03 00 00 0b  06 d0 0000 1234 00");
    assert_eq!(
        ConnectionRequest::decode(&confirm),
        Err(DecodeError::Invalid { what: "X.224 Connection Request code", value: 0xd0 })
    );
}
