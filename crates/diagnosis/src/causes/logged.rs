//! What the event log of a machine says, newest first in mind: an event is worth something near the moment it is about.

use jiff::{SignedDuration, Timestamp};
use rdpdoctor_protocol::text::safe_text;

use crate::evidence::Snapshot;
use crate::evidence::snapshot::{Channel, HostEvent, ReadBy, Reading};
use crate::view::host_fact;

pub(super) const MANAGER: &str = "Microsoft-Windows-TerminalServices-RemoteConnectionManager";
pub(super) const SESSIONS: &str = "Microsoft-Windows-TerminalServices-LocalSessionManager";
pub(super) const SERVICES: &str = "Service Control Manager";
pub(super) const CRASHES: &str = "Application Error";
pub(super) const AUDITING: &str = "Microsoft-Windows-Security-Auditing";
pub(super) const NETLOGON: &str = "NETLOGON";

/// An event with the pointer to it.
#[derive(Debug, Clone)]
pub(super) struct Logged<'a> {
    pub(super) event: &'a HostEvent,
    pub(super) fact: String,
}

impl Logged<'_> {
    /// Its moment, for a reader.
    pub(super) fn when(&self) -> String {
        moment(self.event.time)
    }
}

/// Why a session was disconnected, by event 40 of the session manager.
pub(super) fn reason(event: &HostEvent) -> Option<u32> {
    event.field("Reason")?.trim().parse().ok()
}

/// A text of the machine, fit for a sentence.
pub(super) fn short(text: &str) -> String {
    safe_text(text, 120)
}

/// A moment in UTC, for a reader.
pub(super) fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Events of one provider with one of these ids, over all channels, in order of time.
pub(super) fn logged<'a>(host: &'a Snapshot, provider: &str, ids: &[u32]) -> Vec<Logged<'a>> {
    let read = host.channels.iter().filter_map(|(name, channel)| Some((name, channel.observed()?.as_ref()?)));
    let all = read.flat_map(|(name, channel)| {
        let numbered = channel.events.iter().enumerate();
        numbered.map(move |(index, event)| (name, index, event))
    });
    let wanted = all.filter(|(_, _, event)| event.provider.eq_ignore_ascii_case(provider) && ids.contains(&event.id));
    let fact = |name: &str, index: usize| host_fact(&["channels", name, "observed", "events", &index.to_string()]);
    let mut found: Vec<Logged<'a>> =
        wanted.map(|(name, index, event)| Logged { event, fact: fact(name, index) }).collect();
    found.sort_by_key(|logged| logged.event.time);
    found
}

/// The same within so many hours before the machine was last seen running.
pub(super) fn lately<'a>(host: &'a Snapshot, provider: &str, ids: &[u32], hours: i64) -> Vec<Logged<'a>> {
    let now = last_seen(host);
    logged(host, provider, ids).into_iter().filter(|logged| is_near(logged.event.time, now, hours)).collect()
}

/// Whether a moment is within so many hours before the machine was last seen running.
pub(super) fn is_late(host: &Snapshot, time: Timestamp, hours: i64) -> bool {
    is_near(time, last_seen(host), hours)
}

fn is_near(time: Timestamp, now: Timestamp, hours: i64) -> bool {
    now.duration_since(time) <= SignedDuration::from_hours(hours)
}

/// When the machine last ran, as far as is known: a disk may have lain about since its last event.
pub(super) fn last_seen(host: &Snapshot) -> Timestamp {
    let newest = host.channels.values().filter_map(Reading::observed).flatten().filter_map(newest_of).max();
    newest.filter(|_| host.way == ReadBy::Disk).map_or(host.taken, |newest| newest.min(host.taken))
}

fn newest_of(channel: &Channel) -> Option<Timestamp> {
    channel.newest.max(channel.events.iter().map(|event| event.time).max())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Machine;

    #[test]
    fn events_come_in_order_with_pointers_that_lead_to_them() {
        let machine = Machine::unread().event("b/c", MANAGER, 1006, 5, &[]).event("a", MANAGER, 1006, 9, &[]);
        let evidence = machine.event("a", MANAGER, 1149, 1, &[]).evidence();
        let report = serde_json::json!({ "evidence": evidence });
        let found = logged(evidence.host.as_deref().unwrap(), MANAGER, &[1006]);
        assert_eq!(found.len(), 2);
        assert!(found[0].event.time < found[1].event.time);
        for one in found {
            assert_eq!(report.pointer(&one.fact).unwrap()["id"], 1006);
        }
    }

    #[test]
    fn names_of_providers_and_data_are_found_however_they_are_written() {
        let host = Machine::unread().event("System", "Netlogon", 5719, 5, &[("EventXML/Reason", " 9 ")]).snapshot();
        let found = logged(&host, NETLOGON, &[5719]);
        assert_eq!(found.first().and_then(|logged| reason(logged.event)), Some(9));
    }

    #[test]
    fn a_disk_counts_from_its_last_event() {
        let machine = || Machine::unread().event("a", MANAGER, 1006, 60 * 24 * 40, &[]);
        assert!(lately(&machine().snapshot(), MANAGER, &[1006], 24).is_empty());
        assert_eq!(lately(&machine().on_disk().snapshot(), MANAGER, &[1006], 24).len(), 1);
    }
}
