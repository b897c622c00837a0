//! What the resolver's cache has of servers that connections name. The rest of it is what a user visits, and is not asked for.

use rdpdoctor_diagnosis::evidence::snapshot::{CachedAddress, CachedLookup, Reading, SavedConnection};
use rdpdoctor_diagnosis::evidence::{Snapshot, Target};
use rdpdoctor_machine::{CachedName, Machine};

/// Names that the cache is asked for.
pub(super) const MOST_NAMES: usize = 50;

/// One entry for each name that the cache has anything of; the server that is meant, if any, comes first.
pub(super) fn of_servers(
    machine: &dyn Machine,
    snapshot: &Snapshot,
    server: Option<&Target>,
) -> Reading<Vec<CachedLookup>> {
    let names = names(snapshot, server);
    if names.is_empty() {
        return Reading::NotTried;
    }
    let mut found = Vec::new();
    let mut answered = Err(String::new());
    for name in names {
        match machine.cached_name(&name) {
            Ok(cached) => {
                answered = Ok(());
                found.extend(cached.map(|cached| lookup(name, cached)));
            }
            // One name that the interface does not take keeps nobody from asking for the next.
            Err(why) => answered = answered.map_err(|_| why.to_string()),
        }
    }
    answered.map(|()| found).into()
}

fn names(snapshot: &Snapshot, server: Option<&Target>) -> Vec<String> {
    let saved = snapshot.connections.observed().into_iter().flatten().filter_map(SavedConnection::target);
    let remembered = snapshot.cached_servers.observed().into_iter().flatten();
    let remembered = remembered.filter_map(|server| server.server_name.parse().ok());
    let mut names: Vec<String> = Vec::new();
    for target in server.cloned().into_iter().chain(saved).chain(remembered) {
        let name = target.host.trim_end_matches('.');
        if names.len() == MOST_NAMES {
            break;
        }
        if target.literal().is_none() && !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            names.push(name.to_owned());
        }
    }
    names
}

fn lookup(hostname: String, cached: CachedName) -> CachedLookup {
    let addresses = match cached {
        CachedName::Addresses(addresses) => addresses,
        CachedName::Denied => Vec::new(),
    };
    let address =
        |cached: rdpdoctor_machine::CachedAddress| CachedAddress { address: cached.address, seconds: cached.seconds };
    CachedLookup { hostname, addresses: addresses.into_iter().map(address).collect() }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rdpdoctor_diagnosis::evidence::snapshot::{CachedServer, ReadBy};
    use rdpdoctor_machine::memory::Collection;

    use super::*;

    fn snapshot(servers: &[&str]) -> Snapshot {
        let mut snapshot = Snapshot::new(ReadBy::Collector, Timestamp::UNIX_EPOCH);
        let saved = SavedConnection::read("a.rdp", b"full address:s:ts02.example.com:3390\n");
        snapshot.connections = Reading::Observed(vec![saved]);
        let servers = servers.iter().map(|name| CachedServer { server_name: (*name).to_owned(), ..server() });
        snapshot.cached_servers = Reading::Observed(servers.collect());
        snapshot
    }

    fn server() -> CachedServer {
        CachedServer { server_name: String::new(), user: None, account: None }
    }

    #[test]
    fn only_servers_of_connections_are_asked_for() {
        let machine: Collection = serde_json::from_value(serde_json::json!({ "resolver_cache": {
            "ts01.example.com": [{ "address": "10.0.0.5", "seconds": 60 }],
            "TS02.example.com": [],
            "private.example.net": [{ "address": "192.0.2.1", "seconds": 60 }],
        } }))
        .unwrap();
        let target: Target = "ts01.example.com".parse().unwrap();
        let Reading::Observed(found) = of_servers(&machine, &snapshot(&["10.0.0.9", "ts03"]), Some(&target)) else {
            panic!("it was collected")
        };
        let found: Vec<_> = found.iter().map(|entry| (entry.hostname.as_str(), entry.addresses.len())).collect();
        assert_eq!(found, [("ts01.example.com", 1), ("ts02.example.com", 0)]);
    }

    #[test]
    fn what_cannot_be_read_is_said_and_nothing_is_asked_for_nobody() {
        let not_collected = of_servers(&Collection::default(), &snapshot(&[]), None);
        assert_eq!(not_collected.why_not(), Some("it was not collected"));
        let nobody = Snapshot::new(ReadBy::Collector, Timestamp::UNIX_EPOCH);
        assert_eq!(of_servers(&Collection::default(), &nobody, None), Reading::NotTried);
    }

    #[test]
    fn names_are_asked_for_once_and_not_without_end() {
        let many: Vec<String> = (0..MOST_NAMES).map(|number| format!("ts{number}.example.org")).collect();
        let many: Vec<&str> = many.iter().flat_map(|name| [name.as_str(), name.as_str()]).collect();
        let asked = names(&snapshot(&many), None);
        assert_eq!((asked.len(), asked[0].as_str()), (MOST_NAMES, "ts02.example.com"));
        let again: Target = "TS02.example.com".parse().unwrap();
        assert_eq!(names(&snapshot(&[]), Some(&again)).len(), 1);
    }
}
