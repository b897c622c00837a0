use std::net::{IpAddr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Seen;

/// How the target's name became addresses.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Resolution {
    /// What the system's resolver said: it decides where a client goes (hosts file and caches included).
    pub system: Seen<SystemAnswer>,
    /// Milliseconds that the system's resolver took.
    pub system_ms: Option<f64>,
    /// What each name server said when asked directly.
    pub name_servers: Seen<Vec<NameServerAnswer>>,
}

/// The answer of the system's resolver (`getaddrinfo`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum SystemAnswer {
    /// Addresses, in the order in which a client would try them.
    Addresses {
        /// Never empty.
        addresses: Vec<IpAddr>,
    },
    /// The name does not exist, or has no address (`EAI_NONAME`, `EAI_NODATA`, `WSAHOST_NOT_FOUND`, `WSANO_DATA`).
    NoSuchName,
    /// The resolver could not find out (`EAI_AGAIN`, `EAI_FAIL`, `WSATRY_AGAIN`, `WSANO_RECOVERY`).
    Failed {
        /// The system's words.
        error: String,
    },
}

/// One question to one name server (RFC 1035).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NameServerAnswer {
    /// The server asked.
    pub server: SocketAddr,
    /// The name asked for, search suffix included.
    pub name: String,
    /// The record type asked for.
    pub record: RecordType,
    /// What came of it.
    pub outcome: LookupOutcome,
    /// Milliseconds until the answer or until we gave up.
    pub after_ms: f64,
}

/// The record types that lead to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RecordType {
    /// IPv4.
    A,
    /// IPv6.
    #[serde(rename = "AAAA")]
    Aaaa,
}

/// What a name server said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum LookupOutcome {
    /// Addresses.
    Addresses {
        /// Never empty.
        addresses: Vec<IpAddr>,
    },
    /// The name does not exist (NXDOMAIN).
    NxDomain,
    /// The name exists and has no such record (NOERROR without an answer).
    NoData,
    /// The server refuses to answer us (REFUSED).
    Refused,
    /// Any other response code, under its name in the registry (`ServFail`, …).
    Failed {
        /// The response code.
        code: String,
    },
    /// No answer within the wait.
    Silent,
    /// The question could not be sent, or the answer could not be read.
    NotObtained {
        /// Why.
        why: String,
    },
}

impl LookupOutcome {
    /// The outcome in a word or two.
    pub fn word(&self) -> &str {
        match self {
            Self::Addresses { .. } => "an address",
            Self::NxDomain => "NXDOMAIN",
            Self::NoData => "no such record",
            Self::Refused => "REFUSED",
            Self::Failed { code } => code,
            Self::Silent => "nothing",
            Self::NotObtained { .. } => "not obtained",
        }
    }
}
