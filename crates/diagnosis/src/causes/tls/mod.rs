//! TLS versions, cipher suites, the handshake.

pub(super) mod offers;
mod remedies;
mod rounds;
mod signs;

pub(super) mod cipher_suite_mismatch;
pub(super) mod handshake_reset;
pub(super) mod private_key_unusable;
pub(super) mod tls13_breaks_server;
pub(super) mod tls_intercepted;
pub(super) mod tls_version_mismatch;
pub(super) mod weak_key_exchange;

#[cfg(test)]
mod stories;
