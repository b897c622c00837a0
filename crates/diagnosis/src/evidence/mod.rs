//! What was seen of one target: typed, sourced, timed, and never judged.

mod attempt;
mod credssp;
mod path;
mod resolution;
mod seen;
mod service;
mod sibling;
pub mod snapshot;
mod target;
mod told;

pub use attempt::{
    Attempt, Connected, Der, Ending, KeyExchangeSeen, NegotiateAnswer, NegotiateOffer, Negotiated, Offer, Routing,
    ServerHelloSeen, StrangerSeen, TlsCompleted, TlsOffer, TlsSeen, Trust, Unreachable,
};
pub use credssp::{CredsspSeen, NtlmChallenge, NtlmVersion};
pub use path::{Echo, EchoOutcome};
pub use resolution::{LookupOutcome, NameServerAnswer, RecordType, Resolution, SystemAnswer};
pub use seen::{Seen, Source};
pub use service::{RemoteService, ServiceAnswer, ServiceSeen};
pub use sibling::{Sibling, share_sightings};
pub use snapshot::Snapshot;
pub use target::{Target, TargetError};
pub use told::{Told, ToldCode, ToldFact};

use std::net::{IpAddr, SocketAddr};

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of [`Evidence`] as JSON; readers ignore fields that they do not know within one version.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything that is known of one target. Several sources add to one value; what contradicts stays side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The version of this layout.
    pub schema_version: u32,
    /// What was asked for.
    pub target: Target,
    /// When the first measurement began; every `…_ms` below counts from here unless it says otherwise.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// How the name became addresses.
    pub resolution: Resolution,
    /// Every TCP connection, live or captured, in the order in which they were begun.
    pub attempts: Vec<Attempt>,
    /// ICMP echoes.
    pub echoes: Vec<Echo>,
    /// Services by which the machine could be reached otherwise, where they were asked for.
    #[serde(default)]
    pub services: Vec<ServiceSeen>,
    /// What other targets of the same run showed, for causes that one target alone cannot show.
    #[serde(default)]
    pub siblings: Vec<Sibling>,
    /// What a person says of the failure.
    #[serde(default)]
    pub told: Told,
    /// The id of the client that the question is about; none for a current mstsc.
    #[serde(default)]
    pub client: Option<String>,
    /// What the server shows of itself, where somebody looked there.
    #[serde(default)]
    pub host: Option<Box<Snapshot>>,
    /// What the machine that connects shows of itself, where somebody looked there.
    #[serde(default)]
    pub origin: Option<Box<Snapshot>>,
}

impl Evidence {
    /// Evidence of a target of which nothing has been measured yet.
    pub fn new(target: Target, started: Timestamp) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            target,
            started,
            resolution: Resolution::default(),
            attempts: Vec::new(),
            echoes: Vec::new(),
            services: Vec::new(),
            siblings: Vec::new(),
            told: Told::default(),
            client: None,
            host: None,
            origin: None,
        }
    }

    /// Adds what the server shows of itself. What it logged while we probed it are our own traces, and left out.
    pub fn look_at_host(&mut self, mut host: Snapshot) {
        if let Some((from, until)) = self.probed() {
            host.set_aside(from, until);
        }
        self.host = Some(Box::new(host));
    }

    /// From the first attempt until the last, with what clocks and logs may be late.
    fn probed(&self) -> Option<(Timestamp, Timestamp)> {
        const LATE: SignedDuration = SignedDuration::from_secs(2);
        let after = |ms: f64| SignedDuration::try_from_secs_f64(ms / 1000.0).ok();
        let starts = self.attempts.iter().map(|attempt| attempt.started_ms);
        let ends = self.attempts.iter().map(|attempt| attempt.started_ms + attempt.ended_ms);
        let first = after(starts.reduce(f64::min)?)?.checked_sub(LATE)?;
        let last = after(ends.reduce(f64::max)?)?.checked_add(LATE)?;
        Some((self.started.checked_add(first).ok()?, self.started.checked_add(last).ok()?))
    }

    /// The target's addresses in the order in which a client would take them; empty until they are known.
    pub fn addresses(&self) -> Vec<IpAddr> {
        if let Some(address) = self.target.literal() {
            return vec![address];
        }
        match self.resolution.system.observed() {
            Some(SystemAnswer::Addresses { addresses }) => addresses.clone(),
            _ => Vec::new(),
        }
    }

    /// The same with the target's port.
    pub fn endpoints(&self) -> Vec<SocketAddr> {
        self.addresses().into_iter().map(|address| SocketAddr::new(address, self.target.port)).collect()
    }

    /// Attempts at one endpoint with their place in [`Evidence::attempts`].
    pub fn attempts_at(&self, endpoint: SocketAddr) -> impl DoubleEndedIterator<Item = (usize, &Attempt)> {
        self.attempts.iter().enumerate().filter(move |(_, attempt)| attempt.endpoint == endpoint)
    }

    /// Attempts at one endpoint that made exactly this offer.
    pub fn tries<'a>(
        &'a self,
        endpoint: SocketAddr,
        offer: &'a Offer,
    ) -> impl DoubleEndedIterator<Item = (usize, &'a Attempt)> {
        self.attempts_at(endpoint).filter(move |(_, attempt)| attempt.offer == *offer)
    }

    /// The ICMP echo sent to this address.
    pub fn echo(&self, address: IpAddr) -> Option<(usize, &Echo)> {
        self.echoes.iter().enumerate().find(|(_, echo)| echo.address == address)
    }

    /// The endpoint that a client would end up at: the first that takes a TCP connection, else the first.
    pub fn client_endpoint(&self) -> Option<SocketAddr> {
        let endpoints = self.endpoints();
        let connects = |endpoint: &&SocketAddr| self.attempts_at(**endpoint).any(|(_, a)| a.connected.is_some());
        endpoints.iter().find(connects).or(endpoints.first()).copied()
    }

    /// TCP connections begun, which is what the budget counts.
    pub fn connections(&self) -> usize {
        self.attempts.len()
    }
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use crate::testing::{Machine, Scene};

    #[test]
    fn our_own_traces_in_the_log_are_left_out() {
        let mut evidence = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL).completes_tls()).evidence();
        let schannel = |machine: Machine, ago| machine.event("System", "Schannel", 36874, ago, &[]);
        evidence.look_at_host(schannel(schannel(Machine::healthy(), 0), 5).snapshot());
        let left = evidence.host.unwrap();
        assert_eq!(left.events("Schannel", 36874).len(), 1, "that of five minutes ago");
    }
}
