//! OpenSSL driven through memory, with a certificate like the one Windows makes for itself.

use std::io::{self, Read, Write};

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::ssl::{ErrorCode, Ssl, SslContext, SslContextBuilder, SslMethod, SslStream, SslVersion};
use openssl::x509::extension::{ExtendedKeyUsage, KeyUsage};
use openssl::x509::{X509, X509Name};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::script::Newest;

/// The name in every certificate of the lab.
const HOST_NAME: &str = "RDPDOCTOR-LAB";
const KEY_BITS: u32 = 2048;
const VALID_DAYS: u32 = 183;
/// X.509 v3 is counted from 0.
const X509_V3: i32 = 2;

/// A key and its self-signed certificate, valid for half a year, as Remote Desktop Services makes them.
#[derive(Clone)]
pub(crate) struct Identity {
    key: PKey<Private>,
    certificate: X509,
}

impl Identity {
    /// Takes some 100 ms of computing.
    pub(crate) fn new() -> Result<Self, ErrorStack> {
        let key = PKey::from_rsa(Rsa::generate(KEY_BITS)?)?;
        let certificate = self_signed(&key)?;
        Ok(Self { key, certificate })
    }

    /// The server's end of one connection.
    pub(crate) fn accept(&self, newest: Newest) -> Result<Ssl, ErrorStack> {
        let mut context = SslContext::builder(SslMethod::tls_server())?;
        self.install(&mut context)?;
        let newest = match newest {
            Newest::Tls12 => SslVersion::TLS1_2,
            Newest::Tls13 => SslVersion::TLS1_3,
        };
        context.set_min_proto_version(Some(SslVersion::TLS1_2))?;
        context.set_max_proto_version(Some(newest))?;
        let mut ssl = Ssl::new(&context.build())?;
        ssl.set_accept_state();
        Ok(ssl)
    }

    fn install(&self, context: &mut SslContextBuilder) -> Result<(), ErrorStack> {
        context.set_certificate(&self.certificate)?;
        context.set_private_key(&self.key)
    }
}

fn self_signed(key: &PKey<Private>) -> Result<X509, ErrorStack> {
    let mut name = X509Name::builder()?;
    name.append_entry_by_text("CN", HOST_NAME)?;
    let name = name.build();
    let mut serial = BigNum::new()?;
    serial.rand(127, MsbOption::ONE, false)?;
    let mut builder = X509::builder()?;
    builder.set_version(X509_V3)?;
    builder.set_serial_number(&*serial.to_asn1_integer()?)?;
    builder.set_subject_name(&name)?;
    builder.set_issuer_name(&name)?;
    builder.set_not_before(&*Asn1Time::days_from_now(0)?)?;
    builder.set_not_after(&*Asn1Time::days_from_now(VALID_DAYS)?)?;
    builder.set_pubkey(key)?;
    builder.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
    builder.append_extension(KeyUsage::new().key_encipherment().data_encipherment().build()?)?;
    builder.sign(key, MessageDigest::sha256())?;
    Ok(builder.build())
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

    /// Waits for one message, answers it and says that no more will come.
    pub(crate) async fn answer(&mut self, answer: &[u8]) -> io::Result<()> {
        self.drive(|tls| tls.ssl_read(&mut [0; 4096])).await?;
        self.drive(|tls| tls.ssl_write(answer)).await?;
        self.drive(SslStream::shutdown).await?;
        Ok(())
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
                Err(error) if error.code() == ErrorCode::WANT_READ => self.read().await?,
                result => return result.map_err(io::Error::other),
            }
        }
    }

    async fn read(&mut self) -> io::Result<()> {
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
