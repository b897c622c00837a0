use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalogue::releases_with_build;
use crate::certificate::Certificate;
use crate::evidence::{Evidence, NtlmVersion};
use crate::server::{credssp, served};

/// What the server says of itself in CredSSP before anybody has authenticated.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ServerIdentity {
    /// NetBIOS name of the computer.
    pub computer: Option<String>,
    /// NetBIOS name of its domain; the computer's own name outside of one.
    pub domain: Option<String>,
    /// DNS name of the computer.
    pub dns_computer: Option<String>,
    /// DNS name of its domain.
    pub dns_domain: Option<String>,
    /// DNS name of its forest.
    pub forest: Option<String>,
    /// The Windows version that it gives as its own.
    pub version: Option<NtlmVersion>,
    /// What may give that version: releases share builds, and others borrow them.
    pub releases: Vec<String>,
    /// The version of its CredSSP.
    pub credssp_version: Option<u32>,
    /// Its clock when it answered.
    #[schemars(with = "Option<String>")]
    pub time: Option<Timestamp>,
}

impl ServerIdentity {
    /// None where the server was not asked, or said nothing.
    pub(super) fn of(evidence: &Evidence) -> Option<Self> {
        let (_, seen) = credssp(evidence)?;
        let Some(challenge) = &seen.challenge else {
            return seen.version.map(|version| Self { credssp_version: Some(version), ..Self::default() });
        };
        Some(Self {
            computer: challenge.computer.clone(),
            domain: challenge.domain.clone(),
            dns_computer: challenge.dns_computer.clone(),
            dns_domain: challenge.dns_domain.clone(),
            forest: challenge.forest.clone(),
            version: challenge.version,
            releases: challenge.version.map_or(Vec::new(), releases),
            credssp_version: seen.version,
            time: challenge.server_time,
        })
    }
}

fn releases(version: NtlmVersion) -> Vec<String> {
    let releases = releases_with_build(version.major, version.minor, version.build);
    releases.into_iter().map(str::to_owned).collect()
}

/// The chain as a client would be shown it, the leaf first.
pub(super) fn certificates(evidence: &Evidence) -> Vec<Certificate> {
    served(evidence).map_or(Vec::new(), |served| std::iter::once(served.leaf).chain(served.others).collect())
}
