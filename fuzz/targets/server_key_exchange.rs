//! Messages that carry keys: the first byte says of which key exchange and version.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpdoctor_protocol::tls::{Certificate13, KeyExchange, ProtocolVersion, ServerKeyExchange, is_ssl2_answer};

const EXCHANGES: [KeyExchange; 8] = [
    KeyExchange::EcdheRsa,
    KeyExchange::EcdheEcdsa,
    KeyExchange::EcdhAnon,
    KeyExchange::DheRsa,
    KeyExchange::DheDss,
    KeyExchange::DhAnon,
    KeyExchange::RsaExport,
    KeyExchange::Rsa,
];

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, body)) = bytes.split_first() else { return };
    let exchange = EXCHANGES[usize::from(choice & 7)];
    let version = if choice & 8 == 0 { ProtocolVersion::TLS12 } else { ProtocolVersion::TLS10 };
    if let Ok(message) = ServerKeyExchange::decode(body, exchange, version) {
        assert_eq!(message.encode().unwrap(), body);
        assert!(message.params.prime_bits().is_none_or(|bits| bits <= body.len() * 8));
        let signed = message.signed_content(&[0; 32], &[0; 32]).unwrap();
        assert!(body.starts_with(&signed[64..]));
    }
    if let Ok(certificate) = Certificate13::decode(body) {
        assert_eq!(certificate.encode().unwrap(), body);
    }
    let _ = is_ssl2_answer(body);
});
