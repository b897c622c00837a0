use std::net::{IpAddr, SocketAddr};

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

    /// The address of the client that it is about, where it names one.
    pub fn client(&self) -> Option<IpAddr> {
        const FIELDS: [&str; 7] = ["ClientIP", "IPString", "IpAddress", "Address", "ClientAddress", "Param3", "Param1"];
        let named = FIELDS.iter().filter_map(|name| self.field(name)).find_map(logged_address);
        // The data of events as they were before Windows Vista have no names.
        let nameless =
            || self.data.iter().filter(|(name, _)| name.is_empty()).find_map(|(_, text)| logged_address(text));
        named.or_else(nameless)
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
    /// The newest of all this with its time, where it is not long ago: of all clients together some hundreds.
    #[serde(default)]
    pub newest: Vec<LoggedTrace>,
}

/// One thing that a client did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoggedTrace {
    /// When.
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// What.
    pub act: LoggedAct,
}

/// What a client did, as [`LoggedClient`] counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LoggedAct {
    /// The listener took its connection.
    Connected,
    /// The connection came through TLS.
    Established,
    /// It ended before.
    Broke,
    /// Its user authenticated.
    Authenticated,
    /// A session began or was taken up again.
    BeganSession,
    /// A logon failed with this status.
    FailedLogon(u32),
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

/// The address in a datum: `10.0.0.5:50123`, `[fe80::1%4]:50123` or an address alone.
pub fn logged_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let socket = text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let bare = || text.trim_matches(['[', ']']).split('%').next().and_then(|text| text.parse().ok());
    let scoped = || {
        let (address, _) = text.strip_prefix('[')?.split_once(']')?;
        address.split('%').next()?.parse().ok()
    };
    socket.or_else(bare).or_else(scoped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_in_several_shapes() {
        let v4 = Some(IpAddr::from([10, 0, 0, 7]));
        assert_eq!((logged_address("10.0.0.7:50123"), logged_address(" 10.0.0.7")), (v4, v4));
        let v6: Option<IpAddr> = "fe80::1".parse().ok();
        for text in ["[fe80::1%4]:50123", "fe80::1%4", "[fe80::1]:1"] {
            assert_eq!(logged_address(text), v6, "{text}");
        }
        for text in ["LOCAL", "-", "", "10", "10.0.17763.1"] {
            assert_eq!(logged_address(text), None, "{text}");
        }
    }
}
