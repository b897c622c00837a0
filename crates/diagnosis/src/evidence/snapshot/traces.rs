//! What our own probe left in a machine's log, told from what others did in the same seconds.

use std::collections::BTreeSet;
use std::net::IpAddr;

use jiff::Timestamp;

use super::{Channel, HostEvent, LoggedAct, LoggedClient, LoggedTrace, Reading, Snapshot};
use crate::address::is_public;

/// Events of these that name no client are written for any connection.
const BY_CONNECTION: [&str; 3] = ["Schannel", "TermDD", "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS"];
const MANAGER: &str = "Microsoft-Windows-TerminalServices-RemoteConnectionManager";
/// The listener received a connection.
const RECEIVED: u32 = 261;

/// When and from where we probed a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// From then.
    pub from: Timestamp,
    /// Until then.
    pub until: Timestamp,
    /// Our addresses, where they are known.
    pub addresses: Option<BTreeSet<IpAddr>>,
    /// Whether the machine saw us by an address of the Internet that we do not know, as behind a router that translates.
    pub translated: bool,
}

impl Probed {
    fn is_then(&self, time: Timestamp) -> bool {
        (self.from..=self.until).contains(&time)
    }

    fn is_us(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let known = self.addresses.as_ref().is_none_or(|addresses| addresses.contains(&address));
        known || address.is_loopback() || (self.translated && is_public(address))
    }

    fn left(&self, event: &HostEvent) -> bool {
        self.is_then(event.time) && event.client().map_or_else(|| is_of_any_connection(event), |from| self.is_us(from))
    }
}

fn is_of_any_connection(event: &HostEvent) -> bool {
    let by = |provider: &str| event.provider.eq_ignore_ascii_case(provider);
    BY_CONNECTION.iter().any(|provider| by(provider)) || (by(MANAGER) && event.id == RECEIVED)
}

impl Snapshot {
    /// Forgets what the machine logged of our own probe. What others did at the same time stays.
    pub fn set_aside(&mut self, probed: &Probed) {
        for channel in self.channels.values_mut() {
            if let Reading::Observed(Some(channel)) = channel {
                channel.set_aside(probed);
            }
        }
        for client in self.clients.iter_mut().filter(|client| probed.is_us(client.address)) {
            client.set_aside(probed);
        }
        self.clients.retain(LoggedClient::did_anything);
    }
}

impl Channel {
    fn set_aside(&mut self, probed: &Probed) {
        let (ours, others): (Vec<HostEvent>, _) =
            std::mem::take(&mut self.events).into_iter().partition(|event| probed.left(event));
        self.events = others;
        for event in ours {
            let is_its = |(provider, id, _): &&mut (String, u32, u64)| *provider == event.provider && *id == event.id;
            if let Some((_, _, times)) = self.counts.iter_mut().find(is_its) {
                *times = times.saturating_sub(1);
            }
        }
        self.counts.retain(|(_, _, times)| *times > 0);
    }
}

impl LoggedClient {
    fn set_aside(&mut self, probed: &Probed) {
        let (ours, others): (Vec<LoggedTrace>, _) =
            std::mem::take(&mut self.newest).into_iter().partition(|trace| probed.is_then(trace.time));
        self.newest = others;
        for trace in &ours {
            self.forget(trace.act);
        }
        if ours.is_empty() {
            return;
        }
        let times = || self.newest.iter().map(|trace| trace.time);
        // What is older than the newest that are kept was before we came.
        self.last = times().max().unwrap_or(probed.from).min(self.last);
        self.first = if probed.is_then(self.first) { times().min().unwrap_or(self.last) } else { self.first };
    }

    fn forget(&mut self, act: LoggedAct) {
        let times = match act {
            LoggedAct::Connected => &mut self.connections,
            LoggedAct::Established => &mut self.established,
            LoggedAct::Broke => &mut self.broken,
            LoggedAct::Authenticated => &mut self.authenticated,
            LoggedAct::BeganSession => &mut self.sessions,
            LoggedAct::FailedLogon(status) => return self.forget_logon(status),
        };
        *times = times.saturating_sub(1);
    }

    fn forget_logon(&mut self, status: u32) {
        if let Some(logon) = self.failed.iter_mut().find(|logon| logon.status == status) {
            logon.times = logon.times.saturating_sub(1);
            logon.users = logon.users.min(logon.times);
        }
        self.failed.retain(|logon| logon.times > 0);
    }

    fn did_anything(&self) -> bool {
        let times = [self.connections, self.established, self.broken, self.authenticated, self.sessions];
        !self.failed.is_empty() || times.iter().any(|times| *times > 0)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::testing::{Machine, logged_client};

    const CORE: &str = BY_CONNECTION[2];
    const SECURITY: &str = "Microsoft-Windows-Security-Auditing";

    fn probed(addresses: &[&str]) -> Probed {
        let until = Timestamp::UNIX_EPOCH;
        let from = until.checked_sub(SignedDuration::from_mins(2)).unwrap();
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        Probed { from, until, addresses: Some(addresses), translated: false }
    }

    fn left(machine: Machine, probed: &Probed) -> Vec<(u32, String)> {
        let mut snapshot = machine.snapshot();
        snapshot.set_aside(probed);
        let events = snapshot.channels.values().filter_map(Reading::observed).flatten().flat_map(|log| &log.events);
        events.map(|event| (event.id, event.data.last().map(|(_, value)| value.clone()).unwrap_or_default())).collect()
    }

    fn connection(machine: Machine, minutes_ago: i64, from: &str) -> Machine {
        machine.event("core", CORE, 131, minutes_ago, &[("ConnType", "TCP"), ("ClientIP", from)])
    }

    #[test]
    fn ours_go_and_what_others_did_at_the_same_time_stays() {
        let mut machine = Machine::unread();
        for (minutes_ago, from) in [(1, "10.0.0.7:50123"), (1, "10.0.0.8:50123"), (9, "10.0.0.7:50001"), (1, "[::1]:5")]
        {
            machine = connection(machine, minutes_ago, from);
        }
        let kept = [(131, "10.0.0.8:50123".to_owned()), (131, "10.0.0.7:50001".to_owned())];
        assert_eq!(left(machine.clone(), &probed(&["10.0.0.7"])), kept);
        let mut snapshot = machine.snapshot();
        snapshot.set_aside(&probed(&["10.0.0.7"]));
        let Some(Reading::Observed(Some(log))) = snapshot.channels.get("core") else { panic!() };
        assert_eq!(log.counts, [(CORE.to_owned(), 131, 2)]);
    }

    #[test]
    fn without_an_address_what_any_connection_leaves_goes_and_all_else_stays() {
        let machine = Machine::unread()
            .event("System", "Schannel", 36874, 1, &[("Protocol", "TLS 1.2")])
            .event("System", "Schannel", 36874, 9, &[("Protocol", "older")])
            .event("System", "Service Control Manager", 7034, 1, &[("param1", "Remote Desktop Services")])
            .event("rcm", MANAGER, 261, 1, &[])
            .event("rcm", MANAGER, 1057, 1, &[("Status", "denied")])
            .event("lsm", "Microsoft-Windows-TerminalServices-LocalSessionManager", 40, 1, &[("Reason", "12")]);
        let ids: Vec<u32> = left(machine, &probed(&["10.0.0.7"])).iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, [36874, 7034, 40, 1057]);
    }

    #[test]
    fn addresses_are_found_in_every_field_that_holds_them() {
        let at = |address: &str| {
            let machine = Machine::unread()
                .event("core", CORE, 140, 1, &[("IPString", address)])
                .event("rcm", MANAGER, 1149, 1, &[("EventXML/Param1", "user"), ("EventXML/Param3", address)])
                .event("rcm", MANAGER, 1158, 1, &[("Param1", address)])
                .event("Security", SECURITY, 4625, 1, &[("IpAddress", address), ("IpPort", "50000")])
                .event("System", "TermDD", 56, 1, &[("", r"\Device\Termdd"), ("", address)]);
            left(machine, &probed(&["10.0.0.7"])).len()
        };
        assert_eq!((at("10.0.0.8"), at("10.0.0.7")), (5, 0));
    }

    #[test]
    fn behind_a_router_that_translates_no_address_of_the_internet_is_certain() {
        let machine = connection(connection(Machine::unread(), 1, "203.0.113.9:1"), 1, "10.0.0.9:1");
        let translated = Probed { translated: true, ..probed(&["192.168.1.5"]) };
        assert_eq!(left(machine, &translated), [(131, "10.0.0.9:1".to_owned())]);
    }

    fn client(address: &str, acts: &[(i64, LoggedAct)]) -> LoggedClient {
        acts.iter().fold(logged_client(address, 600), |client, (minutes_ago, act)| client.did(*minutes_ago, *act))
    }

    fn clients(all: Vec<LoggedClient>) -> Vec<LoggedClient> {
        let mut snapshot = all.into_iter().fold(Machine::unread(), Machine::client).snapshot();
        snapshot.set_aside(&probed(&["10.0.0.7"]));
        snapshot.clients
    }

    #[test]
    fn a_client_that_is_only_our_probe_is_none_and_another_at_our_address_keeps_what_it_did() {
        use LoggedAct::{Broke, Connected, FailedLogon};
        let probe = [(1, Connected), (1, Broke)];
        assert_eq!(clients(vec![client("10.0.0.7", &probe)]), []);
        let stranger = client("10.0.0.8", &probe);
        assert_eq!(clients(vec![stranger.clone()]), [stranger]);
        let acts = [(90, Connected), (90, FailedLogon(0xC000_006A)), (1, Connected), (1, FailedLogon(0xC000_006A))];
        let [both] = &clients(vec![client("10.0.0.7", &acts)])[..] else { panic!() };
        assert_eq!((both.connections, both.failed[0].times, both.newest.len()), (1, 1, 2));
        assert_eq!(both.last, Timestamp::UNIX_EPOCH.checked_sub(SignedDuration::from_mins(90)).unwrap());
    }

    #[test]
    fn of_what_is_older_than_the_newest_only_ours_is_taken_away() {
        let many = LoggedClient { connections: 40, broken: 30, ..client("10.0.0.7", &[]) };
        let ours = LoggedClient {
            connections: 41,
            newest: client("10.0.0.7", &[(1, LoggedAct::Connected)]).newest,
            ..many.clone()
        };
        let [left] = &clients(vec![ours])[..] else { panic!() };
        assert_eq!((left.connections, left.broken), (40, 30));
        assert!(left.last < Timestamp::UNIX_EPOCH && left.first == many.first);
    }
}
