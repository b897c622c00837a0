//! What holds for all values and for all bytes.
#![expect(clippy::unwrap_used, reason = "a helper of tests may stop where an expectation fails")]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rdpdoctor_protocol::negotiation::{
    CorrelationInfo, FailureCode, NegotiationAnswer, NegotiationRequest, Protocols, RequestFlags, ResponseFlags,
};
use rdpdoctor_protocol::text::{safe_ascii, safe_text};
use rdpdoctor_protocol::tls::{
    Alert, Certificate, CipherSuite, ContentType, Extension, ExtensionType, HandshakeReader, ProtocolVersion,
    RecordReader, ServerHello, encode_records,
};
use rdpdoctor_protocol::x224::{
    ConnectionConfirm, ConnectionRequest, DisconnectReason, RejectCause, Routing, ServerTpdu, UltimatumReason,
};
use rdpdoctor_protocol::{stranger, tpkt};

fn routing() -> impl Strategy<Value = Routing> {
    let cookie = "[^\\pC]{0,40}".prop_map(|value| Routing::cookie(&value).unwrap());
    let token = vec(any::<u8>(), 0..150).prop_filter_map("no line of its own", |tail| {
        Routing::token(&[b"Cookie: msts=", tail.as_slice()].concat()).ok()
    });
    prop_oneof![cookie, token]
}

fn request() -> impl Strategy<Value = ConnectionRequest> {
    let negotiation = option::of((any::<u8>(), any::<u32>(), option::of(any::<[u8; 16]>())));
    (option::of(routing()), negotiation).prop_map(|(routing, negotiation)| {
        let Some((flags, protocols, id)) = negotiation else {
            return ConnectionRequest { routing, ..Default::default() };
        };
        let mut flags = RequestFlags(flags).without(RequestFlags::CORRELATION_INFO_PRESENT);
        if id.is_some() {
            flags |= RequestFlags::CORRELATION_INFO_PRESENT;
        }
        ConnectionRequest {
            routing,
            negotiation: Some(NegotiationRequest { flags, protocols: Protocols(protocols) }),
            correlation: id.map(|id| CorrelationInfo { id }),
        }
    })
}

fn answer() -> impl Strategy<Value = ServerTpdu> {
    let response = (any::<u8>(), any::<u32>()).prop_map(|(flags, selected)| NegotiationAnswer::Response {
        flags: ResponseFlags(flags),
        selected: Protocols(selected),
    });
    let failure = any::<u32>().prop_map(|code| NegotiationAnswer::Failure { code: FailureCode(code) });
    let confirm = (any::<u16>(), any::<u8>(), option::of(prop_oneof![response, failure])).prop_map(
        |(src_ref, class, negotiation)| {
            ServerTpdu::ConnectionConfirm(ConnectionConfirm { src_ref, class, negotiation })
        },
    );
    prop_oneof![
        confirm,
        any::<u8>().prop_map(|reason| ServerTpdu::DisconnectRequest { reason: DisconnectReason(reason) }),
        any::<u8>().prop_map(|cause| ServerTpdu::Error { cause: RejectCause(cause) }),
        (0..8_u8).prop_map(|reason| ServerTpdu::DisconnectProviderUltimatum { reason: UltimatumReason(reason) }),
    ]
}

fn server_hello() -> impl Strategy<Value = ServerHello> {
    let extension = (any::<u16>(), vec(any::<u8>(), 0..40))
        .prop_filter("has a fixed length", |(kind, _)| *kind != ExtensionType::SUPPORTED_VERSIONS.0)
        .prop_map(|(kind, data)| Extension { extension_type: ExtensionType(kind), data });
    let head = (any::<u16>(), any::<[u8; 32]>(), vec(any::<u8>(), 0..=32), any::<u16>(), any::<u8>());
    (head, vec(extension, 0..20)).prop_map(|((version, random, session_id, suite, compression_method), extensions)| {
        ServerHello {
            legacy_version: ProtocolVersion(version),
            random,
            session_id,
            cipher_suite: CipherSuite(suite),
            compression_method,
            extensions,
        }
    })
}

/// Bytes that get past the frame, so that the decoders behind it have something to read.
fn framed() -> impl Strategy<Value = Vec<u8>> {
    let code = prop_oneof![Just(0xe0), Just(0xd0), Just(0x80), Just(0xf0), Just(0x70), any::<u8>()];
    (code, vec(any::<u8>(), 1..100)).prop_map(|(code, tail)| {
        let length = u8::try_from(tail.len() + 1).unwrap();
        tpkt::encode(&[&[length, code], tail.as_slice()].concat()).unwrap()
    })
}

proptest! {
    #[test]
    fn requests_survive(request in request()) {
        prop_assert_eq!(ConnectionRequest::decode(&request.encode()), Ok(request));
    }

    #[test]
    fn answers_survive(answer in answer()) {
        prop_assert_eq!(ServerTpdu::decode(&answer.encode()), Ok(answer));
    }

    #[test]
    fn server_hellos_survive(hello in server_hello()) {
        prop_assert_eq!(ServerHello::decode(&hello.encode().unwrap()), Ok(hello));
    }

    #[test]
    fn certificates_survive(chain in vec(vec(any::<u8>(), 0..200), 0..10)) {
        let certificate = Certificate { chain };
        prop_assert_eq!(Certificate::decode(&certificate.encode().unwrap()), Ok(certificate));
    }

    #[test]
    fn records_do_not_depend_on_how_they_arrive(payload in vec(any::<u8>(), 0..50_000), piece in 1..5000_usize) {
        let bytes = encode_records(ContentType::HANDSHAKE, ProtocolVersion::TLS12, &payload);
        let (mut reader, mut read) = (RecordReader::new(), Vec::new());
        for chunk in bytes.chunks(piece) {
            reader.push(chunk);
            while let Some(record) = reader.next_record().unwrap() {
                read.extend(record.fragment);
            }
        }
        prop_assert_eq!((read, reader.pending()), (payload, 0));
    }

    #[test]
    fn what_is_read_is_written_alike(bytes in framed()) {
        if let Ok(request) = ConnectionRequest::decode(&bytes) {
            prop_assert_eq!(ConnectionRequest::decode(&request.encode()), Ok(request));
        }
        if let Ok(answer) = ServerTpdu::decode(&bytes) {
            prop_assert_eq!(ServerTpdu::decode(&answer.encode()), Ok(answer));
        }
    }

    #[test]
    fn no_bytes_bring_a_decoder_down(bytes in vec(any::<u8>(), 0..300)) {
        let _ = (tpkt::frame_length(&bytes), ConnectionRequest::decode(&bytes), ServerTpdu::decode(&bytes));
        let _ = (Alert::decode(&bytes), ServerHello::decode(&bytes), Certificate::decode(&bytes));
        let mut records = RecordReader::new();
        records.push(&bytes);
        while let Ok(Some(record)) = records.next_record() {
            prop_assert!(record.fragment.len() <= bytes.len());
        }
        let mut handshake = HandshakeReader::new();
        handshake.push(&bytes);
        while let Ok(Some(message)) = handshake.next_message() {
            prop_assert!(message.body.len() <= bytes.len());
        }
    }

    #[test]
    fn banners_are_short_and_printable(bytes in vec(any::<u8>(), 0..300)) {
        let banner = stranger::identify(&bytes).banner;
        prop_assert!(banner.len() <= 80 && banner.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
    }

    #[test]
    fn safe_text_holds_its_limit_and_no_control(text in any::<String>(), limit in 0..200_usize) {
        let safe = safe_text(&text, limit);
        prop_assert!(safe.chars().count() <= limit && !safe.chars().any(char::is_control));
        prop_assert_eq!(safe_text(&safe, limit), safe);
    }

    #[test]
    fn safe_ascii_keeps_what_is_safe(text in "[ -~]{0,80}") {
        prop_assert_eq!(safe_ascii(text.as_bytes(), 80), text);
    }
}
