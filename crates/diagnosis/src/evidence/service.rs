use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What came of asking for one service by which the machine could be reached otherwise. Never the cause of anything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceSeen {
    /// Which.
    pub service: RemoteService,
    /// Where it was asked for.
    pub endpoint: SocketAddr,
    /// What came of it.
    pub answer: ServiceAnswer,
    /// Milliseconds until the answer or until we gave up.
    pub after_ms: f64,
}

/// A service by which a machine can be administered over the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RemoteService {
    /// SSH (RFC 4253).
    Ssh,
    /// Windows Remote Management over HTTP (MS-WSMV).
    Winrm,
    /// The same over HTTPS.
    WinrmHttps,
    /// SMB (MS-SMB2), through which services and administrative shares are reached.
    Smb,
}

impl RemoteService {
    /// In the order in which they are asked for.
    pub const ALL: [Self; 4] = [Self::Ssh, Self::Winrm, Self::WinrmHttps, Self::Smb];

    /// The TCP port that it has unless told otherwise.
    pub fn port(self) -> u16 {
        match self {
            Self::Ssh => 22,
            Self::Winrm => 5985,
            Self::WinrmHttps => 5986,
            Self::Smb => 445,
        }
    }
}

/// What came of asking for a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum ServiceAnswer {
    /// It answered in its own protocol.
    Speaks {
        /// What it says of itself, made safe to print; empty where that is nothing.
        banner: String,
    },
    /// Something else answered.
    Stranger {
        /// Its first bytes, made safe to print.
        banner: String,
    },
    /// It took the connection and said nothing that can be read.
    Mute,
    /// Our SYN was answered with RST.
    Refused,
    /// Nothing answered, or "unreachable" came back.
    Silent,
    /// Our own system did not let us.
    NotObtained {
        /// Its words.
        why: String,
    },
}
