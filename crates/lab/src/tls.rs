//! OpenSSL driven through memory.

use std::io::{self, Read, Write};
use std::sync::OnceLock;

use openssl::bn::BigNum;
use openssl::dh::Dh;
use openssl::error::ErrorStack;
use openssl::provider::Provider;
use openssl::ssl::{ErrorCode, Ssl, SslContext, SslContextBuilder, SslMethod, SslOptions, SslStream, SslVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::certificate::{CertificateSpec, Identity};
use crate::credssp::Credssp;

/// How the server does TLS, and what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tls {
    pub(crate) oldest: SslVersion,
    pub(crate) newest: SslVersion,
    /// Up to TLS 1.2, as OpenSSL lists them.
    pub(crate) suites: &'static str,
    /// As OpenSSL lists them.
    pub(crate) groups: &'static str,
    /// For DHE, which is off without.
    pub(crate) prime: Option<Prime>,
    pub(crate) certificate: CertificateSpec,
    /// What follows where the client asked for it.
    pub(crate) credssp: Credssp,
    /// The answer to the first message where CredSSP was not selected; it holds without.
    pub(crate) answer: Option<&'static [u8]>,
}

/// A Diffie-Hellman group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prime {
    /// The second group of RFC 2409.
    Bits1024,
    /// A group of RFC 3526.
    Bits2048,
}

impl Tls {
    /// Windows Server 2022.
    pub(crate) const WINDOWS: Self = Self {
        oldest: SslVersion::TLS1_2,
        newest: SslVersion::TLS1_3,
        suites: "DEFAULT",
        groups: "X25519:P-256:P-384",
        prime: None,
        certificate: CertificateSpec::WINDOWS,
        credssp: Credssp::WINDOWS,
        answer: None,
    };

    /// One version and these suites.
    pub(crate) const fn only(version: SslVersion, suites: &'static str) -> Self {
        Self { oldest: version, newest: version, suites, ..Self::WINDOWS }
    }

    /// Windows Server 2022 with another certificate.
    pub(crate) const fn with(certificate: CertificateSpec) -> Self {
        Self { certificate, ..Self::WINDOWS }
    }

    /// The server's end of one connection.
    pub(crate) fn accept(&self, identity: &Identity) -> io::Result<Ssl> {
        load_legacy()?;
        let mut context = SslContext::builder(SslMethod::tls_server())?;
        // Weak keys, digests and suites are what some faults consist of.
        context.set_security_level(0);
        context.clear_options(SslOptions::NO_SSLV3 | SslOptions::NO_TLSV1 | SslOptions::NO_TLSV1_1);
        context.set_options(SslOptions::CIPHER_SERVER_PREFERENCE);
        context.set_min_proto_version(Some(self.oldest))?;
        context.set_max_proto_version(Some(self.newest))?;
        context.set_cipher_list(self.suites)?;
        context.set_groups_list(self.groups)?;
        self.install_prime(&mut context)?;
        identity.install(&mut context)?;
        let mut ssl = Ssl::new(&context.build())?;
        ssl.set_accept_state();
        Ok(ssl)
    }

    fn install_prime(&self, context: &mut SslContextBuilder) -> Result<(), ErrorStack> {
        let prime = match self.prime {
            None => return Ok(()),
            Some(Prime::Bits1024) => BigNum::get_rfc2409_prime_1024()?,
            Some(Prime::Bits2048) => BigNum::get_rfc3526_prime_2048()?,
        };
        let group = Dh::from_pqg(prime, None, BigNum::from_u32(2)?)?;
        context.set_tmp_dh(&group)
    }
}

/// RC4 lives in a provider of its own, which stays loaded.
fn load_legacy() -> Result<(), ErrorStack> {
    static LEGACY: OnceLock<Result<Provider, ErrorStack>> = OnceLock::new();
    let loaded = LEGACY.get_or_init(|| Provider::try_load(None, "legacy", true));
    loaded.as_ref().map(drop).map_err(Clone::clone)
}

/// The server's end of TLS over one TCP connection.
pub(crate) struct TlsConnection {
    tls: SslStream<Wire>,
    stream: TcpStream,
}

impl TlsConnection {
    /// `unread` are the bytes of the client that were taken from `stream` before.
    pub(crate) fn new(ssl: Ssl, stream: TcpStream, unread: Vec<u8>) -> Result<Self, ErrorStack> {
        let wire = Wire { incoming: unread, outgoing: Vec::new() };
        Ok(Self { tls: SslStream::new(ssl, wire)?, stream })
    }

    /// Completes the handshake, or sends the alert that ends it and fails.
    pub(crate) async fn handshake(&mut self) -> io::Result<()> {
        self.drive(SslStream::accept).await
    }

    /// Waits for some bytes and adds them.
    pub(crate) async fn read(&mut self, into: &mut Vec<u8>) -> io::Result<()> {
        let mut buffer = [0; 4096];
        let count = self.drive(|tls| tls.ssl_read(&mut buffer)).await?;
        into.extend(buffer.get(..count).unwrap_or_default());
        Ok(())
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.drive(|tls| tls.ssl_write(bytes)).await.map(drop)
    }

    /// Says that no more will come.
    pub(crate) async fn shutdown(&mut self) -> io::Result<()> {
        self.drive(SslStream::shutdown).await.map(drop)
    }

    /// The TCP connection below.
    pub(crate) fn into_stream(self) -> TcpStream {
        self.stream
    }

    async fn drive<T>(
        &mut self,
        mut operation: impl FnMut(&mut SslStream<Wire>) -> Result<T, openssl::ssl::Error>,
    ) -> io::Result<T> {
        loop {
            let result = operation(&mut self.tls);
            let outgoing = std::mem::take(&mut self.tls.get_mut().outgoing);
            self.stream.write_all(&outgoing).await?;
            match result {
                Err(error) if error.code() == ErrorCode::WANT_READ => self.receive().await?,
                result => return result.map_err(io::Error::other),
            }
        }
    }

    async fn receive(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.tls.get_mut().incoming).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// What OpenSSL takes for a socket.
struct Wire {
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.incoming.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = buffer.len().min(self.incoming.len());
        for (place, byte) in buffer.iter_mut().zip(self.incoming.drain(..count)) {
            *place = byte;
        }
        Ok(count)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Script, Step};
    use crate::{Behaviour, all_variants};

    #[test]
    fn openssl_takes_every_setup() {
        let identity = Identity::new(&CertificateSpec::WINDOWS).unwrap();
        for variant in all_variants() {
            let Behaviour::Talks(script) = variant.behaviour else { continue };
            for tls in setups(script) {
                tls.accept(&identity).unwrap_or_else(|error| panic!("{}: {error}", variant.name));
            }
        }
    }

    fn setups(script: Script) -> Vec<&'static Tls> {
        let own = script.iter().filter_map(|step| if let Step::Tls(tls) = step { Some(tls) } else { None });
        own.chain(script.iter().filter_map(Step::branch).flat_map(setups)).collect()
    }
}
