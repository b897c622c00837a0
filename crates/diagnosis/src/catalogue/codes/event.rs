use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Standing, letters, list, parse_stages, table};
use crate::Stage;
use crate::evidence::ToldCode;

/// Columns: channel, provider, id, meaning, stage, causes, fields, confidence, source.
const TABLE: &str = include_str!("../../../../../data/events.csv");
const COLUMNS: usize = 9;

static EVENTS: LazyLock<Vec<Event>> = LazyLock::new(|| table::borrowed(TABLE).filter_map(|row| event(&row)).collect());

static PROVIDERS: LazyLock<HashMap<String, &'static Event>> = LazyLock::new(|| {
    let named = events().iter().flat_map(|event| event.names().map(move |name| (letters(name), event)));
    named.collect()
});

/// An event of the Windows log and what it says about Remote Desktop.
#[derive(Debug)]
pub struct Event {
    /// The log that it stands in.
    pub channel: &'static str,
    /// Who writes it.
    pub provider: &'static str,
    /// Its id without qualifiers: the low 16 bits of a classic one.
    pub id: u32,
    /// What it says.
    pub meaning: &'static str,
    /// The stages that it is about; empty where that may be any.
    pub stages: Vec<Stage>,
    /// Ids of the causes that fit, likeliest first. Our judgement, not the source's.
    pub causes: Vec<&'static str>,
    /// The fields worth reading.
    pub fields: &'static str,
    /// How far the source carries.
    pub confidence: Standing,
    /// Where it is written.
    pub source: &'static str,
}

impl Event {
    /// The provider without the names of maker and product: `Schannel`, `RemoteConnectionManager`.
    pub fn short_provider(&self) -> &'static str {
        short(self.provider)
    }

    /// Whether a person means its provider or its channel by this word.
    pub fn is_from(&self, word: &str) -> bool {
        let word = letters(word);
        self.names().any(|name| letters(name) == word)
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        let channel = self.channel.split('/').next().unwrap_or_default();
        let provider = self.provider;
        let short_names = NICKNAMES.iter().filter(move |(_, of)| *of == provider).map(|(name, _)| *name);
        [provider, short(provider), channel, short(channel)].into_iter().chain(short_names)
    }
}

/// What people call the providers for short.
const NICKNAMES: &[(&str, &str)] = &[
    ("rcm", "Microsoft-Windows-TerminalServices-RemoteConnectionManager"),
    ("termservice", "Microsoft-Windows-TerminalServices-RemoteConnectionManager"),
    ("lsm", "Microsoft-Windows-TerminalServices-LocalSessionManager"),
    ("rdpclient", "Microsoft-Windows-TerminalServices-ClientActiveXCore"),
    ("firewall", "Microsoft-Windows-Windows Firewall With Advanced Security"),
    ("scm", "Service Control Manager"),
    ("time", "Microsoft-Windows-Time-Service"),
    ("rdgateway", "Microsoft-Windows-TerminalServices-Gateway"),
    ("kernelpower", "Microsoft-Windows-Kernel-Power"),
];

/// Every event, in the order of the table.
pub fn events() -> &'static [Event] {
    &EVENTS
}

/// The events with this id; the qualifiers of a classic event do not matter.
pub fn events_with_id(id: u32) -> Vec<&'static Event> {
    let qualified = matches!(id >> 16, 0x4000 | 0x8000 | 0xC000);
    let id = if qualified { id & 0xFFFF } else { id };
    EVENTS.iter().filter(|event| event.id == id).collect()
}

/// The events that a told code may mean: those of its provider where it is written as `Schannel/36874`.
pub fn events_told(told: &ToldCode) -> Vec<&'static Event> {
    let mut found = events_with_id(told.value);
    if let Some((provider, _)) = told.text.rsplit_once('/') {
        found.retain(|event| event.is_from(provider));
    }
    found
}

/// Some event of the provider or channel that people call so.
pub(super) fn provider(word: &str) -> Option<&'static Event> {
    PROVIDERS.get(&letters(word)).copied()
}

fn short(name: &'static str) -> &'static str {
    let short = name.strip_prefix("Microsoft-Windows-").unwrap_or(name);
    ["TerminalServices-", "RemoteDesktopServices-"]
        .iter()
        .find_map(|prefix| short.strip_prefix(prefix))
        .unwrap_or(short)
}

fn event(row: &[&'static str]) -> Option<Event> {
    let [channel, provider, id, meaning, stages, causes, fields, confidence, source] =
        <[&str; COLUMNS]>::try_from(row).ok()?;
    Some(Event {
        channel,
        provider,
        id: id.parse().ok()?,
        meaning,
        stages: parse_stages(stages)?,
        causes: list(causes),
        fields,
        confidence: Standing::parse(confidence)?,
        source,
    })
}
