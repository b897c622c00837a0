//! TLS records and plaintext handshake messages, SSL 3.0 to TLS 1.3, as far as they can be read without keys.

mod alert;
mod cipher;
mod cipher_names;
mod handshake;
mod record;
mod server_hello;
mod version;

pub use alert::{Alert, AlertDescription, AlertLevel};
pub use cipher::CipherSuite;
pub use handshake::{Certificate, HandshakeMessage, HandshakeReader, HandshakeType};
pub use record::{ContentType, MAX_RECORD, Record, RecordCounts, RecordReader, encode_records};
pub use server_hello::{Extension, ExtensionType, ServerHello};
pub use version::ProtocolVersion;
