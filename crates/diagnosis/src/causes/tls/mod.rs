//! TLS versions, cipher suites, the handshake.
