use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Somebody who listens on a TCP port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Listener {
    /// Where.
    pub address: SocketAddr,
    /// The process; null where the system does not say.
    pub process: Option<u32>,
    /// The program's file name, where it could be read.
    pub program: Option<String>,
    /// The services of that process.
    #[serde(default)]
    pub services: Vec<String>,
}

/// A saved connection of a user: what its .rdp file asks for. No password is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SavedConnection {
    /// Where it was found.
    pub place: String,
    /// Its settings as (name, value) in order; values of passwords are left out.
    pub settings: Vec<(String, String)>,
    /// Lines that are no settings, with what is wrong with them.
    #[serde(default)]
    pub damage: Vec<String>,
}

/// A stored credential: that there is one, never what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredCredential {
    /// The target (`TERMSRV/ts01`).
    pub target: String,
    /// The user.
    pub user: Option<String>,
}
