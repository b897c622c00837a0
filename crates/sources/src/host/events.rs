use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use rdpdoctor_diagnosis::catalogue::codes::events;
use rdpdoctor_diagnosis::evidence::snapshot::{Channel, HostEvent, LoggedClient, Reading};
use rdpdoctor_machine::event::{Event, Wanted};
use rdpdoctor_machine::{Machine, Way};

use super::LOOK_BACK_DAYS;
use super::correlate::Correlator;

/// The newest events of each kind that are kept.
const KEPT: usize = 20;
/// Kinds that one id is told apart by; of more those that were seen last.
const MOST_KINDS: usize = 64;
/// Characters of one datum that are kept.
const LONGEST_DATUM: usize = 512;
/// Of those by which kinds are told apart.
const LONGEST_KIND: usize = 64;

/// Traces that healthy connections leave by the hundred (RdpCoreTS): they prove nothing.
const NOISE: [(&str, u32); 4] = [
    ("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", 148),
    ("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", 227),
    ("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", 228),
    ("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", 229),
];

/// Ids that say different things by what stands in their data (by its name, or its place where old events have no names):
/// what comes by the hundred does not drive out what is asked for.
const SEVERAL: [Several; 7] = [
    ("Microsoft-Windows-TerminalServices-LocalSessionManager", &[40], &[("Reason", 1)]),
    // The reason of a handshake that failed: of a server or of one of the many clients on the machine.
    ("Schannel", &[36870, 36871], &[("Type", 0), ("ErrorState", 2)]),
    ("Schannel", &[36888], &[("ErrorState", 2)]),
    // Which service, and which program.
    ("Service Control Manager", &[7000, 7001, 7023, 7031, 7034, 7040], &[("param1", 0)]),
    ("Service Control Manager", &[7009], &[("param2", 1)]),
    ("Application Error", &[1000], &[("AppName", 0), ("ModuleName", 3)]),
    ("Microsoft-Windows-Security-Auditing", &[5152, 5157], &[("DestPort", usize::MAX)]),
];

/// A provider, ids of it, and the data that tell its events apart.
type Several = (&'static str, &'static [u16], &'static [(&'static str, usize)]);

/// What the event log tells.
pub(super) struct Logged {
    pub(super) channels: BTreeMap<String, Reading<Option<Channel>>>,
    pub(super) clients: Vec<LoggedClient>,
}

pub(super) fn read(machine: &dyn Machine, now: Timestamp) -> Logged {
    let end = if machine.way() == Way::Disk { newest(machine).unwrap_or(now) } else { now };
    let since = end.checked_sub(SignedDuration::from_hours(24 * LOOK_BACK_DAYS)).ok();
    let mut correlator = Correlator::default();
    let channels = wanted(since).into_iter().map(|(name, wanted)| {
        let channel = channel(machine, name, &wanted, &mut correlator);
        (name.to_owned(), channel)
    });
    let channels = channels.collect();
    Logged { channels, clients: correlator.clients() }
}

/// When the logs of a disk end: it may have been switched off long ago.
fn newest(machine: &dyn Machine) -> Option<Timestamp> {
    let nothing = Wanted::default();
    let ends = wanted(None).into_keys().filter_map(|name| machine.events(name, &nothing, &mut |_| {}).ok()??.newest);
    ends.max()
}

/// The events of the table, by channel.
pub(super) fn wanted(since: Option<Timestamp>) -> BTreeMap<&'static str, Wanted> {
    let mut channels: BTreeMap<&str, BTreeSet<(String, u16)>> = BTreeMap::new();
    for event in events().iter().filter(|event| !NOISE.contains(&(event.provider, event.id))) {
        if let Ok(id) = u16::try_from(event.id) {
            channels.entry(event.channel).or_default().insert((event.provider.to_owned(), id));
        }
    }
    channels.into_iter().map(|(channel, events)| (channel, Wanted { events, since })).collect()
}

fn channel(
    machine: &dyn Machine,
    name: &str,
    wanted: &Wanted,
    correlator: &mut Correlator,
) -> Reading<Option<Channel>> {
    let mut kept = Kept::default();
    let summary = machine.events(name, wanted, &mut |event| {
        correlator.add(&event);
        kept.add(event);
    });
    let channel = summary.map(|summary| {
        summary.map(|summary| Channel {
            oldest: summary.oldest,
            newest: summary.newest,
            records: summary.records,
            damaged: summary.damaged,
            ..kept.channel()
        })
    });
    channel.into()
}

/// The newest events of each kind, and how many of each id there were.
#[derive(Default)]
struct Kept {
    ids: BTreeMap<(String, u16), OneId>,
}

#[derive(Default)]
struct OneId {
    times: u64,
    kinds: HashMap<String, VecDeque<HostEvent>>,
}

impl Kept {
    fn add(&mut self, event: Event) {
        let kind = kind(&event);
        self.ids.entry((event.provider.clone(), event.id)).or_default().add(kind, kept(event));
    }

    fn channel(self) -> Channel {
        let mut channel = Channel::default();
        for ((provider, id), one) in self.ids {
            channel.counts.push((provider, id.into(), one.times));
            channel.events.extend(one.kinds.into_values().flatten());
        }
        channel.events.sort_by_key(|event| (event.time, event.record));
        channel
    }
}

impl OneId {
    fn add(&mut self, kind: String, event: HostEvent) {
        self.times += 1;
        let newest = self.kinds.entry(kind).or_default();
        newest.push_back(event);
        // Files may hold records out of order: the oldest of those kept goes.
        if newest.len() > KEPT {
            let oldest = newest.iter().enumerate().min_by_key(|(_, event)| event.time).map(|(index, _)| index);
            oldest.and_then(|index| newest.remove(index));
        }
        if self.kinds.len() > MOST_KINDS {
            let last = |events: &VecDeque<HostEvent>| events.iter().map(|event| event.time).max();
            let stalest = self.kinds.iter().min_by_key(|(_, events)| last(events)).map(|(kind, _)| kind.clone());
            stalest.and_then(|kind| self.kinds.remove(&kind));
        }
    }
}

/// What tells an event from others of its id; nothing where all say the same.
fn kind(event: &Event) -> String {
    let is_its = |(provider, ids, _): &&Several| *provider == event.provider && ids.contains(&event.id);
    let Some((.., fields)) = SEVERAL.iter().find(is_its) else { return String::new() };
    let values = fields.iter().map(|(name, place)| {
        let last = |known: &str| known.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(name));
        let named = event.data.iter().find(|(known, _)| last(known));
        let value = named.or_else(|| event.data.get(*place).filter(|(name, _)| name.is_empty()));
        value.map(|(_, value)| value.chars().take(LONGEST_KIND).collect::<String>()).unwrap_or_default()
    });
    values.collect::<Vec<_>>().join("\n")
}

fn kept(event: Event) -> HostEvent {
    let shortened = |(name, value): (String, String)| (name, value.chars().take(LONGEST_DATUM).collect());
    HostEvent {
        time: event.time,
        provider: event.provider,
        id: event.id.into(),
        record: event.record,
        data: event.data.into_iter().map(shortened).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSIONS: &str = SEVERAL[0].0;

    fn event(second: i64, provider: &str, id: u16, data: &[(&str, &str)]) -> Event {
        Event {
            record: 1,
            time: Timestamp::from_second(second).unwrap(),
            provider: provider.to_owned(),
            id,
            qualifiers: None,
            level: 4,
            channel: String::new(),
            computer: String::new(),
            process: None,
            activity: None,
            user: None,
            data: data.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            binary: None,
        }
    }

    fn kept_of(events: impl IntoIterator<Item = Event>) -> Channel {
        let mut kept = Kept::default();
        events.into_iter().for_each(|event| kept.add(event));
        kept.channel()
    }

    #[test]
    fn a_reason_that_is_seldom_is_not_driven_out_by_those_that_are_usual() {
        let ended = |second, reason| event(second, SESSIONS, 40, &[("Session", "3"), ("Reason", reason)]);
        let usual = (1..500).map(|second| ended(second, if second % 2 == 0 { "11" } else { "12" }));
        let channel = kept_of([ended(0, "17")].into_iter().chain(usual));
        assert_eq!(channel.counts, [(SESSIONS.to_owned(), 40, 500)]);
        assert_eq!(channel.events.len(), 1 + 2 * KEPT);
        assert_eq!(channel.events[0].field("Reason"), Some("17"));
        assert_eq!(channel.events.last().map(|last| last.time.as_second()), Some(499));
    }

    #[test]
    fn data_without_names_tell_kinds_apart_too() {
        let crash = |second, app, module| {
            event(second, "Application Error", 1000, &[("", app), ("", "1"), ("", "0"), ("", module)])
        };
        let many = (1..100).map(|second| crash(second, "chrome.exe", "chrome.dll"));
        let channel = kept_of([crash(0, "svchost.exe_TermService", "termsrv.dll")].into_iter().chain(many));
        assert_eq!(channel.events.len(), 1 + KEPT);
    }

    #[test]
    fn kinds_are_bounded_and_the_last_ones_stay() {
        let blocked = |port: i64| {
            event(port, "Microsoft-Windows-Security-Auditing", 5157, &[("DestPort", port.to_string().as_str())])
        };
        let channel = kept_of((1..2000).map(blocked));
        assert_eq!(channel.events.len(), MOST_KINDS);
        assert_eq!(channel.events[0].time.as_second(), 2000 - i64::try_from(MOST_KINDS).unwrap());
        assert_eq!(kind(&event(1, "Schannel", 36874, &[("Protocol", "TLS 1.2")])), "");
    }
}
