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
pub use snapshot::{Probed, Snapshot};
pub use target::{Target, TargetError};
pub use told::{Told, ToldCode, ToldFact};

use std::net::{IpAddr, SocketAddr};

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::is_public;

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

    /// Adds what the server shows of itself. What it logged of our own probe is left out.
    pub fn look_at_host(&mut self, mut host: Snapshot) {
        if let Some(probed) = self.probed() {
            host.set_aside(&probed);
        }
        self.host = Some(Box::new(host));
    }

    /// From the first attempt until the last, with what clocks and logs may be late, and from where.
    fn probed(&self) -> Option<Probed> {
        const LATE: SignedDuration = SignedDuration::from_secs(2);
        let after = |ms: f64| SignedDuration::try_from_secs_f64(ms / 1000.0).ok();
        let starts = self.attempts.iter().map(|attempt| attempt.started_ms);
        let ends = self.attempts.iter().map(|attempt| attempt.started_ms + attempt.ended_ms);
        let first = after(starts.reduce(f64::min)?)?.checked_sub(LATE)?;
        let last = after(ends.reduce(f64::max)?)?.checked_add(LATE)?;
        let came = self.attempts.iter().filter(|attempt| attempt.connected.is_some());
        let local = |attempt: &Attempt| attempt.local.map(|local| local.ip().to_canonical());
        Some(Probed {
            from: self.started.checked_add(first).ok()?,
            until: self.started.checked_add(last).ok()?,
            addresses: came.map(local).collect(),
            translated: self.attempts.iter().any(is_translated),
        })
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

/// Whether a router between us and the other end must have put an address of its own in the place of ours.
fn is_translated(attempt: &Attempt) -> bool {
    let leaves = |local: SocketAddr| !is_public(local.ip()) && is_public(attempt.endpoint.ip());
    attempt.connected.is_some() && attempt.local.is_some_and(leaves)
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use super::*;
    use crate::testing::{Machine, Scene};

    fn probed_from(local: Option<&str>, machine: Machine) -> Snapshot {
        let mut evidence = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL).completes_tls()).evidence();
        evidence.attempts[0].local = local.map(|local| local.parse().unwrap());
        evidence.look_at_host(machine.snapshot());
        *evidence.host.unwrap()
    }

    #[test]
    fn our_own_traces_in_the_log_are_left_out() {
        let schannel = |machine: Machine, ago| machine.event("System", "Schannel", 36874, ago, &[]);
        let left = probed_from(Some("10.0.0.7:50123"), schannel(schannel(Machine::healthy(), 0), 5));
        assert_eq!(left.events("Schannel", 36874).len(), 1, "that of five minutes ago");
    }

    #[test]
    fn what_another_client_did_while_we_probed_counts() {
        const CORE: &str = "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS";
        let machine = || {
            let from = |machine: Machine, client| machine.event("core", CORE, 140, 0, &[("IPString", client)]);
            let clients = ["10.0.0.7", "10.0.0.8", "203.0.113.9", "127.0.0.1"];
            clients.into_iter().fold(Machine::unread(), from)
        };
        let left = |local| {
            let left = probed_from(local, machine());
            left.events(CORE, 140).iter().map(|event| event.data[0].1.clone()).collect::<Vec<_>>()
        };
        assert_eq!(left(Some("10.0.0.7:50123")), ["10.0.0.8", "203.0.113.9"]);
        assert_eq!(left(Some("10.0.0.9:50123")), ["10.0.0.7", "10.0.0.8", "203.0.113.9"]);
        assert!(left(None).is_empty(), "from where we came is not known");
    }
}
