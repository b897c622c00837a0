//! The plaintext messages with which a server answers a `ClientHello`, for suites that no library speaks.

use std::io;

use rdpdoctor_protocol::EncodeError;
use rdpdoctor_protocol::tls::{
    CipherSuite, ClientHello, ContentType, Extension, ExtensionType, HandshakeMessage, HandshakeType, NamedGroup,
    ParamsSignature, ProtocolVersion, ServerHello, ServerKeyExchange, ServerParams, SignatureScheme, encode_records,
};

use crate::certificate::Identity;

/// TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746 section 3.3).
const RENEGOTIATION_SCSV: CipherSuite = CipherSuite(0x00ff);
const RSA_PKCS1_SHA256: SignatureScheme = SignatureScheme(0x0401);
const SERVER_RANDOM: [u8; 32] = [0x5a; 32];
/// To the client, bytes that mean nothing look like the signature of another key.
const FORGED: [u8; 256] = [0x5a; 256];

/// ServerHello, Certificate, perhaps ServerKeyExchange, and ServerHelloDone of TLS 1.2.
#[derive(Debug)]
pub(crate) struct Flight {
    /// The suite that is chosen.
    pub(crate) suite: CipherSuite,
    /// What the suite needs.
    pub(crate) exchange: Exchange,
    /// How often the certificate is in the chain.
    pub(crate) copies: usize,
    /// Bytes of zeros behind them that pose as one more certificate, if any.
    pub(crate) filler: usize,
}

/// What the ServerKeyExchange holds.
#[derive(Debug)]
pub(crate) enum Exchange {
    /// There is none: static RSA.
    StaticRsa,
    /// A point on X25519, signed with another key than that of the certificate.
    WrongKey,
    /// This Diffie-Hellman prime, and 2 as generator. OpenSSL serves none below 1024 bits.
    Prime(&'static [u8]),
}

impl Flight {
    /// With a suite whose key exchange is static RSA, which needs no ServerKeyExchange.
    pub(crate) const fn of(suite: CipherSuite) -> Self {
        Self { suite, exchange: Exchange::StaticRsa, copies: 1, filler: 0 }
    }

    /// The answer to this hello as records.
    pub(crate) fn records(&self, hello: Option<&ClientHello>, identity: &Identity) -> io::Result<Vec<u8>> {
        let certificate = self.certificate(&identity.der()?);
        let exchange = self.key_exchange(hello, identity)?;
        self.encode(hello, certificate, exchange).map_err(io::Error::other)
    }

    fn encode(
        &self,
        hello: Option<&ClientHello>,
        certificate: Vec<u8>,
        exchange: Option<ServerKeyExchange>,
    ) -> Result<Vec<u8>, EncodeError> {
        let mut messages = vec![
            (HandshakeType::SERVER_HELLO, server_hello(self.suite, hello).encode()?),
            (HandshakeType::CERTIFICATE, certificate),
        ];
        if let Some(exchange) = exchange {
            messages.push((HandshakeType::SERVER_KEY_EXCHANGE, exchange.encode()?));
        }
        messages.push((HandshakeType::SERVER_HELLO_DONE, Vec::new()));
        let mut flight = Vec::new();
        for (msg_type, body) in messages {
            flight.extend(HandshakeMessage { msg_type, body }.encode()?);
        }
        Ok(encode_records(ContentType::HANDSHAKE, ProtocolVersion::TLS12, &flight))
    }

    fn key_exchange(&self, hello: Option<&ClientHello>, identity: &Identity) -> io::Result<Option<ServerKeyExchange>> {
        let (params, forged) = match self.exchange {
            Exchange::StaticRsa => return Ok(None),
            Exchange::WrongKey => (ServerParams::Ecdhe { group: NamedGroup::X25519, public: vec![9; 32] }, true),
            Exchange::Prime(p) => (ServerParams::Dhe { p: p.to_vec(), g: vec![2], public: vec![0x5a; p.len()] }, false),
        };
        let mut exchange = ServerKeyExchange { params, signature: None };
        let client_random = hello.map_or([0; 32], |hello| hello.random);
        let content = exchange.signed_content(&client_random, &SERVER_RANDOM).map_err(io::Error::other)?;
        let bytes = if forged { FORGED.to_vec() } else { identity.sign(&content)? };
        exchange.signature = Some(ParamsSignature { scheme: Some(RSA_PKCS1_SHA256), bytes });
        Ok(Some(exchange))
    }

    /// Written by hand, because the encoder of the protocol refuses what no honest server sends.
    fn certificate(&self, certificate: &[u8]) -> Vec<u8> {
        let mut list = Vec::new();
        for _ in 0..self.copies {
            list.extend(with_length(certificate));
        }
        if self.filler > 0 {
            list.extend(with_length(&vec![0; self.filler]));
        }
        with_length(&list)
    }
}

fn server_hello(suite: CipherSuite, hello: Option<&ClientHello>) -> ServerHello {
    let knows_renegotiation = |hello: &ClientHello| {
        hello.extension(ExtensionType::RENEGOTIATION_INFO).is_some() || hello.suites.contains(&RENEGOTIATION_SCSV)
    };
    let renegotiation = hello.is_some_and(knows_renegotiation).then(Extension::renegotiation_info);
    ServerHello {
        legacy_version: ProtocolVersion::TLS12,
        random: SERVER_RANDOM,
        session_id: vec![0xa5; 32],
        cipher_suite: suite,
        compression_method: 0,
        extensions: renegotiation.into_iter().collect(),
    }
}

/// The bytes behind their length in three bytes.
fn with_length(bytes: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&length, bytes].concat()
}

#[cfg(test)]
mod tests {
    use openssl::hash::MessageDigest;
    use openssl::sign::Verifier;
    use openssl::x509::X509;
    use rdpdoctor_protocol::tls::{Certificate, HandshakeReader, RecordReader};

    use super::*;
    use crate::certificate::CertificateSpec;

    #[test]
    fn a_client_can_read_it() {
        let flight = Flight::of(CipherSuite(0x0084));
        let mut records = RecordReader::new();
        records.push(&flight.encode(None, flight.certificate(b"certificate"), None).unwrap());
        let mut messages = HandshakeReader::new();
        messages.push(&records.next_record().unwrap().unwrap().fragment);
        let hello = ServerHello::decode(&messages.next_message().unwrap().unwrap().body).unwrap();
        assert_eq!(hello.cipher_suite, CipherSuite(0x0084));
        let certificate = Certificate::decode(&messages.next_message().unwrap().unwrap().body).unwrap();
        assert_eq!(certificate.chain, [b"certificate".to_vec()]);
        let done = messages.next_message().unwrap().unwrap();
        assert_eq!((done.msg_type, done.body), (HandshakeType::SERVER_HELLO_DONE, Vec::new()));
    }

    #[test]
    fn only_the_wrong_key_signs_wrongly() {
        let identity = Identity::new(&CertificateSpec::WINDOWS).unwrap();
        let certificate = X509::from_der(&identity.der().unwrap()).unwrap();
        let key = certificate.public_key().unwrap();
        for (exchange, fits) in [(Exchange::Prime(&[0xff; 64]), true), (Exchange::WrongKey, false)] {
            let flight = Flight { exchange, ..Flight::of(CipherSuite(0x009f)) };
            let exchange = flight.key_exchange(None, &identity).unwrap().unwrap();
            let content = exchange.signed_content(&[0; 32], &SERVER_RANDOM).unwrap();
            let signature = exchange.signature.unwrap().bytes;
            let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
            assert_eq!(verifier.verify_oneshot(&signature, &content).unwrap_or(false), fits);
        }
    }

    #[test]
    fn chains_can_be_absurd() {
        let many = Flight { copies: 400, ..Flight::of(CipherSuite(0x0084)) };
        assert_eq!(many.certificate(b"x").len(), 3 + 400 * 4);
        let large = Flight { filler: 1000, ..Flight::of(CipherSuite(0x0084)) };
        assert_eq!(large.certificate(b"x").len(), 3 + 4 + 3 + 1000);
    }
}
