//! Evidence in a few readable lines, for the tests of causes and reports.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::missing_panics_doc, reason = "test code may stop")]

mod certificate;
mod identity;
mod keys;
mod log;
mod machine;
mod policies;

pub use certificate::CertificateMaker;
pub use identity::challenge_by;
pub use keys::{KEY_FILE, MACHINE_GUID};
pub use log::logged_client;
pub use machine::Machine;

use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use rdpdoctor_protocol::negotiation::{FailureCode, Protocols, ResponseFlags};
use rdpdoctor_protocol::stranger::Stranger;
use rdpdoctor_protocol::tls::{CipherSuite, ProtocolVersion};

use crate::catalogue::codes;
use crate::evidence::{
    Attempt, Connected, Echo, EchoOutcome, Ending, Evidence, KeyExchangeSeen, LookupOutcome, NameServerAnswer,
    NegotiateAnswer, Negotiated, Offer, RecordType, Seen, ServerHelloSeen, Source, StrangerSeen, SystemAnswer, Target,
    TlsCompleted, TlsSeen,
};

/// Builds evidence step by step. Every attempt goes to the first address unless it says otherwise.
#[derive(Debug, Clone)]
pub struct Scene {
    evidence: Evidence,
}

impl Scene {
    /// A target asked for by address.
    pub fn at(address: &str) -> Self {
        Self { evidence: Evidence::new(target(address), Timestamp::UNIX_EPOCH) }
    }

    /// A target asked for by name, that the system's resolver turns into these addresses.
    pub fn named(name: &str, addresses: &[&str]) -> Self {
        let addresses = addresses.iter().map(|address| ip(address)).collect();
        Self::unresolved(name).system(SystemAnswer::Addresses { addresses })
    }

    /// A name of which nothing is known yet.
    pub fn unresolved(name: &str) -> Self {
        Self::at(name)
    }

    /// What the system's resolver said.
    #[must_use]
    pub fn system(mut self, answer: SystemAnswer) -> Self {
        self.evidence.resolution.system = Seen::by_probe(answer, Timestamp::UNIX_EPOCH);
        self.evidence.resolution.system_ms = Some(3.0);
        self
    }

    /// What each name server said about the A record of the target's name, from 192.0.2.1 on.
    #[must_use]
    pub fn name_servers(mut self, outcomes: &[LookupOutcome]) -> Self {
        let name = self.evidence.target.host.clone();
        let answer = |(last, outcome): (u8, &LookupOutcome)| NameServerAnswer {
            server: SocketAddr::from(([192, 0, 2, last], 53)),
            name: name.clone(),
            record: RecordType::A,
            outcome: outcome.clone(),
            after_ms: 4.0,
        };
        let answers = (1..).zip(outcomes).map(answer).collect();
        self.evidence.resolution.name_servers = Seen::by_probe(answers, Timestamp::UNIX_EPOCH);
        self
    }

    /// An attempt with the offer of a current mstsc; it ends in nothing but what `script` adds.
    #[must_use]
    pub fn client(self, script: impl FnOnce(Script) -> Script) -> Self {
        self.tries(Offer::mstsc(), script)
    }

    /// An attempt that negotiates these protocols and goes no further.
    #[must_use]
    pub fn asks(self, protocols: Protocols, script: impl FnOnce(Script) -> Script) -> Self {
        self.tries(Offer::negotiate(protocols), script)
    }

    /// An attempt with any offer.
    #[must_use]
    pub fn tries(mut self, offer: Offer, script: impl FnOnce(Script) -> Script) -> Self {
        let endpoint = self.evidence.endpoints()[0];
        self.evidence.attempts.push(script(Script::new(endpoint, offer)).attempt);
        self
    }

    /// A TCP connection to another port of the first address.
    #[must_use]
    pub fn knocks(mut self, port: u16, ending: Ending) -> Self {
        let endpoint = SocketAddr::new(self.evidence.endpoints()[0].ip(), port);
        self.evidence.attempts.push(Script::new(endpoint, Offer::knock()).ends(ending).attempt);
        self
    }

    /// One ICMP echo to the first address.
    #[must_use]
    pub fn echo(mut self, outcome: Seen<EchoOutcome>) -> Self {
        let address = self.evidence.endpoints()[0].ip();
        self.evidence.echoes.push(Echo { address, outcome });
        self
    }

    /// An ICMP echo that was answered.
    #[must_use]
    pub fn answers_echo(self) -> Self {
        self.echo(Seen::by_probe(EchoOutcome::Answered { after_ms: 1.0 }, Timestamp::UNIX_EPOCH))
    }

    /// An ICMP echo that was not answered.
    #[must_use]
    pub fn ignores_echo(self) -> Self {
        self.echo(Seen::by_probe(EchoOutcome::Silent, Timestamp::UNIX_EPOCH))
    }

    /// What somebody says of the failure, as `ID` or `ID=VALUE`.
    #[must_use]
    pub fn told(mut self, facts: &[&str]) -> Self {
        let read = facts.iter().map(|fact| fact.parse().expect("a fact of the list"));
        self.evidence.told.facts.extend(read);
        self
    }

    /// The error codes in a text that somebody pastes.
    #[must_use]
    pub fn error(mut self, text: &str) -> Self {
        self.evidence.told.codes.extend(codes::read(text).codes);
        self
    }

    /// The evidence so far.
    pub fn evidence(self) -> Evidence {
        self.evidence
    }
}

/// One attempt. Steps after the first imply those before; whatever is not said ends in `Ours`.
#[derive(Debug, Clone)]
pub struct Script {
    attempt: Attempt,
}

impl Script {
    fn new(endpoint: SocketAddr, offer: Offer) -> Self {
        let attempt = Attempt {
            source: Source::Probe,
            endpoint,
            local: None,
            offer,
            started_ms: 0.0,
            connected: None,
            negotiated: None,
            tls: None,
            credssp: None,
            received: 0,
            ending: Ending::Ours,
            ended_ms: 10_000.0,
        };
        Self { attempt }
    }

    /// To another endpoint.
    #[must_use]
    pub fn to(mut self, endpoint: &str) -> Self {
        self.attempt.endpoint = endpoint.parse().expect("an endpoint");
        self
    }

    /// TCP is established, after so many milliseconds.
    #[must_use]
    pub fn connects_after(mut self, after_ms: f64) -> Self {
        self.attempt.connected = Some(Connected { after_ms });
        self
    }

    /// TCP is established.
    #[must_use]
    pub fn connects(self) -> Self {
        self.connects_after(1.0)
    }

    /// RDP_NEG_RSP.
    #[must_use]
    pub fn selects(self, protocols: Protocols) -> Self {
        self.confirms(NegotiateAnswer::Selected { protocols, flags: ResponseFlags(0) })
    }

    /// A Connection Confirm without negotiation data.
    #[must_use]
    pub fn confirms_without_data(self) -> Self {
        self.confirms(NegotiateAnswer::NoData)
    }

    fn confirms(mut self, answer: NegotiateAnswer) -> Self {
        self = self.reached();
        self.attempt.negotiated = Some(Negotiated { after_ms: 1.0, answer });
        self.attempt.received = 19;
        self
    }

    /// RDP_NEG_FAILURE.
    #[must_use]
    pub fn fails(self, code: FailureCode) -> Self {
        let mut script = self.reached().ends(Ending::NegotiationFailure { code });
        script.attempt.received = 19;
        script
    }

    /// A ClientHello was sent.
    #[must_use]
    pub fn starts_tls(mut self) -> Self {
        self.attempt.tls = Some(TlsSeen::default());
        self
    }

    /// A completed TLS 1.2 handshake.
    #[must_use]
    pub fn completes_tls(self) -> Self {
        self.completes(ProtocolVersion::TLS12, CipherSuite(0xc030))
    }

    /// A completed handshake in which the server chose this.
    #[must_use]
    pub fn completes(mut self, version: ProtocolVersion, suite: CipherSuite) -> Self {
        self = self.answers_hello(version, suite);
        let tls = self.attempt.tls.get_or_insert_default();
        tls.records = 5;
        tls.completed = Some(TlsCompleted { after_ms: 5.0 });
        self
    }

    /// The server's first flight with this choice, and a signature that fits its certificate where the suite has one.
    #[must_use]
    pub fn answers_hello(mut self, version: ProtocolVersion, suite: CipherSuite) -> Self {
        let signed = suite.parameters().is_some_and(|parts| parts.forward_secrecy);
        let key_exchange = KeyExchangeSeen { verified: signed.then_some(true), ..KeyExchangeSeen::default() };
        self.attempt.tls = Some(TlsSeen {
            records: 3,
            server_hello: Some(ServerHelloSeen { after_ms: 2.0, version, suite }),
            key_exchange: Some(key_exchange),
            ..TlsSeen::default()
        });
        self
    }

    /// How the key was exchanged; after the choice.
    #[must_use]
    pub fn exchanges(mut self, key_exchange: KeyExchangeSeen) -> Self {
        self.attempt.tls.get_or_insert_default().key_exchange = Some(key_exchange);
        self
    }

    /// Another protocol answers.
    #[must_use]
    pub fn meets(self, protocol: Stranger, banner: &str, proxy_markers: &[&str]) -> Self {
        let proxy_markers = proxy_markers.iter().map(|marker| (*marker).to_owned()).collect();
        let seen = StrangerSeen { protocol, banner: banner.to_owned(), spoke_first: false, proxy_markers };
        self.reached().ends(Ending::Stranger(seen))
    }

    /// How it ended.
    #[must_use]
    pub fn ends(mut self, ending: Ending) -> Self {
        self.attempt.ending = ending;
        self
    }

    /// When it ended.
    #[must_use]
    pub fn after(mut self, ended_ms: f64) -> Self {
        self.attempt.ended_ms = ended_ms;
        self
    }

    fn reached(self) -> Self {
        if self.attempt.connected.is_some() { self } else { self.connects() }
    }
}

fn target(host: &str) -> Target {
    host.parse().expect("a target")
}

fn ip(address: &str) -> IpAddr {
    address.parse().expect("an address")
}
