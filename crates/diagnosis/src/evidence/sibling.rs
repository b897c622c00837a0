use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Evidence;
use crate::server;

/// What another target showed of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sibling {
    /// As it was asked for.
    pub host: String,
    /// The address that answered.
    pub address: IpAddr,
    /// SHA-256 of the public key that it served.
    pub key_sha256: String,
    /// The computer name that it gave in NTLM, the DNS one where it gave one.
    pub computer: Option<String>,
}

impl Sibling {
    /// What this target showed; none where it served no certificate.
    pub fn sighted(evidence: &Evidence) -> Option<Self> {
        let served = server::served(evidence)?;
        Some(Self {
            host: evidence.target.host.clone(),
            address: served.attempt.endpoint.ip(),
            key_sha256: served.leaf.key_sha256,
            computer: server::computer(evidence),
        })
    }
}

/// Sightings kept for one target: enough to name a clone, whatever the size of the run.
const MOST_SIBLINGS: usize = 16;

/// Tells each target of a run which others showed the same key.
pub fn share_sightings(targets: &mut [Evidence]) {
    let sighted: Vec<Option<Sibling>> = targets.iter().map(Sibling::sighted).collect();
    for (own, evidence) in targets.iter_mut().enumerate() {
        let key = sighted.get(own).and_then(Option::as_ref).map(|sibling| &sibling.key_sha256);
        let others =
            sighted.iter().enumerate().filter(|(index, _)| *index != own).filter_map(|(_, other)| other.as_ref());
        let same_key = others.filter(|other| Some(&other.key_sha256) == key);
        evidence.siblings = same_key.take(MOST_SIBLINGS).cloned().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CertificateMaker, Scene};

    #[test]
    fn each_target_learns_of_the_others_that_served_its_key() {
        let target = |name: &str| Scene::at(name).client(|a| a.serves(&[CertificateMaker::windows("TS01")])).evidence();
        let mut targets = [target("10.0.0.5"), target("10.0.0.6"), Scene::at("10.0.0.7").evidence()];
        share_sightings(&mut targets);
        let hosts = targets.map(|t| t.siblings.into_iter().map(|s| s.host).collect::<Vec<_>>());
        assert_eq!(hosts, [vec!["10.0.0.6"], vec!["10.0.0.5"], vec![]]);
    }
}
