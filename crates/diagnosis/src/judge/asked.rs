//! The same question for a client that somebody asked about.

use super::{Diagnosis, Finding, Grounds, Verdict};
use crate::catalogue::Profile;
use crate::causes;
use crate::clients::{End, Fate, fate, oldest_pick};
use crate::evidence::Evidence;
use crate::{Certainty, Proof, Severity, Stage};

/// Causes that shut out single clients, by stage: the first that was found becomes the root.
const WALLS: [(Stage, &[&str]); 4] = [
    (Stage::Negotiate, &["nla-required", "tls-required", "standard-security-only"]),
    (Stage::Tls, &["tls13-breaks-server", "tls-version-mismatch", "client-tls-too-old", "cipher-suite-mismatch"]),
    (Stage::Certificate, &["certificate-weak"]),
    (Stage::Authenticate, &["credssp-outdated"]),
];

/// The diagnosis with verdict and root cause for this client instead of a current mstsc.
pub(super) fn answer(client: &Profile, evidence: &Evidence, mut diagnosis: Diagnosis) -> Diagnosis {
    let fate = fate(client, evidence, &diagnosis.findings);
    match fate.end {
        End::Connects if diagnosis.root().is_none() => diagnosis.verdict = Verdict::Healthy,
        End::Connects | End::Warns(_) => diagnosis.verdict = Verdict::Warning,
        End::Unknown => diagnosis.verdict = Verdict::Inconclusive,
        End::Fails(_) if stops_all(&diagnosis) => {}
        End::Fails(stage) => shut_out(client, stage, fate, evidence, &mut diagnosis),
    }
    diagnosis
}

fn stops_all(diagnosis: &Diagnosis) -> bool {
    matches!(diagnosis.verdict, Verdict::Broken | Verdict::Unreachable)
}

/// Makes the cause that shuts this client out the root.
fn shut_out(client: &Profile, stage: Stage, fate: Fate, evidence: &Evidence, diagnosis: &mut Diagnosis) {
    diagnosis.verdict = Verdict::Broken;
    let walls = WALLS.iter().find(|(of, _)| *of == stage).map_or(&[][..], |(_, walls)| *walls);
    let found = diagnosis.findings.iter().position(|finding| walls.contains(&finding.cause.id));
    let finding = match found {
        Some(index) => Some(diagnosis.findings.remove(index)),
        None => named(client, stage, evidence),
    };
    let Some(mut finding) = finding else { return };
    finding.severity = Severity::Blocks;
    finding.certainty = Certainty::Confirmed;
    finding.proof = finding.proof.and(format!("for {}: {}", client.name, fate.reason), fate.facts, 0);
    diagnosis.findings.insert(0, finding);
    diagnosis.has_root = true;
}

/// A cause that shows for this client alone.
fn named(client: &Profile, stage: Stage, evidence: &Evidence) -> Option<Finding> {
    let newest = client.client.map(|range| range.to);
    let too_old = newest.is_some_and(|newest| oldest_pick(evidence).is_some_and(|version| newest < version));
    let id = match stage {
        Stage::Negotiate => "nla-required",
        Stage::Tls if too_old => "client-tls-too-old",
        Stage::Tls => "cipher-suite-mismatch",
        Stage::Certificate => "certificate-weak",
        Stage::Authenticate => "credssp-outdated",
        _ => return None,
    };
    let cause = causes::find(id).or_else(|| causes::find("tls-version-mismatch"))?;
    Some(Finding {
        cause,
        certainty: Certainty::Confirmed,
        severity: Severity::Blocks,
        score: cause.prior,
        proof: Proof::default(),
        grounds: Grounds::Measured,
        explains: Vec::new(),
    })
}
