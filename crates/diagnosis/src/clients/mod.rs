//! What known clients would meet, judged against what was seen of the server: never more than that shows.

mod default;
mod deviation;
mod known;
mod negotiate;
mod security;
mod tls;
mod wants;

#[cfg(test)]
mod stories;

use rdpdoctor_protocol::tls::{CipherSuite, ProtocolVersion};

use crate::catalogue::{Profile, Trouble};
use crate::evidence::Evidence;
use crate::view::{AddressView, client_address};
use crate::{Certainty, Finding, Grounds, Severity, Stage};

pub(crate) use deviation::deviations;
pub(crate) use known::server_key;
pub(crate) use wants::{for_all, for_one};

use known::TlsKnown;
use negotiate::Negotiation;

/// What one client would meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) end: End,
    pub(crate) version: Option<ProtocolVersion>,
    pub(crate) suite: Option<CipherSuite>,
    /// One sentence without the client's name.
    pub(crate) reason: String,
    /// JSON pointers into the report.
    pub(crate) facts: Vec<String>,
    /// What a setting of the client may help against.
    pub(crate) trouble: Option<Trouble>,
}

/// What becomes of a client in TLS at one address, its certificate and credentials apart.
pub(crate) fn tls_alone(client: &Profile, address: AddressView<'_>) -> Fate {
    tls::judge(client, &TlsKnown::at(address))
}

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It gets through.
    Connects,
    /// It asks the user first, or gets through with less than it should.
    Warns(Stage),
    /// It does not get through.
    Fails(Stage),
    /// What was seen does not tell.
    Unknown,
}

impl Fate {
    fn new(end: End, reason: impl Into<String>) -> Self {
        Self { end, version: None, suite: None, reason: reason.into(), facts: Vec::new(), trouble: None }
    }

    fn unknown(reason: impl Into<String>) -> Self {
        Self::new(End::Unknown, reason)
    }

    fn fails(stage: Stage, reason: impl Into<String>) -> Self {
        Self::new(End::Fails(stage), reason)
    }

    fn with_facts(mut self, facts: impl IntoIterator<Item = String>) -> Self {
        self.facts.extend(facts);
        self
    }

    fn against(self, trouble: Trouble) -> Self {
        Self { trouble: Some(trouble), ..self }
    }

    fn at(mut self, version: ProtocolVersion, suite: Option<CipherSuite>) -> Self {
        (self.version, self.suite) = (Some(version), suite);
        self
    }
}

/// What a client would meet. The findings are those of the diagnosis, the root first.
pub(crate) fn fate(client: &Profile, evidence: &Evidence, findings: &[Finding]) -> Fate {
    if client.client.is_none() && client.security.is_none() {
        return Fate::unknown("nobody has observed yet what it offers");
    }
    let Some(address) = client_address(evidence) else { return no_address(findings) };
    let known = TlsKnown::at(address);
    if let Some(wall) = wall(address, findings).filter(|_| known.picks.is_empty()) {
        return before_rdp(wall);
    }
    if let Some(fate) = unusable_key(findings) {
        return fate;
    }
    match negotiate::judge(client, address) {
        Negotiation::Ends(fate) => fate,
        Negotiation::Tls { hybrid } => in_tls(client, &known, evidence, findings, hybrid),
    }
}

/// The oldest version that the server was seen to pick.
pub(crate) fn oldest_pick(evidence: &Evidence) -> Option<ProtocolVersion> {
    let known = TlsKnown::at(client_address(evidence)?);
    known.picks.iter().map(|pick| pick.version).min()
}

/// A client whose name for the target leads nowhere.
fn no_address(findings: &[Finding]) -> Fate {
    match findings.first() {
        Some(root) if root.cause.id == "name-not-found" => before_rdp(root),
        _ => Fate::unknown("no address of the target is known"),
    }
}

/// The finding that stops everybody before the first byte of RDP.
fn wall<'a>(address: AddressView<'_>, findings: &'a [Finding]) -> Option<&'a Finding> {
    let root = findings.first()?;
    let early =
        root.grounds == Grounds::Measured && root.severity == Severity::Blocks && root.cause.stage <= Stage::Connect;
    (early && address.first().is_some() && root.cause.id != "dns-unavailable").then_some(root)
}

fn before_rdp(root: &Finding) -> Fate {
    let facts = root.proof.items.iter().flat_map(|item| item.facts.clone());
    Fate::fails(root.cause.stage, format!("nobody gets through: {}", root.cause.id)).with_facts(facts)
}

/// Nobody completes TLS, whatever he offers.
fn unusable_key(findings: &[Finding]) -> Option<Fate> {
    let root = findings.first().filter(|finding| finding.cause.id == "private-key-unusable")?;
    let facts = root.proof.items.iter().flat_map(|item| item.facts.clone());
    let fate = Fate::fails(Stage::Tls, "nobody completes TLS: private-key-unusable").with_facts(facts);
    (root.certainty >= Certainty::Likely).then_some(fate)
}

fn in_tls(client: &Profile, known: &TlsKnown<'_>, evidence: &Evidence, findings: &[Finding], hybrid: bool) -> Fate {
    let fate = tls::judge(client, known);
    match fate.end {
        End::Connects => security::judge(client, evidence, findings, hybrid, fate),
        End::Unknown => default::expect(client, evidence, fate),
        End::Warns(_) | End::Fails(_) => fate,
    }
}
