//! Who tried to log on, as the event log shows it: strangers who guess, told from people who fail.

use jiff::{SignedDuration, Timestamp};

use super::logged::is_late;
use crate::address::is_public;
use crate::evidence::Snapshot;
use crate::evidence::snapshot::LoggedClient;
use crate::view::host_fact;

/// Fewer tries than this are no attack, whoever makes them.
const MANY_TRIES: u64 = 50;
/// A person does not try so many names, nor so often in an hour.
const MANY_NAMES: u64 = 5;
const MANY_AN_HOUR: u64 = 60;
/// From so many addresses of the Internet that fail it is an attack, however little each tries.
const CROWD: usize = 10;
/// An attack that ended earlier is over; somebody who could not log on may have given up for some days.
const HOURS: i64 = 72;
const PEOPLE_HOURS: i64 = 7 * 24;

/// Guesses of strangers, put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attack {
    pub(super) tries: u64,
    pub(super) names: u64,
    pub(super) addresses: usize,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    /// The pointers to those who tried most.
    pub(super) facts: Vec<String>,
}

impl Attack {
    /// Tries in an hour, over the time from the first to the last.
    pub(super) fn per_hour(&self) -> u64 {
        per_hour(self.tries, self.first, self.last)
    }
}

/// The guesses of strangers that the log of the last days shows, where they are many.
pub(super) fn attack(host: &Snapshot) -> Option<Attack> {
    let mut strangers: Vec<(usize, &LoggedClient)> = strangers(host).collect();
    strangers.sort_by_key(|(_, client)| std::cmp::Reverse(tries(client)));
    let attack = Attack {
        tries: strangers.iter().map(|(_, client)| tries(client)).fold(0, u64::saturating_add),
        names: strangers.iter().map(|(_, client)| names(client)).max()?,
        addresses: strangers.len(),
        first: strangers.iter().map(|(_, client)| client.first).min()?,
        last: strangers.iter().map(|(_, client)| client.last).max()?,
        facts: strangers.iter().take(3).map(|(index, _)| client_fact(*index)).collect(),
    };
    (attack.tries >= MANY_TRIES).then_some(attack)
}

/// People who tried lately, with their place in the snapshot: all that are no strangers.
pub(super) fn people(host: &Snapshot) -> impl Iterator<Item = (usize, &LoggedClient)> {
    let crowd = is_crowd(host);
    let late = host.clients.iter().enumerate().filter(|(_, client)| is_late(host, client.last, PEOPLE_HOURS));
    late.filter(move |(_, client)| !is_stranger(client, crowd))
}

fn strangers(host: &Snapshot) -> impl Iterator<Item = (usize, &LoggedClient)> {
    let crowd = is_crowd(host);
    let late = host.clients.iter().enumerate().filter(|(_, client)| is_late(host, client.last, HOURS));
    late.filter(move |(_, client)| is_stranger(client, crowd))
}

/// Whether so many addresses of the Internet fail that it is one attack from all of them, each trying a little.
fn is_crowd(host: &Snapshot) -> bool {
    let failing = host.clients.iter().filter(|client| is_late(host, client.last, HOURS) && fails_from_outside(client));
    failing.count() >= CROWD
}

fn fails_from_outside(client: &LoggedClient) -> bool {
    client.sessions == 0 && tries(client) > 0 && is_public(client.address)
}

/// The pointer to a client.
pub(super) fn client_fact(index: usize) -> String {
    host_fact(&["clients", &index.to_string()])
}

/// Whoever never had a session, and tries as no person does. A script in one's own network is told by its many names.
fn is_stranger(client: &LoggedClient, crowd: bool) -> bool {
    if crowd && fails_from_outside(client) {
        return true;
    }
    let fast = per_hour(tries(client), client.first, client.last) >= MANY_AN_HOUR;
    let many = tries(client) >= MANY_TRIES;
    let guesses = names(client) >= MANY_NAMES || (is_public(client.address) && (many || fast));
    client.sessions == 0 && tries(client) > MANY_NAMES && guesses
}

/// Logons that failed; where nobody logged those, connections that ended before one.
fn tries(client: &LoggedClient) -> u64 {
    let failed = client.failed.iter().map(|logon| logon.times).fold(0, u64::saturating_add);
    // One connection that breaks leaves several events.
    let broken = if client.connections > 0 { client.broken.min(client.connections) } else { client.broken };
    failed.max(broken)
}

fn names(client: &LoggedClient) -> u64 {
    client.failed.iter().map(|logon| logon.users).max().unwrap_or_default()
}

fn per_hour(tries: u64, first: Timestamp, last: Timestamp) -> u64 {
    let hours = last.duration_since(first).max(SignedDuration::from_hours(1)).as_hours();
    tries / u64::try_from(hours).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Machine, logged_client};

    #[test]
    fn strangers_try_many_names_or_often_and_get_nowhere() {
        let guesser = || logged_client("203.0.113.7", 120).fails(0xC000_0064, 4000, 900);
        let machine = || Machine::healthy().client(guesser());
        let found = attack(&machine().snapshot()).unwrap();
        assert_eq!((found.tries, found.names, found.addresses, found.per_hour()), (4000, 900, 1, 2000));
        assert_eq!(people(&machine().snapshot()).count(), 0);
        let own_network = logged_client("10.0.0.9", 120).fails(0xC000_0064, 400, 90);
        assert!(attack(&Machine::healthy().client(own_network).snapshot()).is_some());
    }

    #[test]
    fn many_addresses_that_try_a_little_each_are_one_attack() {
        let crowd = |addresses: u8| {
            (1..=addresses).fold(Machine::healthy(), |machine, last| {
                let client = logged_client(&format!("203.0.113.{last}"), 60);
                machine.client(LoggedClient { connections: 6, broken: 12, ..client })
            })
        };
        let found = attack(&crowd(12).snapshot()).unwrap();
        assert_eq!((found.tries, found.addresses), (72, 12));
        assert_eq!(attack(&crowd(9).snapshot()), None);
    }

    #[test]
    fn people_fail_seldom_by_one_name_or_get_in_at_last() {
        let typist = || logged_client("203.0.113.7", 60).fails(0xC000_006A, 4, 1);
        let admin = || LoggedClient { sessions: 3, ..logged_client("198.51.100.2", 600).fails(0xC000_006A, 80, 2) };
        let service = || logged_client("10.0.0.3", 60).fails(0xC000_006A, 700, 1);
        let snapshot = Machine::healthy().client(typist()).client(admin()).client(service()).snapshot();
        assert_eq!(attack(&snapshot), None);
        assert_eq!(people(&snapshot).count(), 3);
    }

    #[test]
    fn what_ended_long_ago_does_not_count() {
        let guesser = logged_client("203.0.113.7", 120).fails(0xC000_0064, 4000, 900);
        let old = LoggedClient { last: guesser.last - SignedDuration::from_hours(24 * 20), ..guesser };
        assert_eq!(attack(&Machine::healthy().client(old).snapshot()), None);
    }
}
