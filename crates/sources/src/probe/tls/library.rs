//! OpenSSL without a socket: old versions and ciphers allowed, nothing verified.

use std::io::{self, Read, Write};
use std::sync::OnceLock;

use openssl::error::ErrorStack;
use openssl::provider::Provider;
use openssl::ssl::{Ssl, SslContext, SslContextBuilder, SslMethod, SslOptions, SslStream, SslVerifyMode, SslVersion};

/// A hello with hybrid key shares fills more than one segment, which breaks servers that mstsc does not break.
const GROUPS: &str = "X25519:P-256:P-384:P-521";

/// The newest version on offer; the oldest is SSL 3.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Newest {
    Tls12,
    Tls13,
}

/// A client that has said nothing yet.
pub(super) fn client(newest: Newest) -> Result<SslStream<Queues>, ErrorStack> {
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
pub(super) struct Queues {
    pub(super) incoming: Vec<u8>,
    outgoing: Vec<u8>,
}

impl Queues {
    pub(super) fn take_outgoing(&mut self) -> Vec<u8> {
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
