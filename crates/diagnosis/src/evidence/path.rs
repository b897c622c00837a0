use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Seen;

/// One ICMP echo request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Echo {
    /// Whom it was sent to.
    pub address: IpAddr,
    /// What became of it; not obtained where our own system forbids it.
    pub outcome: Seen<EchoOutcome>,
}

/// What became of an ICMP echo request.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum EchoOutcome {
    /// The address answered.
    Answered {
        /// Round trip in milliseconds.
        after_ms: f64,
    },
    /// Nothing came back within the wait.
    Silent,
}
