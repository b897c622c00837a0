//! Which events are worth decoding.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::token::Utf16;
use super::value;

/// The events to read: pairs of provider and event id, and a span of time.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    everything: bool,
    /// One bit for each event id, as most records fall here.
    ids: Vec<u64>,
    providers: BTreeMap<u16, Vec<String>>,
    /// FILETIME, both ends included.
    from: u64,
    until: Option<u64>,
}

impl Filter {
    /// Every event of every provider.
    pub fn everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    /// Also the events of `provider` (without regard to case) whose id has these low 16 bits.
    #[must_use]
    pub fn with(mut self, provider: &str, id: u16) -> Self {
        self.ids.resize(1024, 0);
        let (word, bit) = place(id);
        if let Some(word) = self.ids.get_mut(word) {
            *word |= bit;
        }
        self.providers.entry(id).or_default().push(provider.to_owned());
        self
    }

    /// Nothing written before `time`.
    #[must_use]
    pub fn since(mut self, time: Timestamp) -> Self {
        self.from = value::filetime(time);
        self
    }

    /// Nothing written after `time`.
    #[must_use]
    pub fn until(mut self, time: Timestamp) -> Self {
        self.until = Some(value::filetime(time));
        self
    }

    pub(super) fn has_time(&self, filetime: u64) -> bool {
        filetime >= self.from && self.until.is_none_or(|until| filetime <= until)
    }

    pub(super) fn has_id(&self, id: u16) -> bool {
        let (word, bit) = place(id);
        self.everything || self.ids.get(word).is_some_and(|word| word & bit != 0)
    }

    pub(super) fn has_provider(&self, provider: Utf16, id: u16) -> bool {
        self.everything || self.of_id(id).any(|name| provider.is(name))
    }

    pub(super) fn has(&self, provider: &str, id: u16) -> bool {
        self.everything || self.of_id(id).any(|name| name.eq_ignore_ascii_case(provider))
    }

    fn of_id(&self, id: u16) -> impl Iterator<Item = &str> {
        self.providers.get(&id).into_iter().flatten().map(String::as_str)
    }
}

impl<S: AsRef<str>> FromIterator<(S, u16)> for Filter {
    fn from_iter<I: IntoIterator<Item = (S, u16)>>(pairs: I) -> Self {
        pairs.into_iter().fold(Self::default(), |wanted, (provider, id)| wanted.with(provider.as_ref(), id))
    }
}

fn place(id: u16) -> (usize, u64) {
    (usize::from(id >> 6), 1 << (id & 63))
}

impl From<&crate::event::Wanted> for Filter {
    fn from(wanted: &crate::event::Wanted) -> Self {
        let filter = wanted.events.iter().map(|(provider, id)| (provider, *id)).collect::<Self>();
        wanted.since.map_or_else(|| filter.clone(), |since| filter.clone().since(since))
    }
}
