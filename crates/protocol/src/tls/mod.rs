//! TLS records and plaintext handshake messages, SSL 3.0 to TLS 1.3, as far as they can be read without keys.

mod alert;
mod certificate13;
mod cipher;
mod cipher_names;
mod client_hello;
mod codes;
mod extension;
mod handshake;
mod hello_spec;
mod key_share;
mod looks;
mod offers;
mod parameters;
mod record;
mod server_hello;
mod server_key_exchange;
mod ssl2;
mod suite_groups;
mod version;

pub use alert::{Alert, AlertDescription, AlertLevel};
pub use certificate13::{Certificate13, CertificateEntry};
pub use cipher::CipherSuite;
pub use client_hello::ClientHello;
pub use codes::{NamedGroup, SignatureScheme};
pub use extension::{Extension, ExtensionType};
pub use handshake::{Certificate, HandshakeMessage, HandshakeReader, HandshakeType};
pub use hello_spec::HelloSpec;
pub use looks::Look;
pub use parameters::{Authentication, BulkCipher, KeyExchange, SuiteParameters};
pub use record::{ContentType, MAX_RECORD, Record, RecordCounts, RecordReader, encode_records};
pub use server_hello::ServerHello;
pub use server_key_exchange::{ParamsSignature, ServerKeyExchange, ServerParams};
pub use ssl2::is_ssl2_answer;
pub use suite_groups::{LEGACY, MODERN, OLD, TLS13};
pub use version::ProtocolVersion;
