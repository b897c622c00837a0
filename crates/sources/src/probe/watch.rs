//! Reads along with a TLS handshake: every byte that arrives passes here before OpenSSL sees it.

use rdpdoctor_diagnosis::evidence::{Der, Ending, ServerHelloSeen, TlsSeen};
use rdpdoctor_protocol::DecodeError;
use rdpdoctor_protocol::tls::{
    Alert, AlertLevel, Certificate, ContentType, HandshakeMessage, HandshakeReader, HandshakeType, ProtocolVersion,
    Record, RecordReader, ServerHello,
};

/// Fills a [`TlsSeen`].
pub(crate) struct Watch<'a> {
    pub(crate) seen: &'a mut TlsSeen,
    records: RecordReader,
    messages: HandshakeReader,
    encrypted: bool,
    /// The alert of level `warning` that came last, as long as nothing follows it.
    warning: Option<Alert>,
    /// What is wrong with a plaintext message, if OpenSSL does not get over it either.
    fault: Option<DecodeError>,
    /// Bytes before the first whole record.
    start: Vec<u8>,
}

/// Why the handshake cannot go on.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The bytes are no TLS record.
    Record(DecodeError),
    /// A fatal alert.
    Alert(Alert),
}

impl<'a> Watch<'a> {
    pub(crate) fn new(seen: &'a mut TlsSeen) -> Self {
        let (records, messages) = (RecordReader::new(), HandshakeReader::new());
        Self { seen, records, messages, encrypted: false, warning: None, fault: None, start: Vec::new() }
    }

    /// Reads what arrived so many milliseconds after the ClientHello.
    pub(crate) fn see(&mut self, bytes: &[u8], after_ms: f64) -> Result<(), Fault> {
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
    pub(crate) fn start(&self) -> Vec<u8> {
        self.start.clone()
    }

    /// How it ended in the server's own words, where it left some.
    pub(crate) fn explain(&self, ending: Ending) -> Ending {
        match (&ending, self.warning, &self.fault) {
            (Ending::Fin | Ending::Reset | Ending::Malformed { .. }, Some(alert), _) => {
                Ending::Alert { level: alert.level, description: alert.description }
            }
            (Ending::Malformed { .. }, None, Some(fault)) => Ending::Malformed { what: fault.to_string() },
            _ => ending,
        }
    }

    fn see_record(&mut self, record: &Record, after_ms: f64) -> Result<(), Fault> {
        self.warning = None;
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
                    return Ok(());
                }
                let (version, suite) = (hello.selected_version(), hello.cipher_suite);
                self.seen.server_hello = Some(ServerHelloSeen { after_ms, version, suite });
            }
            HandshakeType::CERTIFICATE if self.seen.chain.is_empty() => {
                self.seen.chain = Certificate::decode(&message.body)?.chain.into_iter().map(Der).collect();
            }
            _ => {}
        }
        Ok(())
    }
}
