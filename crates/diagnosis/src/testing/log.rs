//! The event log of a [`Machine`].

use jiff::SignedDuration;

use super::machine::{Machine, now};
use crate::evidence::snapshot::{Channel, HostEvent, LoggedAct, LoggedClient, LoggedLogon, LoggedTrace, Reading};

impl Machine {
    /// A channel in which nothing of interest is, over the last thirty days.
    #[must_use]
    pub fn quiet(mut self, channel: &str) -> Self {
        let oldest = now().checked_sub(SignedDuration::from_hours(30 * 24)).ok();
        let quiet = Channel { oldest, newest: Some(now()), records: 5000, ..Channel::default() };
        self.snapshot.channels.insert(channel.to_owned(), Reading::Observed(Some(quiet)));
        self
    }

    /// An event this many minutes ago, with its data as (name, value).
    #[must_use]
    pub fn event(mut self, channel: &str, provider: &str, id: u32, minutes_ago: i64, data: &[(&str, &str)]) -> Self {
        let time = now().checked_sub(SignedDuration::from_mins(minutes_ago)).expect("a time");
        let data = data.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let event = HostEvent { time, provider: provider.to_owned(), id, record: 1, data };
        let entry = self.snapshot.channels.entry(channel.to_owned()).or_insert(Reading::NotTried);
        if !matches!(entry, Reading::Observed(Some(_))) {
            *entry = Reading::Observed(Some(Channel::default()));
        }
        if let Reading::Observed(Some(log)) = entry {
            match log.counts.iter_mut().find(|(known, number, _)| known == provider && *number == id) {
                Some((_, _, times)) => *times += 1,
                None => log.counts.push((provider.to_owned(), id, 1)),
            }
            log.events.push(event);
        }
        self
    }

    /// A client that the log shows.
    #[must_use]
    pub fn client(mut self, client: LoggedClient) -> Self {
        self.snapshot.clients.push(client);
        self
    }
}

/// A client that the log shows from so many minutes ago until now, and nothing that it did.
pub fn logged_client(address: &str, minutes: i64) -> LoggedClient {
    LoggedClient {
        address: address.parse().expect("an address"),
        first: now().checked_sub(SignedDuration::from_mins(minutes)).expect("a time"),
        last: now(),
        connections: 0,
        established: 0,
        broken: 0,
        authenticated: 0,
        sessions: 0,
        failed: Vec::new(),
        newest: Vec::new(),
    }
}

impl LoggedClient {
    /// Its logons failed so often with this status, by so many users.
    #[must_use]
    pub fn fails(mut self, status: u32, times: u64, users: u64) -> Self {
        self.failed.push(LoggedLogon { status, times, users });
        self
    }

    /// It did this, so many minutes ago.
    #[must_use]
    pub fn did(mut self, minutes_ago: i64, act: LoggedAct) -> Self {
        let time = now().checked_sub(SignedDuration::from_mins(minutes_ago)).expect("a time");
        match act {
            LoggedAct::Connected => self.connections += 1,
            LoggedAct::Established => self.established += 1,
            LoggedAct::Broke => self.broken += 1,
            LoggedAct::Authenticated => self.authenticated += 1,
            LoggedAct::BeganSession => self.sessions += 1,
            LoggedAct::FailedLogon(status) => match self.failed.iter_mut().find(|logon| logon.status == status) {
                Some(logon) => logon.times += 1,
                None => self.failed.push(LoggedLogon { status, times: 1, users: 1 }),
            },
        }
        self.newest.push(LoggedTrace { time, act });
        self
    }
}
