//! CredSSP: the messages that follow TLS on a server with Network Level Authentication (MS-CSSP).

mod av_pairs;
mod der;
pub mod ntlm;
pub mod spnego;
mod ts_request;

pub use ts_request::{DEFAULT_LIMIT, TsRequest, frame_length, frame_length_within};
