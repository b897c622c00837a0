//! Events of the log, the same for every back.

use std::collections::BTreeSet;

use jiff::Timestamp;

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The number of the record.
    pub record: u64,
    /// When it was written.
    pub time: Timestamp,
    /// Who wrote it.
    pub provider: String,
    /// Its id, without qualifiers.
    pub id: u16,
    /// The high 16 bits of the id of classic events.
    pub qualifiers: Option<u16>,
    /// 1 critical, 2 error, 3 warning, 4 information, 0 always.
    pub level: u8,
    /// The channel.
    pub channel: String,
    /// The computer.
    pub computer: String,
    /// The process that wrote it.
    pub process: Option<u32>,
    /// What belongs together: a GUID in braces and in lower case.
    pub activity: Option<String>,
    /// The account of the writer, as S-1-….
    pub user: Option<String>,
    /// Name and value, in order. The name is that of a `Data` element, empty where it has none. Of other elements it is
    /// the path below `EventData` or `UserData`, such as `EventXML/Address`, and `/@name` for an attribute.
    pub data: Vec<(String, String)>,
    /// What a classic event adds besides its strings.
    pub binary: Option<Vec<u8>>,
}

impl Event {
    /// The first value with this name, or with a path that ends in it.
    pub fn value(&self, name: &str) -> Option<&str> {
        let is = |path: &str| path.strip_suffix(name).is_some_and(|head| head.is_empty() || head.ends_with('/'));
        self.data.iter().find(|(path, _)| !name.is_empty() && is(path)).map(|(_, value)| value.as_str())
    }
}

/// Which events are worth decoding.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Providers with the ids of their events.
    pub events: BTreeSet<(String, u16)>,
    /// Not those before this.
    pub since: Option<Timestamp>,
}

impl Wanted {
    /// These events, at any time.
    pub fn of<'a>(events: impl IntoIterator<Item = (&'a str, u16)>) -> Self {
        Self { events: events.into_iter().map(|(provider, id)| (provider.to_owned(), id)).collect(), since: None }
    }

    /// Whether an event is one of them.
    pub fn has(&self, provider: &str, id: u16) -> bool {
        self.events.iter().any(|(known, number)| *number == id && known.eq_ignore_ascii_case(provider))
    }
}

/// What there was in a log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Records looked at.
    pub records: u64,
    /// Events that were wanted.
    pub matched: u64,
    /// Stretches that could not be read.
    pub damaged: u64,
    /// The time of the oldest record.
    pub oldest: Option<Timestamp>,
    /// The time of the newest.
    pub newest: Option<Timestamp>,
}
