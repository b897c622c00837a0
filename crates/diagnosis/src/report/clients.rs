use rdpdoctor_protocol::tls::{CipherSuite, ProtocolVersion};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalogue::{ClientSetting, Confidence, Profile, client_settings, profiles};
use crate::clients::{End, Fate, fate};
use crate::evidence::Evidence;
use crate::{Certainty, Finding, Stage};

/// What one known client would meet, as it comes: no policy, no flags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientRow {
    /// Its id, such as `windows-11-24h2`.
    pub client: String,
    /// The same for people.
    #[serde(default)]
    pub title: String,
    /// How far our knowledge of the client carries.
    pub confidence: Confidence,
    /// How it would go.
    pub outcome: ClientOutcome,
    /// Where it would fail or warn.
    pub stage: Option<Stage>,
    /// The TLS version that the server was seen to pick where this client has it.
    #[serde(default)]
    pub version: Option<ProtocolVersion>,
    /// The cipher suite likewise; among several in common the server may pick another for this client.
    #[serde(default)]
    pub suite: Option<CipherSuite>,
    /// Why: "it" is the client.
    pub reason: String,
    /// JSON pointers (RFC 6901) into this report.
    #[serde(default)]
    pub facts: Vec<String>,
    /// What its user can set so that it gets through, and what that weakens.
    #[serde(default)]
    pub settings: Vec<ClientSetting>,
}

/// How a connection by one client would go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClientOutcome {
    /// It gets through.
    Connects,
    /// It gets through with a warning.
    Warns,
    /// It does not.
    Fails,
    /// What was measured does not tell.
    Unknown,
}

/// One difference between what was seen of the server and the defaults of the releases that it may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deviation {
    /// One sentence.
    pub text: String,
    /// How sure: confirmed by the machine's own settings; never more than likely where the server names its release.
    pub certainty: Certainty,
    /// JSON pointers (RFC 6901) into this report.
    pub facts: Vec<String>,
}

/// One row for each known client, in the order of the table.
pub(super) fn rows(evidence: &Evidence, findings: &[Finding]) -> Vec<ClientRow> {
    let clients = profiles().iter().filter(|profile| profile.is_client());
    clients.flat_map(|profile| rows_of(profile, &fate(profile, evidence, findings))).collect()
}

fn rows_of(profile: &Profile, fate: &Fate) -> Vec<ClientRow> {
    profile.ids.iter().zip(&profile.titles).map(|(id, title)| row(id, title, profile.confidence, fate)).collect()
}

fn row(id: &str, title: &str, confidence: Confidence, fate: &Fate) -> ClientRow {
    let (outcome, stage) = match fate.end {
        End::Connects => (ClientOutcome::Connects, None),
        End::Warns(stage) => (ClientOutcome::Warns, Some(stage)),
        End::Fails(stage) => (ClientOutcome::Fails, Some(stage)),
        End::Unknown => (ClientOutcome::Unknown, None),
    };
    ClientRow {
        client: id.to_owned(),
        title: title.to_owned(),
        confidence,
        outcome,
        stage,
        version: fate.version,
        suite: fate.suite,
        reason: fate.reason.clone(),
        facts: fate.facts.clone(),
        settings: fate.trouble.into_iter().flat_map(|trouble| client_settings(id, trouble)).cloned().collect(),
    }
}
