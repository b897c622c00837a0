use std::net::IpAddr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One channel of the event log: what was found there of the events that matter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Channel {
    /// The oldest record there is: what was before is not known.
    #[schemars(with = "Option<String>")]
    pub oldest: Option<Timestamp>,
    /// The newest.
    #[schemars(with = "Option<String>")]
    pub newest: Option<Timestamp>,
    /// Records looked at.
    pub records: u64,
    /// Records, or stretches of them, that could not be read.
    #[serde(default)]
    pub damaged: u64,
    /// How often each event occurred, as (provider, id, times).
    pub counts: Vec<(String, u32, u64)>,
    /// The newest of each kind, in order of time; how many there were in all is in `counts`.
    pub events: Vec<HostEvent>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostEvent {
    /// When.
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// Who wrote it.
    pub provider: String,
    /// Its id, the low 16 bits.
    pub id: u32,
    /// The number of the record.
    pub record: u64,
    /// Its data as (name, value); names are empty where the event has none.
    pub data: Vec<(String, String)>,
}

impl HostEvent {
    /// The data of this name; names that are paths of elements (`EventXML/Reason`) count by their last part.
    pub fn field(&self, name: &str) -> Option<&str> {
        let last = |known: &str| known.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(name));
        self.data.iter().find(|(known, _)| last(known)).map(|(_, value)| value.as_str())
    }
}

/// What the event log shows of one client address, over all channels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoggedClient {
    /// Where it came from.
    pub address: IpAddr,
    /// The first sign of it.
    #[schemars(with = "String")]
    pub first: Timestamp,
    /// The last.
    #[schemars(with = "String")]
    pub last: Timestamp,
    /// Connections that the listener took (RdpCoreTS 131).
    pub connections: u64,
    /// Connections that came through TLS (RdpCoreTS 98 or 65 and what follows).
    pub established: u64,
    /// Connections that ended before (RdpCoreTS 226, 227, 139, 140 …).
    pub broken: u64,
    /// Users that authenticated (RemoteConnectionManager 1149).
    pub authenticated: u64,
    /// Sessions that began or were taken up again (LocalSessionManager 21, 25).
    pub sessions: u64,
    /// Logons over the network or remotely that failed (Security 4625), by their status.
    #[serde(default)]
    pub failed: Vec<LoggedLogon>,
    /// Whether our own probe came from there while it ran.
    #[serde(default)]
    pub ours: bool,
}

/// Logons that failed for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoggedLogon {
    /// The NTSTATUS that says most: the sub status where there is one.
    pub status: u32,
    /// How often.
    pub times: u64,
    /// How many different users.
    pub users: u64,
}
