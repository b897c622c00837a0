//! TLS versions, cipher suites, the handshake.

pub(super) mod handshake_reset;
