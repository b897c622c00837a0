//! Every variant, met by a client that writes raw bytes and looks at what comes back.
#![expect(clippy::unwrap_used, reason = "a test may stop where an expectation fails")]

mod certificates;
mod client;
mod connect;
mod credssp;
mod hostile;
mod negotiate;
mod offers;
mod strangers;
mod table;
mod tls;
