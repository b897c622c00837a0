//! The TLS handshake after the confirm: completed by OpenSSL with whatever the server can do, or begun with a
//! ClientHello of our own. All of OpenSSL's TLS is in here; it opens no socket.

mod hello;
mod library;
mod proof;
mod watch;

pub(crate) use hello::hello;
pub(crate) use library::Newest;

use openssl::ssl::{ErrorCode, SslStream};
use rdpdoctor_diagnosis::evidence::{Der, Ending, TlsSeen};
use rdpdoctor_protocol::stranger::Stranger;
use rdpdoctor_protocol::tls::{AlertDescription, AlertLevel};
use rdpdoctor_protocol::x224::ServerTpdu;
use tokio::time::Instant;

use self::library::{Queues, client};
use self::watch::{Fault, Watch};
use super::clock::millis;
use super::negotiate::{disconnect, misfit, read_frame};
use super::wire::Wire;

/// More than any server needs for a handshake.
const MOST: u64 = 1024 * 1024;
const CHUNK: usize = 4096;
/// OpenSSL numbers "the peer sent alert n" as reason 1000 + n (`SSL_AD_REASON_OFFSET`).
const ALERT_REASONS: std::ops::RangeInclusive<i32> = 1000..=1255;
/// `SSL_R_BAD_SIGNATURE`: the server does not hold the key of its certificate.
const BAD_SIGNATURE: i32 = 123;
const SSL_LIBRARY: &str = "SSL routines";

/// Completes a handshake on a connection where the server waits for a ClientHello. `first` is what it has sent
/// already. Fills `seen` however far it comes.
pub(crate) async fn complete(
    wire: &mut Wire,
    newest: Newest,
    first: Vec<u8>,
    seen: &mut TlsSeen,
) -> Result<Session, Ending> {
    let stream = client(newest).map_err(|error| Ending::OurSystem { error: error.to_string() })?;
    let mut handshake = Handshake { stream, watch: Watch::new(seen), already: wire.received(), bad_signature: false };
    let outcome = handshake.run(wire, first).await;
    let stream = handshake.stream;
    if seen.chain.is_empty() {
        seen.chain = chain(&stream);
    }
    outcome.map(|()| Session { stream, already: wire.received() })
}

/// An encrypted connection.
pub(crate) struct Session {
    stream: SslStream<Queues>,
    /// Bytes received before it began.
    already: u64,
}

impl Session {
    /// Sends all of it.
    pub(crate) async fn send(&mut self, wire: &mut Wire, bytes: &[u8]) -> Result<(), Ending> {
        let mut left = bytes;
        while !left.is_empty() {
            let length = self.stream.ssl_write(left).map_err(|error| refused(&error))?;
            left = left.get(length..).unwrap_or_default();
        }
        wire.send(&self.stream.get_mut().take_outgoing()).await
    }

    /// Appends what arrives next to `buffer`: at least one byte.
    pub(crate) async fn receive(&mut self, wire: &mut Wire, buffer: &mut Vec<u8>) -> Result<(), Ending> {
        let mut chunk = [0; CHUNK];
        loop {
            match self.stream.ssl_read(&mut chunk) {
                Ok(length) => {
                    buffer.extend_from_slice(chunk.get(..length).unwrap_or_default());
                    return Ok(());
                }
                Err(error) if error.code() == ErrorCode::WANT_READ => {}
                Err(error) if error.code() == ErrorCode::ZERO_RETURN => {
                    let description = AlertDescription::CLOSE_NOTIFY;
                    return Err(Ending::Alert { level: AlertLevel::WARNING, description });
                }
                Err(error) => return Err(refused(&error)),
            }
            wire.send(&self.stream.get_mut().take_outgoing()).await?;
            if wire.received().saturating_sub(self.already) > MOST {
                return Err(flood());
            }
            wire.receive(&mut self.stream.get_mut().incoming).await?;
        }
    }

    /// Sends close_notify; whether it still arrives changes nothing.
    pub(crate) async fn farewell(mut self, wire: &mut Wire) {
        let _either_way = self.stream.shutdown();
        let _either_way = wire.send(&self.stream.get_mut().take_outgoing()).await;
    }
}

struct Handshake<'a> {
    stream: SslStream<Queues>,
    watch: Watch<'a>,
    /// Bytes received before it began.
    already: u64,
    bad_signature: bool,
}

impl Handshake<'_> {
    async fn run(&mut self, wire: &mut Wire, first: Vec<u8>) -> Result<(), Ending> {
        let begun = Instant::now();
        let outcome = self.connect(wire, first, begun).await;
        let mut random = [0; 32];
        self.stream.ssl().client_random(&mut random);
        self.watch.note_key_exchange(&random);
        match &outcome {
            Ok(()) => self.watch.note_completion(millis(begun.elapsed())),
            Err(_) if self.bad_signature => self.watch.note_bad_signature(),
            Err(_) => {}
        }
        outcome
    }

    async fn connect(&mut self, wire: &mut Wire, first: Vec<u8>, begun: Instant) -> Result<(), Ending> {
        let mut arrived = first;
        loop {
            let step = self.stream.connect();
            wire.send(&self.stream.get_mut().take_outgoing()).await?;
            match step {
                Ok(()) => return Ok(()),
                Err(error) if error.code() == ErrorCode::WANT_READ => {}
                Err(error) => return Err(self.refused(&error)),
            }
            if arrived.is_empty() {
                wire.receive(&mut arrived).await.map_err(|ending| self.watch.explain(ending))?;
            }
            if wire.received().saturating_sub(self.already) > MOST {
                return Err(flood());
            }
            if let Err(fault) = self.watch.see(&arrived, millis(begun.elapsed())) {
                return Err(out_of_place(wire, &self.watch, fault).await);
            }
            self.stream.get_mut().incoming.append(&mut arrived);
        }
    }

    /// What the handshake failed of when OpenSSL says so.
    fn refused(&mut self, error: &openssl::ssl::Error) -> Ending {
        self.bad_signature = is_bad_signature(error);
        match refused(error) {
            Ending::Malformed { what } if self.watch.seen.records == 0 => Ending::OurSystem { error: what },
            ending => self.watch.explain(ending),
        }
    }
}

fn flood() -> Ending {
    Ending::Malformed { what: "more than 1 MiB of TLS handshake".to_owned() }
}

/// The alert that OpenSSL received, or its own words for what it does not accept.
fn refused(error: &openssl::ssl::Error) -> Ending {
    if is_bad_signature(error) {
        return Ending::Malformed { what: "the signature does not fit the certificate".to_owned() };
    }
    let reason = error.ssl_error().and_then(|stack| stack.errors().first());
    let code = reason.map_or(0, openssl::error::Error::reason_code);
    if ALERT_REASONS.contains(&code) {
        let description = AlertDescription(u8::try_from(code - ALERT_REASONS.start()).unwrap_or_default());
        return Ending::Alert { level: AlertLevel::FATAL, description };
    }
    let words = reason.and_then(openssl::error::Error::reason).map_or_else(|| error.to_string(), str::to_owned);
    Ending::Malformed { what: words }
}

fn is_bad_signature(error: &openssl::ssl::Error) -> bool {
    let errors = error.ssl_error().map(openssl::error::ErrorStack::errors).unwrap_or_default();
    errors.iter().any(|error| error.reason_code() == BAD_SIGNATURE && error.library() == Some(SSL_LIBRARY))
}

/// Names what came instead of a TLS record.
async fn out_of_place(wire: &mut Wire, watch: &Watch<'_>, fault: Fault) -> Ending {
    let error = match fault {
        Fault::Alert(alert) => return Ending::Alert { level: alert.level, description: alert.description },
        Fault::Record(error) => error,
    };
    let what = error.to_string();
    if watch.seen.records > 0 {
        return Ending::Malformed { what };
    }
    let mut start = watch.start();
    let named = match read_frame(wire, &mut start).await {
        Ok(frame) => ServerTpdu::decode(&frame).map_or_else(|error| misfit(&frame, &error), |t| disconnect(&t)),
        Err(ending) => ending,
    };
    match named {
        Ending::Disconnect { .. } => named,
        Ending::Stranger(seen) if seen.protocol != Stranger::Unknown => Ending::Stranger(seen),
        _ => Ending::Malformed { what },
    }
}

fn chain(stream: &SslStream<Queues>) -> Vec<Der> {
    let certificates = stream.ssl().peer_cert_chain().into_iter().flatten();
    certificates.filter_map(|certificate| certificate.to_der().ok().map(Der)).collect()
}
