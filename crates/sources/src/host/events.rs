use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use rdpdoctor_diagnosis::catalogue::codes::events;
use rdpdoctor_diagnosis::evidence::snapshot::{Channel, HostEvent, LoggedClient, Reading};
use rdpdoctor_machine::event::{Event, Wanted};
use rdpdoctor_machine::{Machine, Way};

use super::LOOK_BACK_DAYS;
use super::correlate::Correlator;

/// The newest events of each kind that are kept.
const KEPT: usize = 20;
/// Characters of one datum that are kept.
const LONGEST_DATUM: usize = 512;

/// Traces that healthy connections leave by the hundred (RdpCoreTS): they prove nothing.
const NOISE: [(&str, u32); 4] = [
    ("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", 148),
    ("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", 227),
    ("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", 228),
    ("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", 229),
];

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

/// The newest events of each kind, and how many there were.
#[derive(Default)]
struct Kept {
    kinds: BTreeMap<(String, u16), (u64, VecDeque<HostEvent>)>,
}

impl Kept {
    fn add(&mut self, event: Event) {
        let (times, newest) = self.kinds.entry((event.provider.clone(), event.id)).or_default();
        *times += 1;
        newest.push_back(kept(event));
        // Files may hold records out of order: the oldest of those kept goes.
        if newest.len() > KEPT {
            let oldest = newest.iter().enumerate().min_by_key(|(_, event)| event.time).map(|(index, _)| index);
            oldest.and_then(|index| newest.remove(index));
        }
    }

    fn channel(self) -> Channel {
        let mut channel = Channel::default();
        for ((provider, id), (times, newest)) in self.kinds {
            channel.counts.push((provider, id.into(), times));
            channel.events.extend(newest);
        }
        channel.events.sort_by_key(|event| (event.time, event.record));
        channel
    }
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
