//! Connection attempts by client, put together over the channels of the log.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use jiff::Timestamp;
use rdpdoctor_diagnosis::evidence::snapshot::{LoggedAct, LoggedClient, LoggedLogon, LoggedTrace, logged_address};
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
/// The newest acts of all clients together that are kept with their time: more than a probe leaves, also under attack.
const MOST_TRACES: usize = 1000;

/// Adds up what each client did.
#[derive(Default)]
pub(super) struct Correlator {
    clients: HashMap<IpAddr, Tally>,
    activities: HashMap<String, IpAddr>,
    newest: BTreeSet<(Timestamp, u64, IpAddr, LoggedAct)>,
    acts: u64,
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
            (CORE, 98) => self.by_activity(event, LoggedAct::Established),
            (CORE, 139 | 140) => self.at(event, &["IPString", "ClientIP"], LoggedAct::Broke),
            (CORE, 226) => self.by_activity(event, LoggedAct::Broke),
            (CONNECTIONS, 1149) => self.at(event, &["Param3"], LoggedAct::Authenticated),
            (SESSIONS, 21 | 25) => self.at(event, &["Address"], LoggedAct::BeganSession),
            (SECURITY, 4625) => self.failed(event),
            _ => {}
        }
    }

    /// The clients, who came furthest first.
    pub(super) fn clients(mut self) -> Vec<LoggedClient> {
        for (time, _, address, act) in std::mem::take(&mut self.newest) {
            if let Some(tally) = self.clients.get_mut(&address) {
                tally.seen.newest.push(LoggedTrace { time, act });
            }
        }
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
        let Some(address) = field(event, "ClientIP").and_then(logged_address) else { return };
        if let Some(activity) = event.activity.clone().filter(|_| self.activities.len() < MOST_ACTIVITIES) {
            self.activities.insert(activity, address);
        }
        self.count(address, event.time, LoggedAct::Connected);
    }

    fn by_activity(&mut self, event: &Event, act: LoggedAct) {
        let address = event.activity.as_ref().and_then(|activity| self.activities.get(activity)).copied();
        if let Some(address) = address {
            self.count(address, event.time, act);
        }
    }

    fn at(&mut self, event: &Event, names: &[&str], act: LoggedAct) {
        let address = names.iter().find_map(|name| field(event, name)).and_then(logged_address);
        if let Some(address) = address {
            self.count(address, event.time, act);
        }
    }

    /// Type 3 is a logon over the network, which NLA makes; 10 one at the session itself.
    fn failed(&mut self, event: &Event) {
        let remote = matches!(field(event, "LogonType"), Some("3" | "10"));
        let Some(address) = field(event, "IpAddress").and_then(logged_address).filter(|_| remote) else { return };
        let status = ["SubStatus", "Status"].iter().filter_map(|name| field(event, name)).filter_map(number);
        let Some(status) = status.into_iter().find(|status| *status != 0) else { return };
        let user = field(event, "TargetUserName").unwrap_or_default().to_lowercase();
        self.count(address, event.time, LoggedAct::FailedLogon(status));
        let Some(tally) = self.clients.get_mut(&address) else { return };
        let (times, users) = tally.failed.entry(status).or_default();
        *times += 1;
        if users.len() < MOST_USERS {
            users.insert(user);
        }
    }

    fn count(&mut self, address: IpAddr, time: Timestamp, act: LoggedAct) {
        if self.clients.len() >= MOST_CLIENTS && !self.clients.contains_key(&address) {
            return;
        }
        let tally = self.clients.entry(address).or_insert_with(|| Tally::new(address, time));
        tally.count(time, act);
        self.acts += 1;
        self.newest.insert((time, self.acts, address, act));
        if self.newest.len() > MOST_TRACES {
            self.newest.pop_first();
        }
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
            newest: Vec::new(),
        };
        Self { seen, failed: BTreeMap::new() }
    }

    /// Logons that failed are counted by their users.
    fn count(&mut self, time: Timestamp, act: LoggedAct) {
        let seen = &mut self.seen;
        seen.first = seen.first.min(time);
        seen.last = seen.last.max(time);
        match act {
            LoggedAct::Connected => seen.connections += 1,
            LoggedAct::Established => seen.established += 1,
            LoggedAct::Broke => seen.broken += 1,
            LoggedAct::Authenticated => seen.authenticated += 1,
            LoggedAct::BeganSession => seen.sessions += 1,
            LoggedAct::FailedLogon(_) => {}
        }
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
    fn the_newest_acts_are_kept_with_their_time_and_no_more() {
        let mut correlator = Correlator::default();
        let at = |second: i64, from: &str| {
            let connected = event(CORE, 131, "", &[("ConnType", "TCP"), ("ClientIP", from)]);
            Event { time: Timestamp::from_second(second).unwrap(), ..connected }
        };
        correlator.add(&at(5000, "10.0.0.7:1"));
        for second in 0..2000 {
            correlator.add(&at(second, "10.0.0.8:1"));
        }
        let [many, one] = &correlator.clients()[..] else { panic!("two clients") };
        assert_eq!((many.connections, many.newest.len()), (2000, MOST_TRACES - 1));
        let trace = LoggedTrace { time: Timestamp::from_second(5000).unwrap(), act: LoggedAct::Connected };
        assert_eq!(one.newest, [trace]);
        assert_eq!(many.newest.first().map(|trace| trace.time.as_second()), Some(1001));
    }
}
