//! What holds for all values and for all bytes.
#![expect(clippy::unwrap_used, reason = "a helper of tests may stop where an expectation fails")]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rdpdoctor_protocol::credssp::ntlm::{AvId, AvPair, Challenge, Negotiate, NegotiateFlags, Version};
use rdpdoctor_protocol::credssp::spnego::{Mechanism, NegState, NegotiationToken};
use rdpdoctor_protocol::credssp::{self, TsRequest};
use rdpdoctor_protocol::negotiation::{
    CorrelationInfo, FailureCode, NegotiationAnswer, NegotiationRequest, Protocols, RequestFlags, ResponseFlags,
};
use rdpdoctor_protocol::text::{safe_ascii, safe_text};
use rdpdoctor_protocol::tls::{
    Alert, Certificate, Certificate13, CertificateEntry, CipherSuite, ClientHello, ContentType, Extension,
    ExtensionType, HandshakeReader, HelloSpec, KeyExchange, NamedGroup, ParamsSignature, ProtocolVersion, RecordReader,
    ServerHello, ServerKeyExchange, ServerParams, SignatureScheme, encode_records, is_ssl2_answer,
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

fn extensions() -> impl Strategy<Value = Vec<Extension>> {
    let extension = (any::<u16>(), vec(any::<u8>(), 0..40))
        .prop_map(|(kind, data)| Extension { extension_type: ExtensionType(kind), data });
    vec(extension, 0..20)
}

fn client_hello() -> impl Strategy<Value = ClientHello> {
    let head = (any::<u16>(), any::<[u8; 32]>(), vec(any::<u8>(), 0..=32));
    let offers = (vec(any::<u16>(), 0..200), vec(any::<u8>(), 0..5));
    (head, offers, extensions()).prop_map(|((version, random, session_id), (suites, compressions), extensions)| {
        ClientHello {
            legacy_version: ProtocolVersion(version),
            random,
            session_id,
            suites: suites.into_iter().map(CipherSuite).collect(),
            compressions,
            extensions,
        }
    })
}

fn key_exchange() -> impl Strategy<Value = (KeyExchange, ProtocolVersion, ServerKeyExchange)> {
    let bytes = || vec(any::<u8>(), 0..70);
    let ecdhe =
        (any::<u16>(), bytes()).prop_map(|(group, public)| ServerParams::Ecdhe { group: NamedGroup(group), public });
    let dhe = (bytes(), bytes(), bytes()).prop_map(|(p, g, public)| ServerParams::Dhe { p, g, public });
    let ecdhe = (Just([KeyExchange::EcdheRsa, KeyExchange::EcdhAnon]), ecdhe);
    let dhe = (Just([KeyExchange::DheDss, KeyExchange::DhAnon]), dhe);
    (prop_oneof![ecdhe, dhe], option::of((any::<u16>(), bytes())), any::<bool>()).prop_map(
        |(([signed, anonymous], params), signature, tls12)| {
            let version = if tls12 { ProtocolVersion::TLS12 } else { ProtocolVersion::TLS11 };
            let exchange = if signature.is_some() { signed } else { anonymous };
            let signature = signature
                .map(|(scheme, bytes)| ParamsSignature { scheme: tls12.then_some(SignatureScheme(scheme)), bytes });
            (exchange, version, ServerKeyExchange { params, signature })
        },
    )
}

fn ts_request() -> impl Strategy<Value = TsRequest> {
    let octets = || option::of(vec(any::<u8>(), 0..300));
    let tokens = vec(vec(any::<u8>(), 0..300), 0..4);
    let error_code = option::of(any::<u32>());
    (any::<u32>(), tokens, octets(), octets(), error_code, octets()).prop_map(
        |(version, nego_tokens, auth_info, pub_key_auth, error_code, client_nonce)| TsRequest {
            version,
            nego_tokens,
            auth_info,
            pub_key_auth,
            error_code,
            client_nonce,
        },
    )
}

fn challenge() -> impl Strategy<Value = Challenge> {
    let pair = (1..u16::MAX, vec(any::<u8>(), 0..40)).prop_map(|(id, value)| AvPair { id: AvId(id), value });
    let version = (any::<u8>(), any::<u8>(), any::<u16>());
    let version = option::of(version.prop_map(|(major, minor, build)| Version { major, minor, build }));
    (any::<u32>(), any::<String>(), vec(pair, 0..12), version).prop_map(|(flags, target_name, target_info, version)| {
        let mut flags = NegotiateFlags(flags).without(NegotiateFlags::VERSION | NegotiateFlags::TARGET_INFO);
        if version.is_some() {
            flags |= NegotiateFlags::VERSION;
        }
        if !target_info.is_empty() {
            flags |= NegotiateFlags::TARGET_INFO;
        }
        Challenge { flags, target_name, target_info, version }
    })
}

fn token() -> impl Strategy<Value = NegotiationToken> {
    let message = || option::of(vec(any::<u8>(), 0..300));
    let mechanism = || {
        prop_oneof![
            Just(Mechanism::Ntlm),
            Just(Mechanism::Kerberos),
            Just(Mechanism::MsKerberos),
            Just(Mechanism::NegoEx),
            vec(any::<u8>(), 0..5).prop_map(Mechanism::Other),
        ]
    };
    let init = (vec(mechanism(), 0..5), message())
        .prop_map(|(mechanisms, token)| NegotiationToken::Init { mechanisms, token });
    let response =
        (option::of(any::<u8>()), option::of(mechanism()), message()).prop_map(|(state, mechanism, token)| {
            NegotiationToken::Response { state: state.map(NegState), mechanism, token }
        });
    prop_oneof![init, response]
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
    fn certificates_of_tls13_survive(
        context in vec(any::<u8>(), 0..9),
        chain in vec((vec(any::<u8>(), 0..200), extensions()), 0..5),
    ) {
        let entries = chain.into_iter().map(|(der, extensions)| CertificateEntry { der, extensions }).collect();
        let certificate = Certificate13 { context, entries };
        prop_assert_eq!(Certificate13::decode(&certificate.encode().unwrap()), Ok(certificate));
    }

    #[test]
    fn client_hellos_survive(hello in client_hello()) {
        prop_assert_eq!(ClientHello::decode(&hello.encode().unwrap()), Ok(hello));
    }

    #[test]
    fn hellos_get_their_length(mut hello in client_hello(), length in 0..4096_u16) {
        let missing = usize::from(length).saturating_sub(hello.encode().unwrap().len());
        let has_padding = hello.extension(ExtensionType::PADDING).is_some();
        hello.pad_to(length).unwrap();
        let excess = hello.encode().unwrap().len().saturating_sub(length.into());
        prop_assert!(has_padding || missing == 0 || excess <= 5);
        prop_assert_eq!(ClientHello::decode(&hello.encode().unwrap()), Ok(hello));
    }

    #[test]
    fn offers_become_hellos(
        versions in vec(0x0300..0x0305_u16, 1..4),
        suites in vec(any::<u16>(), 1..50),
        random: [u8; 32],
    ) {
        let versions: Vec<_> = versions.into_iter().map(ProtocolVersion).collect();
        let suites: Vec<_> = suites.into_iter().map(CipherSuite).collect();
        let hello = HelloSpec::new(&versions, &suites).build(random).unwrap();
        prop_assert_eq!(&hello.suites, &suites);
        prop_assert_eq!(ClientHello::decode(&hello.encode().unwrap()), Ok(hello));
    }

    #[test]
    fn key_exchanges_survive((exchange, version, message) in key_exchange()) {
        prop_assert_eq!(ServerKeyExchange::decode(&message.encode().unwrap(), exchange, version), Ok(message));
    }

    #[test]
    fn ts_requests_survive(request in ts_request(), limit in 0..2000_usize) {
        let bytes = request.encode();
        prop_assert_eq!(credssp::frame_length(&bytes), Ok(Some(bytes.len())));
        prop_assert_eq!(credssp::frame_length_within(&bytes, limit).is_ok(), bytes.len() <= limit);
        prop_assert_eq!(TsRequest::decode(&bytes), Ok(request));
    }

    #[test]
    fn challenges_survive(challenge in challenge(), server_challenge: [u8; 8]) {
        prop_assert_eq!(Challenge::decode(&challenge.encode(server_challenge).unwrap()), Ok(challenge));
    }

    #[test]
    fn tokens_survive(token in token()) {
        prop_assert_eq!(NegotiationToken::decode(&token.encode()), Ok(token));
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
        let _ = (ClientHello::decode(&bytes), ClientHello::decode_body(&bytes), Certificate13::decode(&bytes));
        for exchange in [KeyExchange::EcdheRsa, KeyExchange::DheRsa, KeyExchange::DhAnon, KeyExchange::RsaExport] {
            let _ = ServerKeyExchange::decode(&bytes, exchange, ProtocolVersion::TLS12);
        }
        let _ = (TsRequest::decode(&bytes), credssp::frame_length(&bytes), NegotiationToken::decode(&bytes));
        let _ = (Negotiate::decode(&bytes), Challenge::decode(&bytes), is_ssl2_answer(&bytes));
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
