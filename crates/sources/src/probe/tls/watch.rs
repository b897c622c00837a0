//! Reads along with a TLS handshake: every byte that arrives passes here before OpenSSL sees it.

use rdpdoctor_diagnosis::evidence::{Der, Ending, KeyExchangeSeen, ServerHelloSeen, TlsCompleted, TlsSeen};
use rdpdoctor_protocol::DecodeError;
use rdpdoctor_protocol::tls::{
    Alert, AlertLevel, Authentication, Certificate, ContentType, HandshakeMessage, HandshakeReader, HandshakeType,
    KeyExchange, NamedGroup, ProtocolVersion, Record, RecordReader, ServerHello, ServerKeyExchange, ServerParams,
    SuiteParameters,
};

use super::proof;

/// Fills a [`TlsSeen`].
pub(super) struct Watch<'a> {
    pub(super) seen: &'a mut TlsSeen,
    records: RecordReader,
    messages: HandshakeReader,
    encrypted: bool,
    /// The alert of level `warning` that came last, as long as nothing follows it.
    warning: Option<Alert>,
    /// What is wrong with a plaintext message, if OpenSSL does not get over it either.
    fault: Option<DecodeError>,
    /// The random of the ServerHello.
    server_random: [u8; 32],
    /// The group of TLS 1.3.
    group: Option<NamedGroup>,
    server_key_exchange: Option<ServerKeyExchange>,
    flight: Flight,
    /// Bytes before the first whole record.
    start: Vec<u8>,
}

/// How much of the server's first flight is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flight {
    Under,
    /// TLS 1.3: what comes next is encrypted.
    HelloOfTls13,
    Whole,
}

/// Why the handshake cannot go on.
#[derive(Debug)]
pub(super) enum Fault {
    /// The bytes are no TLS record.
    Record(DecodeError),
    /// A fatal alert.
    Alert(Alert),
}

impl<'a> Watch<'a> {
    pub(super) fn new(seen: &'a mut TlsSeen) -> Self {
        Self {
            seen,
            records: RecordReader::new(),
            messages: HandshakeReader::new(),
            encrypted: false,
            warning: None,
            fault: None,
            server_random: [0; 32],
            group: None,
            server_key_exchange: None,
            flight: Flight::Under,
            start: Vec::new(),
        }
    }

    /// Reads what arrived so many milliseconds after the ClientHello.
    pub(super) fn see(&mut self, bytes: &[u8], after_ms: f64) -> Result<(), Fault> {
        if self.seen.records == 0 {
            self.start.extend_from_slice(bytes);
        }
        self.records.push(bytes);
        while let Some(record) = self.records.next_record().map_err(Fault::Record)? {
            self.seen.records = self.records.counts().total();
            self.start = Vec::new();
            self.see_record(&record, after_ms)?;
        }
        Ok(())
    }

    /// Everything that came, where not one record did.
    pub(super) fn start(&self) -> Vec<u8> {
        self.start.clone()
    }

    /// How it ended in the server's own words, where it left some.
    pub(super) fn explain(&self, ending: Ending) -> Ending {
        match (&ending, self.warning, &self.fault) {
            (Ending::Fin | Ending::Reset | Ending::Malformed { .. }, Some(alert), _) => {
                Ending::Alert { level: alert.level, description: alert.description }
            }
            (Ending::Malformed { .. }, None, Some(fault)) => Ending::Malformed { what: fault.to_string() },
            _ => ending,
        }
    }

    /// Whether the server now waits for us: after ServerHelloDone, after a HelloRetryRequest, or in TLS 1.3 once
    /// anything follows the ServerHello.
    pub(super) fn has_first_flight(&self) -> bool {
        self.flight == Flight::Whole
    }

    /// What is wrong with a plaintext message.
    pub(super) fn fault(&self) -> Option<&DecodeError> {
        self.fault.as_ref()
    }

    /// Records how the key is exchanged, as far as the plaintext shows it.
    pub(super) fn note_key_exchange(&mut self, client_random: &[u8; 32]) {
        let Some(hello) = &self.seen.server_hello else { return };
        let tls13 = hello.version >= ProtocolVersion::TLS13;
        let Some(exchange) = self.server_key_exchange.as_ref().filter(|_| !tls13) else {
            let of_tls13 = KeyExchangeSeen { group: self.group, ..KeyExchangeSeen::default() };
            self.seen.key_exchange = tls13.then_some(of_tls13);
            return;
        };
        let signed = exchange.signed_content(client_random, &self.server_random).ok();
        let leaf = self.seen.chain.first();
        let verified = leaf.zip(signed).zip(exchange.signature.as_ref());
        let (group, prime_bits) = match &exchange.params {
            ServerParams::Ecdhe { group, .. } => (Some(*group), None),
            params @ ServerParams::Dhe { .. } => (None, params.prime_bits().and_then(|bits| bits.try_into().ok())),
            _ => (None, None),
        };
        self.seen.key_exchange = Some(KeyExchangeSeen {
            group,
            prime_bits,
            scheme: exchange.signature.as_ref().and_then(|signature| signature.scheme),
            verified: verified.and_then(|((leaf, signed), signature)| proof::fits(&leaf.0, signature, &signed)),
        });
    }

    /// The handshake is over: but for an anonymous server, that takes the private key.
    pub(super) fn note_completion(&mut self, after_ms: f64) {
        self.seen.completed = Some(TlsCompleted { after_ms });
        let authentication = self.parameters().map(|suite| suite.authentication);
        let exchange = self.seen.key_exchange.get_or_insert_default();
        if authentication.is_some_and(|with| with != Authentication::Anonymous) {
            exchange.verified = Some(true);
        }
    }

    /// OpenSSL checked the signature: it was not made with the certificate's key.
    pub(super) fn note_bad_signature(&mut self) {
        self.seen.key_exchange.get_or_insert_default().verified = Some(false);
    }

    fn parameters(&self) -> Option<SuiteParameters> {
        self.seen.server_hello.as_ref()?.suite.parameters()
    }

    fn see_record(&mut self, record: &Record, after_ms: f64) -> Result<(), Fault> {
        self.warning = None;
        if self.flight == Flight::HelloOfTls13 {
            self.flight = Flight::Whole;
        }
        match record.content_type {
            ContentType::ALERT if !self.encrypted => self.see_alert(&record.fragment),
            ContentType::CHANGE_CIPHER_SPEC => {
                // In TLS 1.3 it is only there to please middleboxes.
                self.encrypted = self.seen.server_hello.as_ref().is_some_and(|h| h.version < ProtocolVersion::TLS13);
                Ok(())
            }
            ContentType::HANDSHAKE if !self.encrypted => {
                self.messages.push(&record.fragment);
                let read = self.see_messages(after_ms);
                self.fault = self.fault.take().or(read.err());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn see_alert(&mut self, fragment: &[u8]) -> Result<(), Fault> {
        // Two bytes, or it is encrypted.
        let Ok(alert) = Alert::decode(fragment) else { return Ok(()) };
        if alert.level == AlertLevel::WARNING {
            self.warning = Some(alert);
            return Ok(());
        }
        Err(Fault::Alert(alert))
    }

    fn see_messages(&mut self, after_ms: f64) -> Result<(), DecodeError> {
        while let Some(message) = self.messages.next_message()? {
            self.see_message(&message, after_ms)?;
        }
        Ok(())
    }

    fn see_message(&mut self, message: &HandshakeMessage, after_ms: f64) -> Result<(), DecodeError> {
        match message.msg_type {
            HandshakeType::SERVER_HELLO => {
                let hello = ServerHello::decode(&message.body)?;
                if hello.is_hello_retry_request() {
                    self.seen.hello_retry = hello.selected_group();
                    self.flight = Flight::Whole;
                    return Ok(());
                }
                let (version, suite) = (hello.selected_version(), hello.cipher_suite);
                (self.server_random, self.group) = (hello.random, hello.selected_group());
                self.seen.server_hello = Some(ServerHelloSeen { after_ms, version, suite });
                if version >= ProtocolVersion::TLS13 {
                    self.flight = Flight::HelloOfTls13;
                }
            }
            HandshakeType::CERTIFICATE if self.seen.chain.is_empty() => {
                self.seen.chain = Certificate::decode(&message.body)?.chain.into_iter().map(Der).collect();
            }
            HandshakeType::SERVER_KEY_EXCHANGE => self.see_key_exchange(&message.body)?,
            HandshakeType::SERVER_HELLO_DONE => self.flight = Flight::Whole,
            _ => {}
        }
        Ok(())
    }

    fn see_key_exchange(&mut self, body: &[u8]) -> Result<(), DecodeError> {
        let version = self.seen.server_hello.as_ref().map(|hello| hello.version);
        let Some((suite, version)) = self.parameters().zip(version) else { return Ok(()) };
        if !matches!(suite.key_exchange, KeyExchange::Psk | KeyExchange::Srp) {
            self.server_key_exchange = Some(ServerKeyExchange::decode(body, suite.key_exchange, version)?);
        }
        Ok(())
    }
}
