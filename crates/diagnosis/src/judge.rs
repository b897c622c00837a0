use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::causes::CAUSES;
use crate::evidence::Evidence;
use crate::view::client_gets_through;
use crate::{Cause, Certainty, Detection, Proof, Severity};

/// The margin in decibans from which a finding is `likely`.
const LIKELY_MARGIN: i16 = 10;
/// The score of "something that no cause describes".
const UNNAMED_REST: i16 = 0;

/// Would a current mstsc get through?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing stops or endangers a connection.
    Healthy,
    /// It works, for now or for some clients only.
    Warning,
    /// The host is reachable, and the connection fails.
    Broken,
    /// No TCP connection.
    Unreachable,
    /// The evidence does not settle it.
    Inconclusive,
}

/// What the evidence proves.
#[derive(Debug)]
pub struct Diagnosis {
    /// Would a current mstsc get through?
    pub verdict: Verdict,
    /// What was found, the root cause first.
    pub findings: Vec<Finding>,
    has_root: bool,
}

impl Diagnosis {
    /// The root cause: none where nothing is wrong.
    pub fn root(&self) -> Option<&Finding> {
        self.findings.first().filter(|_| self.has_root)
    }
}

/// One cause that fits the evidence.
#[derive(Debug)]
pub struct Finding {
    /// Which.
    pub cause: &'static Cause,
    /// How sure.
    pub certainty: Certainty,
    /// What it does to a connection, here.
    pub severity: Severity,
    /// Prior and evidence in decibans.
    pub score: i16,
    /// Why.
    pub proof: Proof,
    /// Ids of other findings that are its symptoms.
    pub explains: Vec<&'static str>,
}

/// Judges the evidence: same evidence, same answer.
pub fn judge(evidence: &Evidence) -> Diagnosis {
    let mut findings: Vec<Finding> = CAUSES.iter().filter_map(|cause| detect(cause, evidence)).collect();
    settle_certainty(&mut findings);
    connect_symptoms(&mut findings);
    findings.sort_by_key(|finding| {
        (Reverse(finding.severity), Reverse(finding.certainty), Reverse(finding.score), finding.cause.stage)
    });
    let works = client_gets_through(evidence);
    let root = findings.iter().position(|finding| counts(finding, works) && !is_symptom(finding, &findings));
    let verdict = verdict(evidence, root.and_then(|index| findings.get(index)), works);
    let has_root = root.is_some();
    if let Some(index) = root {
        let first = findings.remove(index);
        findings.insert(0, first);
    }
    Diagnosis { verdict, findings, has_root }
}

fn detect(cause: &'static Cause, evidence: &Evidence) -> Option<Finding> {
    let (proof, certainty) = match (cause.detect)(evidence) {
        Detection::Confirmed(proof) => (proof, Certainty::Confirmed),
        Detection::Likely(proof) => (proof, Certainty::Possible),
        Detection::RuledOut | Detection::Unknown(_) => return None,
    };
    Some(Finding {
        cause,
        certainty,
        severity: proof.severity.unwrap_or(cause.severity),
        score: cause.prior.saturating_add(proof.weight()),
        proof,
        explains: Vec::new(),
    })
}

/// Rivals are the findings that would do the same to the connection and are not linked as cause and symptom.
fn settle_certainty(findings: &mut [Finding]) {
    let settled: Vec<Certainty> = findings.iter().map(|finding| certainty(finding, findings)).collect();
    for (finding, certainty) in findings.iter_mut().zip(settled) {
        finding.certainty = certainty;
    }
}

fn certainty(finding: &Finding, all: &[Finding]) -> Certainty {
    if finding.certainty == Certainty::Confirmed {
        return Certainty::Confirmed;
    }
    let rivals = || all.iter().filter(|other| is_rival(finding, other));
    if rivals().any(|rival| rival.certainty == Certainty::Confirmed) {
        return Certainty::Possible;
    }
    let next_best = rivals().map(|rival| rival.score).fold(UNNAMED_REST, i16::max);
    let margin = finding.score.saturating_sub(next_best);
    if margin >= LIKELY_MARGIN { Certainty::Likely } else { Certainty::Possible }
}

fn is_rival(finding: &Finding, other: &Finding) -> bool {
    let linked = |a: &Finding, b: &Finding| a.cause.explains.contains(&b.cause.id);
    other.cause.id != finding.cause.id
        && other.severity == finding.severity
        && other.severity > Severity::Informs
        && !linked(finding, other)
        && !linked(other, finding)
}

fn connect_symptoms(findings: &mut [Finding]) {
    let present: Vec<&'static str> = findings.iter().map(|finding| finding.cause.id).collect();
    for finding in findings {
        finding.explains = finding.cause.explains.iter().copied().filter(|id| present.contains(id)).collect();
    }
}

/// A cause outranks one that it explains only if it is itself at least likely.
fn is_symptom(finding: &Finding, all: &[Finding]) -> bool {
    all.iter().any(|other| other.certainty >= Certainty::Likely && other.explains.contains(&finding.cause.id))
}

/// On a connection that works, only what is at least likely is held against the server.
fn counts(finding: &Finding, works: bool) -> bool {
    finding.severity > Severity::Informs && (!works || finding.certainty >= Certainty::Likely)
}

fn verdict(evidence: &Evidence, root: Option<&Finding>, works: bool) -> Verdict {
    let reached = evidence
        .endpoints()
        .into_iter()
        .any(|endpoint| evidence.attempts_at(endpoint).any(|(_, attempt)| attempt.connected.is_some()));
    match root {
        // Nothing is known of the target when nobody could be asked for its address.
        Some(root) if root.cause.id == "dns-unavailable" => Verdict::Inconclusive,
        Some(root) if root.severity == Severity::Blocks && reached => Verdict::Broken,
        Some(root) if root.severity == Severity::Blocks => Verdict::Unreachable,
        Some(_) if works => Verdict::Warning,
        None if works => Verdict::Healthy,
        Some(_) | None => Verdict::Inconclusive,
    }
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use super::*;
    use crate::evidence::{Ending, SystemAnswer};
    use crate::testing::Scene;

    #[test]
    fn nothing_seen_is_inconclusive() {
        assert_eq!(judge(&Scene::unresolved("ts01").evidence()).verdict, Verdict::Inconclusive);
        assert_eq!(judge(&Scene::at("10.0.0.5").evidence()).verdict, Verdict::Inconclusive);
    }

    #[test]
    fn a_completed_handshake_is_healthy_and_has_no_root() {
        let diagnosis = judge(&Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL).completes_tls()).evidence());
        assert_eq!(diagnosis.verdict, Verdict::Healthy);
        assert!(diagnosis.root().is_none());
    }

    #[test]
    fn negotiation_alone_is_not_health() {
        let diagnosis = judge(&Scene::at("10.0.0.5").asks(Protocols::SSL, |a| a.selects(Protocols::SSL)).evidence());
        assert_eq!(diagnosis.verdict, Verdict::Inconclusive);
    }

    #[test]
    fn what_our_own_system_forbids_says_nothing_of_the_target() {
        let forbidden = Ending::OurSystem { error: "operation not permitted".into() };
        let diagnosis = judge(&Scene::at("10.0.0.5").client(|a| a.ends(forbidden)).evidence());
        assert_eq!(diagnosis.verdict, Verdict::Inconclusive);
        assert!(diagnosis.findings.is_empty(), "{:?}", diagnosis.findings);
    }

    #[test]
    fn without_a_resolver_nothing_is_said_of_the_target() {
        let failed = SystemAnswer::Failed { error: "temporary failure in name resolution".into() };
        let diagnosis = judge(&Scene::unresolved("ts01").system(failed).evidence());
        assert_eq!(diagnosis.verdict, Verdict::Inconclusive);
    }
}
