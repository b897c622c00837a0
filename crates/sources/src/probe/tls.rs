//! A completed TLS handshake with whatever the server can do. All of OpenSSL is in here; it opens no socket.

use std::io::{self, Read, Write};
use std::sync::OnceLock;

use openssl::error::ErrorStack;
use openssl::provider::Provider;
use openssl::ssl::{
    ErrorCode, Ssl, SslContext, SslContextBuilder, SslMethod, SslOptions, SslStream, SslVerifyMode, SslVersion,
};
use rdpdoctor_diagnosis::evidence::{Der, Ending, TlsCompleted, TlsSeen};
use rdpdoctor_protocol::stranger::Stranger;
use rdpdoctor_protocol::tls::{AlertDescription, AlertLevel};
use rdpdoctor_protocol::x224::ServerTpdu;
use tokio::time::Instant;

use super::clock::millis;
use super::negotiate::{disconnect, misfit, read_frame};
use super::watch::{Fault, Watch};
use super::wire::Wire;

/// More than any server needs for a handshake.
const MOST: u64 = 1024 * 1024;
/// A hello with hybrid key shares fills more than one segment, which breaks servers that mstsc does not break.
const GROUPS: &str = "X25519:P-256:P-384:P-521";
/// OpenSSL numbers "the peer sent alert n" as reason 1000 + n (`SSL_AD_REASON_OFFSET`).
const ALERT_REASONS: std::ops::RangeInclusive<i32> = 1000..=1255;

/// Completes a handshake on a connection where the server waits for a ClientHello. `first` is what it has sent
/// already. Fills `seen` however far it comes.
pub(crate) async fn complete(
    wire: &mut Wire,
    newest: Newest,
    first: Vec<u8>,
    seen: &mut TlsSeen,
) -> Result<(), Ending> {
    let stream = client(newest).map_err(|error| Ending::OurSystem { error: error.to_string() })?;
    let mut handshake = Handshake { stream, watch: Watch::new(seen), already: wire.received() };
    let outcome = handshake.run(wire, first).await;
    let Handshake { stream, .. } = handshake;
    if seen.chain.is_empty() {
        seen.chain = chain(&stream);
    }
    outcome
}

/// The newest version on offer; the oldest is SSL 3.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Newest {
    Tls12,
    Tls13,
}

struct Handshake<'a> {
    stream: SslStream<Queues>,
    watch: Watch<'a>,
    /// Bytes received before it began.
    already: u64,
}

impl Handshake<'_> {
    async fn run(&mut self, wire: &mut Wire, first: Vec<u8>) -> Result<(), Ending> {
        let begun = Instant::now();
        let mut arrived = first;
        loop {
            let step = self.stream.connect();
            wire.send(&self.stream.get_mut().take_outgoing()).await?;
            match step {
                Ok(()) => break,
                Err(error) if error.code() == ErrorCode::WANT_READ => {}
                Err(error) => return Err(self.refused(&error)),
            }
            if arrived.is_empty() {
                wire.receive(&mut arrived).await.map_err(|ending| self.watch.explain(ending))?;
            }
            if wire.received().saturating_sub(self.already) > MOST {
                return Err(Ending::Malformed { what: "more than 1 MiB of TLS handshake".to_owned() });
            }
            if let Err(fault) = self.watch.see(&arrived, millis(begun.elapsed())) {
                return Err(self.out_of_place(wire, fault).await);
            }
            self.stream.get_mut().incoming.append(&mut arrived);
        }
        self.watch.seen.completed = Some(TlsCompleted { after_ms: millis(begun.elapsed()) });
        self.farewell(wire).await;
        Ok(())
    }

    /// Sends close_notify; whether it still arrives changes nothing.
    async fn farewell(&mut self, wire: &mut Wire) {
        let _either_way = self.stream.shutdown();
        let _either_way = wire.send(&self.stream.get_mut().take_outgoing()).await;
    }

    /// What the handshake failed of when OpenSSL says so.
    fn refused(&self, error: &openssl::ssl::Error) -> Ending {
        let reason = error.ssl_error().and_then(|stack| stack.errors().first());
        let code = reason.map_or(0, openssl::error::Error::reason_code);
        if ALERT_REASONS.contains(&code) {
            let description = AlertDescription(u8::try_from(code - ALERT_REASONS.start()).unwrap_or_default());
            return Ending::Alert { level: AlertLevel::FATAL, description };
        }
        let words = reason.and_then(openssl::error::Error::reason).map_or_else(|| error.to_string(), str::to_owned);
        if self.watch.seen.records == 0 {
            return Ending::OurSystem { error: words };
        }
        self.watch.explain(Ending::Malformed { what: words })
    }

    /// Names what came instead of a TLS record.
    async fn out_of_place(&self, wire: &mut Wire, fault: Fault) -> Ending {
        let error = match fault {
            Fault::Alert(alert) => return Ending::Alert { level: alert.level, description: alert.description },
            Fault::Record(error) => error,
        };
        let what = error.to_string();
        if self.watch.seen.records > 0 {
            return Ending::Malformed { what };
        }
        let mut start = self.watch.start();
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
}

fn chain(stream: &SslStream<Queues>) -> Vec<Der> {
    let certificates = stream.ssl().peer_cert_chain().into_iter().flatten();
    certificates.filter_map(|certificate| certificate.to_der().ok().map(Der)).collect()
}

fn client(newest: Newest) -> Result<SslStream<Queues>, ErrorStack> {
    static CONTEXT: OnceLock<Result<Library, ErrorStack>> = OnceLock::new();
    let library = CONTEXT.get_or_init(Library::open).as_ref().map_err(Clone::clone)?;
    // No SNI: mstsc sends none.
    let mut ssl = Ssl::new(&library.context)?;
    if newest == Newest::Tls12 {
        ssl.set_max_proto_version(Some(SslVersion::TLS1_2))?;
    }
    SslStream::new(ssl, Queues::default())
}

struct Library {
    context: SslContext,
    /// RC4 and the like live in it; dropping it unloads them.
    _legacy: Provider,
}

impl Library {
    fn open() -> Result<Self, ErrorStack> {
        let legacy = Provider::try_load(None, "legacy", true)?;
        let mut builder = SslContextBuilder::new(SslMethod::tls_client())?;
        builder.set_min_proto_version(Some(SslVersion::SSL3))?;
        builder.set_max_proto_version(None)?;
        builder.clear_options(
            SslOptions::NO_SSLV3 | SslOptions::NO_TLSV1 | SslOptions::NO_TLSV1_1 | SslOptions::NO_TLSV1_2,
        );
        builder.set_options(SslOptions::NO_TICKET | SslOptions::ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
        builder.set_cipher_list("ALL:COMPLEMENTOFALL:@SECLEVEL=0")?;
        builder.set_groups_list(GROUPS)?;
        // The certificate is evidence: it is judged elsewhere.
        builder.set_verify(SslVerifyMode::NONE);
        Ok(Self { context: builder.build(), _legacy: legacy })
    }
}

/// What OpenSSL takes for a connection.
#[derive(Debug, Default)]
struct Queues {
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
}

impl Queues {
    fn take_outgoing(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.outgoing)
    }
}

impl Read for Queues {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.incoming.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let length = self.incoming.as_slice().read(buffer)?;
        self.incoming.drain(..length);
        Ok(length)
    }
}

impl Write for Queues {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
