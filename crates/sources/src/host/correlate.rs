//! Connection attempts by client, put together over the channels of the log.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use rdpdoctor_diagnosis::evidence::snapshot::{LoggedClient, LoggedLogon};
use rdpdoctor_machine::event::Event;

const CORE: &str = "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS";
const CONNECTIONS: &str = "Microsoft-Windows-TerminalServices-RemoteConnectionManager";
const SESSIONS: &str = "Microsoft-Windows-TerminalServices-LocalSessionManager";
const SECURITY: &str = "Microsoft-Windows-Security-Auditing";

/// Addresses that are told apart; what a scan of the whole Internet adds is counted no further.
const MOST_CLIENTS: usize = 20_000;
/// Of them, those that the snapshot keeps: who came furthest first, then who came most often.
const KEPT_CLIENTS: usize = 200;
/// Connections whose address is remembered by the activity that their events share.
const MOST_ACTIVITIES: usize = 100_000;
/// Users that are told apart for one status.
const MOST_USERS: usize = 1000;

/// Adds up what each client did.
#[derive(Default)]
pub(super) struct Correlator {
    clients: HashMap<IpAddr, Tally>,
    activities: HashMap<String, IpAddr>,
}

struct Tally {
    seen: LoggedClient,
    failed: BTreeMap<u32, (u64, HashSet<String>)>,
}

impl Correlator {
    /// Takes one event into account.
    pub(super) fn add(&mut self, event: &Event) {
        match (event.provider.as_str(), event.id) {
            (CORE, 131) => self.connection(event),
            (CORE, 98) => self.by_activity(event, |client| client.established += 1),
            (CORE, 139 | 140) => self.at(event, &["IPString", "ClientIP"], |client| client.broken += 1),
            (CORE, 226) => self.by_activity(event, |client| client.broken += 1),
            (CONNECTIONS, 1149) => self.at(event, &["Param3"], |client| client.authenticated += 1),
            (SESSIONS, 21 | 25) => self.at(event, &["Address"], |client| client.sessions += 1),
            (SECURITY, 4625) => self.failed(event),
            _ => {}
        }
    }

    /// The clients, who came furthest first.
    pub(super) fn clients(self) -> Vec<LoggedClient> {
        let mut clients: Vec<LoggedClient> = self.clients.into_values().map(Tally::finish).collect();
        clients.sort_by(|a, b| {
            let rank = |c: &LoggedClient| (c.sessions > 0, c.authenticated > 0, c.connections + c.broken, c.last);
            rank(b).cmp(&rank(a)).then(a.address.cmp(&b.address))
        });
        clients.truncate(KEPT_CLIENTS);
        clients
    }

    fn connection(&mut self, event: &Event) {
        // UDP follows a connection that TCP made.
        if field(event, "ConnType").is_some_and(|kind| kind.eq_ignore_ascii_case("udp")) {
            return;
        }
        let Some(address) = field(event, "ClientIP").and_then(address) else { return };
        if let Some(activity) = event.activity.clone().filter(|_| self.activities.len() < MOST_ACTIVITIES) {
            self.activities.insert(activity, address);
        }
        self.count(address, event.time, |client| client.connections += 1);
    }

    fn by_activity(&mut self, event: &Event, count: impl FnOnce(&mut LoggedClient)) {
        let address = event.activity.as_ref().and_then(|activity| self.activities.get(activity)).copied();
        if let Some(address) = address {
            self.count(address, event.time, count);
        }
    }

    fn at(&mut self, event: &Event, names: &[&str], count: impl FnOnce(&mut LoggedClient)) {
        let address = names.iter().find_map(|name| field(event, name)).and_then(address);
        if let Some(address) = address {
            self.count(address, event.time, count);
        }
    }

    /// Type 3 is a logon over the network, which NLA makes; 10 one at the session itself.
    fn failed(&mut self, event: &Event) {
        let remote = matches!(field(event, "LogonType"), Some("3" | "10"));
        let Some(address) = field(event, "IpAddress").and_then(address).filter(|_| remote) else { return };
        let status = ["SubStatus", "Status"].iter().filter_map(|name| field(event, name)).filter_map(number);
        let Some(status) = status.into_iter().find(|status| *status != 0) else { return };
        let user = field(event, "TargetUserName").unwrap_or_default().to_lowercase();
        self.count(address, event.time, |_| {});
        let Some(tally) = self.clients.get_mut(&address) else { return };
        let (times, users) = tally.failed.entry(status).or_default();
        *times += 1;
        if users.len() < MOST_USERS {
            users.insert(user);
        }
    }

    fn count(&mut self, address: IpAddr, time: Timestamp, count: impl FnOnce(&mut LoggedClient)) {
        if self.clients.len() >= MOST_CLIENTS && !self.clients.contains_key(&address) {
            return;
        }
        let tally = self.clients.entry(address).or_insert_with(|| Tally::new(address, time));
        tally.seen.first = tally.seen.first.min(time);
        tally.seen.last = tally.seen.last.max(time);
        count(&mut tally.seen);
    }
}

impl Tally {
    fn new(address: IpAddr, time: Timestamp) -> Self {
        let seen = LoggedClient {
            address,
            first: time,
            last: time,
            connections: 0,
            established: 0,
            broken: 0,
            authenticated: 0,
            sessions: 0,
            failed: Vec::new(),
            ours: false,
        };
        Self { seen, failed: BTreeMap::new() }
    }

    fn finish(self) -> LoggedClient {
        let logon = |(status, (times, users)): (u32, (u64, HashSet<String>))| LoggedLogon {
            status,
            times,
            users: u64::try_from(users.len()).unwrap_or(u64::MAX),
        };
        LoggedClient { failed: self.failed.into_iter().map(logon).collect(), ..self.seen }
    }
}

fn field<'a>(event: &'a Event, name: &str) -> Option<&'a str> {
    let last = |known: &str| known.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(name));
    event.data.iter().find(|(known, _)| last(known)).map(|(_, value)| value.trim())
}

/// `10.0.0.5:50123`, `[fe80::1%4]:50123` or an address alone.
fn address(text: &str) -> Option<IpAddr> {
    let socket = text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let bare = || text.trim_matches(['[', ']']).split('%').next().and_then(|text| text.parse().ok());
    let scoped = || {
        let (address, _) = text.strip_prefix('[')?.split_once(']')?;
        address.split('%').next()?.parse().ok()
    };
    socket.or_else(bare).or_else(scoped)
}

/// `0xc000006a` or a number in decimal.
fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(provider: &str, id: u16, activity: &str, data: &[(&str, &str)]) -> Event {
        Event {
            record: 1,
            time: Timestamp::UNIX_EPOCH,
            provider: provider.to_owned(),
            id,
            qualifiers: None,
            level: 4,
            channel: String::new(),
            computer: String::new(),
            process: None,
            activity: Some(activity.to_owned()),
            user: None,
            data: data.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            binary: None,
        }
    }

    #[test]
    fn one_client_is_put_together_over_all_channels() {
        let mut correlator = Correlator::default();
        for event in [
            event(CORE, 131, "a", &[("ConnType", "TCP"), ("ClientIP", "10.0.0.7:50123")]),
            event(CORE, 131, "b", &[("ConnType", "UDP"), ("ClientIP", "10.0.0.7:50124")]),
            event(CORE, 98, "a", &[]),
            event(CONNECTIONS, 1149, "", &[("EventXML/Param1", "user"), ("EventXML/Param3", "10.0.0.7")]),
            event(SESSIONS, 21, "", &[("EventXML/User", "x"), ("EventXML/Address", "10.0.0.7")]),
            event(SESSIONS, 21, "", &[("EventXML/Address", "LOCAL")]),
            event(SECURITY, 4625, "", &[("LogonType", "2"), ("IpAddress", "10.0.0.7"), ("Status", "0xc000006d")]),
            event(CORE, 226, "unknown", &[]),
        ] {
            correlator.add(&event);
        }
        let [client] = &correlator.clients()[..] else { panic!("one client") };
        assert_eq!(client.address, IpAddr::from([10, 0, 0, 7]));
        assert_eq!((client.connections, client.established, client.authenticated, client.sessions), (1, 1, 1, 1));
        assert!(client.failed.is_empty(), "a logon at the console is none over the network");
    }

    #[test]
    fn failures_are_told_apart_by_status_and_user() {
        let guess = |user, sub| {
            let data = [("LogonType", "3"), ("IpAddress", "203.0.113.5"), ("TargetUserName", user)];
            event(SECURITY, 4625, "", &[&data[..], &[("Status", "0xc000006d"), ("SubStatus", sub)]].concat())
        };
        let mut correlator = Correlator::default();
        for event in [guess("Admin", "0xc0000064"), guess("admin", "0xc0000064"), guess("bob", "0x0")] {
            correlator.add(&event);
        }
        let [client] = &correlator.clients()[..] else { panic!("one client") };
        let logon = |status, times, users| LoggedLogon { status, times, users };
        assert_eq!(client.failed, [logon(0xc000_0064, 2, 1), logon(0xc000_006d, 1, 1)]);
    }

    #[test]
    fn addresses_come_in_several_shapes() {
        let v4 = Some(IpAddr::from([10, 0, 0, 7]));
        assert_eq!((address("10.0.0.7:50123"), address("10.0.0.7")), (v4, v4));
        let v6 = "fe80::1".parse().ok();
        assert_eq!((address("[fe80::1%4]:50123"), address("fe80::1%4"), address("[fe80::1]:1")), (v6, v6, v6));
        assert_eq!((address("LOCAL"), address("-"), address("")), (None, None, None));
    }
}
