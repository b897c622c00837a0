//! The probe against small servers on the loopback interface that answer with real bytes.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test server that fails fails its test"
)]

mod credssp;
mod examine;
mod hello;
mod name_servers;
mod negotiate;
mod server;
mod service;
mod strangers;
mod tls;
