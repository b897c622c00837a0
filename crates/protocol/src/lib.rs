//! Wire formats of RDP and TLS as plain values: no I/O, no clock.
//!
//! Every decoder takes bytes from a hostile peer: it never panics and allocates no more than a small multiple of its
//! input. Code points are open newtypes, so that what no specification names survives unharmed.
#![forbid(unsafe_code)]

#[macro_use]
mod names;
pub mod credssp;
mod cursor;
mod error;
pub mod negotiation;
pub mod rdp_file;
pub mod smb;
pub mod stranger;
pub mod text;
pub mod tls;
pub mod tpkt;
pub mod x224;

pub use error::{DecodeError, EncodeError};
pub use names::UnknownName;
