//! The report: what a judged target looks like to a reader, and its JSON (`schemas/report.json`).

mod avoid;
mod build;
mod clients;
pub mod diff;
mod identity;
mod protocols;
mod read;
mod reported;
mod stages;
mod ways_in;

pub use avoid::Avoid;
pub use build::build;
pub use clients::{ClientOutcome, ClientRow, Deviation};
pub use identity::ServerIdentity;
pub use protocols::{ProtocolState, Protocols};
pub use read::{LONGEST_REPORT, ReadError, read};
pub use reported::{Reading, ReportedCode};
pub use ways_in::{Way, WayIn, WayInState};

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::certificate::Certificate;
use crate::evidence::{Evidence, Target};
use crate::rdp_file::FileRemark;
use crate::{Certainty, Remedy, Severity, Stage, Verdict};

/// The version of [`Report`] as JSON; readers ignore fields that they do not know within one version.
pub const SCHEMA_VERSION: u32 = 1;

/// One target, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The version of this layout.
    pub schema_version: u32,
    /// What was asked for; null where no host was.
    pub target: Option<ReportTarget>,
    /// Would a current mstsc get through?
    pub verdict: Verdict,
    /// The cause to mend first; null where nothing is wrong.
    pub root_cause: Option<String>,
    /// The connection step by step, one row for each address where addresses differ.
    pub stages: Vec<StageRow>,
    /// Which security protocols the server was seen to take.
    pub protocols: Protocols,
    /// The certificates that the server showed, its own first; empty where none was seen.
    #[serde(default)]
    pub certificates: Vec<Certificate>,
    /// Who the server says it is; null where it was not asked or did not say.
    #[serde(default)]
    pub server: Option<ServerIdentity>,
    /// What was found, the root cause first.
    pub findings: Vec<ReportFinding>,
    /// The error codes that somebody named, and which finding explains each.
    #[serde(default)]
    pub reported: Vec<ReportedCode>,
    /// What people in this place are told to try and should not.
    #[serde(default)]
    pub avoid: Vec<Avoid>,
    /// What is to be said of the saved connections of the machine that connects, the grave first.
    #[serde(default)]
    pub remarks: Vec<FileRemark>,
    /// What is unknown and keeps the verdict open, with the command that would settle it.
    pub missing: Vec<String>,
    /// What each known client would meet.
    pub clients: Vec<ClientRow>,
    /// The row of the client that was asked about: verdict and root cause are then its own, and not those of a current
    /// mstsc. Null where none was.
    #[serde(default)]
    pub asked_client: Option<ClientRow>,
    /// How the server differs from the defaults of the releases that it may be; empty where it was not seen to.
    #[serde(default)]
    pub deviation: Vec<Deviation>,
    /// How to reach the machine otherwise, where Remote Desktop does not lead there; what is open first.
    #[serde(default)]
    pub ways_in: Vec<WayIn>,
    /// TCP connections made, without those that asked for other services.
    pub connections: usize,
    /// Milliseconds from the first measurement to the verdict.
    pub duration_ms: f64,
    /// Everything that was seen.
    pub evidence: Evidence,
}

impl Report {
    /// The finding behind [`Report::root_cause`].
    pub fn root(&self) -> Option<&ReportFinding> {
        let root = self.root_cause.as_deref()?;
        self.findings.iter().find(|finding| finding.cause == root)
    }
}

/// The target with the address that a client would take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportTarget {
    /// As typed, and what it names.
    #[serde(flatten)]
    pub asked: Target,
    /// The address that a client would take; null where none is known.
    pub address: Option<std::net::IpAddr>,
}

/// One step of the connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageRow {
    /// Which.
    pub stage: Stage,
    /// Towards whom.
    pub endpoint: Endpoint,
    /// The address and port, where the step belongs to one.
    pub address: Option<SocketAddr>,
    /// How it went.
    pub outcome: Outcome,
    /// How long it took; null where it was not measured.
    pub duration_ms: Option<f64>,
    /// One short line.
    pub summary: String,
}

/// Towards whom a step is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// The Remote Desktop server.
    Target,
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It works.
    Passed,
    /// It works, with something to know.
    Warned,
    /// It does not.
    Failed,
    /// It was not tried, or what could be seen does not tell.
    Skipped,
}

/// One cause that fits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportFinding {
    /// Its id: `rdpdoctor explain <id>` tells more.
    pub cause: String,
    /// Where in the connection the fault lies.
    pub stage: Stage,
    /// How sure.
    pub certainty: Certainty,
    /// What it does to a connection.
    pub severity: Severity,
    /// Prior and evidence in decibans.
    pub score: i16,
    /// One sentence.
    pub title: String,
    /// Why it is believed.
    pub proof: Vec<ReportProof>,
    /// Ids of other findings that are its symptoms.
    pub explains: Vec<String>,
    /// What is still unknown, and how to find out.
    pub missing: Vec<String>,
    /// What to do, best first.
    pub remedies: Vec<Remedy>,
}

/// One observation behind a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportProof {
    /// One sentence.
    pub text: String,
    /// JSON pointers (RFC 6901) into this report.
    pub facts: Vec<String>,
    /// What it adds to the score, in decibans.
    pub decibans: i16,
}
