use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::want::Want;

/// One root cause: the unit in which the diagnosis grows. One file each below [`crate::causes`].
pub struct Cause {
    /// What is wrong, in kebab-case; never reused once released.
    pub id: &'static str,
    /// Where in the connection the fault lies.
    pub stage: Stage,
    /// What it does to a connection unless the evidence says otherwise.
    pub severity: Severity,
    /// One sentence for the verdict line.
    pub title: &'static str,
    /// How common it is before anything is measured, in decibans.
    pub prior: i16,
    /// Ids of causes that are only its symptoms.
    pub explains: &'static [&'static str],
    /// The page behind `explain <id>`.
    pub page: &'static str,
    /// Judges the evidence.
    pub detect: fn(&Evidence) -> Detection,
    /// What to do about it, best first.
    pub remedies: fn(&Evidence) -> Vec<Remedy>,
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cause").field("id", &self.id).field("stage", &self.stage).finish_non_exhaustive()
    }
}

/// The steps of a connection, in order: the backbone of evidence, causes and reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Names to addresses.
    Resolve,
    /// RD Gateway.
    Gateway,
    /// TCP and the path.
    Connect,
    /// X.224 and RDP_NEG_*.
    Negotiate,
    /// TLS versions, cipher suites, the handshake.
    Tls,
    /// The server's certificate.
    Certificate,
    /// CredSSP: NTLM and Kerberos.
    Authenticate,
    /// MCS, licensing, logon.
    Session,
    /// What only the server itself can tell.
    Host,
    /// The machine that connects.
    Client,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "resolve",
            Self::Gateway => "gateway",
            Self::Connect => "connect",
            Self::Negotiate => "negotiate",
            Self::Tls => "tls",
            Self::Certificate => "certificate",
            Self::Authenticate => "authenticate",
            Self::Session => "session",
            Self::Host => "host",
            Self::Client => "client",
        })
    }
}

/// What a cause does to a connection; the last is the gravest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; a current mstsc connects.
    Informs,
    /// Works, for now or for some clients only.
    Degrades,
    /// Nobody gets in.
    Blocks,
}

/// How sure a finding is; the last is the surest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// It fits, and so does something else.
    Possible,
    /// At least 10 decibans above the next rival.
    Likely,
    /// Proven.
    Confirmed,
}

/// What a cause makes of the evidence.
#[derive(Debug, Clone, PartialEq)]
pub enum Detection {
    /// Proven.
    Confirmed(Proof),
    /// It fits; how sure is settled against its rivals.
    Likely(Proof),
    /// The evidence excludes it.
    RuledOut,
    /// It cannot be told yet; these would help, none where nothing at hand can.
    Unknown(Vec<Want>),
}

/// Why a cause is believed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Proof {
    /// Each observation with its weight.
    pub items: Vec<ProofItem>,
    /// What is still unknown, in the reader's words, with the command that would settle it.
    pub missing: Vec<String>,
    /// What to measure next in order to settle it.
    pub wants: Vec<Want>,
    /// The severity here, where it differs from [`Cause::severity`].
    pub severity: Option<Severity>,
}

impl Proof {
    /// A first observation.
    pub fn of(text: impl Into<String>, facts: impl IntoIterator<Item = String>, decibans: i16) -> Self {
        Self::default().and(text, facts, decibans)
    }

    /// One more observation.
    #[must_use]
    pub fn and(mut self, text: impl Into<String>, facts: impl IntoIterator<Item = String>, decibans: i16) -> Self {
        self.items.push(ProofItem { text: text.into(), facts: facts.into_iter().collect(), decibans });
        self
    }

    /// Something that is still unknown and how to find out.
    #[must_use]
    pub fn missing(mut self, text: impl Into<String>) -> Self {
        self.missing.push(text.into());
        self
    }

    /// A measurement that would settle it.
    #[must_use]
    pub fn want(mut self, want: Want) -> Self {
        self.wants.push(want);
        self
    }

    /// A severity of its own.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// The sum of all weights in decibans.
    pub fn weight(&self) -> i16 {
        self.items.iter().fold(0, |sum, item| sum.saturating_add(item.decibans))
    }
}

/// One observation that speaks for a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofItem {
    /// One sentence.
    pub text: String,
    /// JSON pointers (RFC 6901) into the report, such as `/evidence/attempts/0`.
    pub facts: Vec<String>,
    /// How much it adds, in decibans: 10 makes the cause ten times as likely.
    pub decibans: i16,
}

/// One way to mend a cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Remedy {
    /// What it does, in the imperative.
    pub title: String,
    /// Where to do it.
    #[serde(rename = "where")]
    pub place: Place,
    /// What it puts at risk.
    pub safety: Safety,
    /// What stops working while it is done, in words; empty where nothing does.
    pub interrupts: String,
    /// What to type: PowerShell on Windows, the shell elsewhere. Empty where there is nothing to type.
    pub commands: Vec<String>,
    /// The same for `cmd.exe`, as on a serial console; empty where `commands` work there too or nothing fits.
    pub cmd: Vec<String>,
    /// How to take it back.
    pub undo: String,
}

/// Where a remedy is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Where the program was typed, whichever machine that is.
    Here,
    /// On the Remote Desktop server.
    Server,
    /// On the machine that connects.
    Client,
    /// On a device between the two.
    Network,
    /// On the name server.
    Dns,
    /// On the RD Gateway.
    Gateway,
    /// On the RD Connection Broker.
    Broker,
    /// On the RD Licensing server.
    LicenseServer,
    /// On a domain controller, or in the policies that it hands out.
    DomainController,
}

/// What a remedy puts at risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Safety {
    /// Reads only, or changes nothing that anybody uses.
    Safe,
    /// Interrupts sessions or services.
    Disruptive,
    /// Needs a person's judgement.
    Manual,
}
