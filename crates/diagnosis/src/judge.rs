mod asked;

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalogue::profile;
use crate::causes::CAUSES;
use crate::evidence::Evidence;
use crate::evidence::snapshot::ReadBy;
use crate::told::Statements;
use crate::view::client_gets_through;
use crate::{Cause, Certainty, Detection, Proof, ProofItem, Severity, Stage};

/// The margin in decibans from which a finding is `likely`.
const LIKELY_MARGIN: i16 = 10;
/// The score of "something that no cause describes".
const UNNAMED_REST: i16 = 0;
/// The weight in decibans from which what was told makes a finding of a cause that was not measured. A code such as
/// 0x904, which fits ten causes, stays below it.
const SPEAKS_CLEARLY: i16 = 8;

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
    /// On what it rests.
    pub grounds: Grounds,
    /// Ids of other findings that are its symptoms.
    pub explains: Vec<&'static str>,
}

/// On what a finding rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Grounds {
    /// Something that was measured speaks for it.
    Measured,
    /// Only what somebody said does: it is never confirmed, and decides no verdict.
    Told,
}

/// Judges the evidence: same evidence, same answer. The question is whether a current mstsc gets through, unless
/// [`Evidence::client`] names another client.
pub fn judge(evidence: &Evidence) -> Diagnosis {
    let diagnosis = for_mstsc(evidence);
    match evidence.client.as_deref().and_then(profile) {
        Some(client) => asked::answer(client, evidence, diagnosis),
        None => diagnosis,
    }
}

fn for_mstsc(evidence: &Evidence) -> Diagnosis {
    let told = Statements::of(evidence);
    let mut findings: Vec<Finding> = CAUSES.iter().filter_map(|cause| detect(cause, evidence, &told)).collect();
    settle_certainty(&mut findings);
    connect_symptoms(&mut findings);
    let aside: Vec<&'static str> =
        findings.iter().filter(|finding| stands_aside(finding, &findings)).map(|finding| finding.cause.id).collect();
    findings.sort_by_key(|finding| {
        let Finding { cause, severity, certainty, score, .. } = finding;
        (aside.contains(&cause.id), Reverse(*severity), Reverse(*certainty), Reverse(*score), cause.stage)
    });
    let works = client_gets_through(evidence) || machine_is_sound(evidence);
    let verdict = verdict(evidence, decisive(&findings, works), works);
    let root = findings.iter().position(|finding| counts(finding, works) && !is_symptom(finding, &findings, works));
    let has_root = root.is_some();
    if let Some(index) = root {
        let first = findings.remove(index);
        findings.insert(0, first);
    }
    Diagnosis { verdict, findings, has_root }
}

fn detect(cause: &'static Cause, evidence: &Evidence, told: &Statements) -> Option<Finding> {
    let told = told.about(cause.id);
    let (proof, certainty, grounds) = match (cause.detect)(evidence) {
        Detection::Confirmed(proof) => (proof, Certainty::Confirmed, Grounds::Measured),
        Detection::Likely(mut proof) => {
            proof.items.extend(told);
            (proof, Certainty::Possible, Grounds::Measured)
        }
        Detection::Unknown(_) => (only_told(cause, told)?, Certainty::Possible, Grounds::Told),
        Detection::RuledOut => return None,
    };
    Some(Finding {
        cause,
        certainty,
        severity: proof.severity.unwrap_or(cause.severity),
        score: cause.prior.saturating_add(proof.weight()),
        proof,
        grounds,
        explains: Vec::new(),
    })
}

fn only_told(cause: &Cause, items: Vec<ProofItem>) -> Option<Proof> {
    let proof = Proof { items, ..Proof::default() };
    let how = format!("a measurement: so far it was only said; `rdpdoctor explain {}` tells what proves it", cause.id);
    (proof.weight() >= SPEAKS_CLEARLY).then(|| proof.missing(how))
}

/// What was only said comes after all that was measured, unless it tells why that is so.
fn stands_aside(finding: &Finding, all: &[Finding]) -> bool {
    let explains_measured = finding.certainty >= Certainty::Likely
        && all.iter().any(|other| other.grounds == Grounds::Measured && finding.explains.contains(&other.cause.id));
    finding.grounds == Grounds::Told && !explains_measured
}

/// The finding that decides the verdict: statements decide none.
fn decisive(findings: &[Finding], works: bool) -> Option<&Finding> {
    let measured = || findings.iter().filter(|finding| finding.grounds == Grounds::Measured);
    let explained = |finding: &Finding| measured().any(|other| is_explained_by(finding, other));
    measured().find(|finding| counts(finding, works) && !explained(finding))
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
    let told = finding.grounds == Grounds::Told;
    // Statements neither outdo a measured rival nor shake it.
    let rivals = || all.iter().filter(|other| is_rival(finding, other) && (told || other.grounds == Grounds::Measured));
    let yields_to =
        |rival: &Finding| rival.certainty == Certainty::Confirmed || (told && rival.grounds == Grounds::Measured);
    if rivals().any(yields_to) {
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

/// What only was said explains nothing away where the connection works.
fn is_symptom(finding: &Finding, all: &[Finding], works: bool) -> bool {
    let speaks = |other: &&Finding| other.grounds == Grounds::Measured || !works;
    all.iter().filter(speaks).any(|other| is_explained_by(finding, other))
}

/// A cause outranks one that it explains only if it is itself at least likely.
fn is_explained_by(finding: &Finding, other: &Finding) -> bool {
    other.certainty >= Certainty::Likely && other.explains.contains(&finding.cause.id)
}

/// On a connection that works, only what was measured and is at least likely is held against the server.
fn counts(finding: &Finding, works: bool) -> bool {
    let weighs = finding.certainty >= Certainty::Likely && finding.grounds == Grounds::Measured;
    finding.severity > Severity::Informs && (!works || weighs)
}

fn verdict(evidence: &Evidence, root: Option<&Finding>, works: bool) -> Verdict {
    let reached = evidence
        .endpoints()
        .into_iter()
        .any(|endpoint| evidence.attempts_at(endpoint).any(|(_, attempt)| attempt.connected.is_some()));
    match root {
        // Nothing is known of the target when nobody could be asked for its address.
        Some(root) if root.cause.id == "dns-unavailable" => Verdict::Inconclusive,
        Some(root) if root.severity == Severity::Blocks && (reached || !is_probed(evidence)) => Verdict::Broken,
        Some(root) if root.severity == Severity::Blocks => Verdict::Unreachable,
        Some(_) if works => Verdict::Warning,
        None if works => Verdict::Healthy,
        Some(_) | None => Verdict::Inconclusive,
    }
}

/// Whether anything was measured over the network, or the network is all there is.
fn is_probed(evidence: &Evidence) -> bool {
    !evidence.attempts.is_empty() || (evidence.host.is_none() && evidence.origin.is_none())
}

/// Whether the machine itself, which nobody probed, was looked at and nothing there stops a connection.
fn machine_is_sound(evidence: &Evidence) -> bool {
    if is_probed(evidence) {
        return false;
    }
    let host = evidence.host.as_deref().is_none_or(|host| {
        let disk = host.way == ReadBy::Disk;
        blocking(Stage::Host)
            .filter(|cause| !disk || !ONLY_RUNNING.contains(&cause.id))
            .all(|cause| clears(cause, evidence))
    });
    let mut of_client = blocking(Stage::Client).filter(|cause| !ONLY_TOGETHER.contains(&cause.id));
    host && (evidence.origin.is_none() || of_client.all(|cause| clears(cause, evidence)))
}

fn blocking(stage: Stage) -> impl Iterator<Item = &'static &'static Cause> {
    CAUSES.iter().filter(move |cause| cause.stage == stage && cause.severity == Severity::Blocks)
}

fn clears(cause: &Cause, evidence: &Evidence) -> bool {
    lets_in((cause.detect)(evidence))
}

/// Whether a blocking cause is refuted, or found in a form that closes the server to nobody or to some only.
fn lets_in(detection: Detection) -> bool {
    match detection {
        Detection::RuledOut => true,
        Detection::Unknown(_) => false,
        Detection::Confirmed(proof) | Detection::Likely(proof) => {
            proof.severity.is_some_and(|severity| severity < Severity::Blocks)
        }
    }
}

/// Causes of the client that show together with a server only, or not by what is read of a machine.
const ONLY_TOGETHER: [&str; 2] = ["client-defect", "client-is-server"];
/// Causes that show on a running system only.
const ONLY_RUNNING: [&str; 3] = ["port-taken", "resource-exhausted", "service-stopped"];

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use super::*;
    use crate::evidence::{Ending, SystemAnswer};
    use crate::testing::Scene;
    use crate::told;

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

    #[test]
    fn what_is_only_told_is_never_confirmed_and_decides_no_verdict() {
        let diagnosis = judge(&Scene::at("10.0.0.5").told(&["clock-differs", "domain"]).evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty, root.grounds), ("clock-skew", Certainty::Likely, Grounds::Told));
        assert_eq!(diagnosis.verdict, Verdict::Inconclusive);
        assert!(root.proof.missing.iter().any(|text| text.contains("explain clock-skew")));
    }

    #[test]
    fn a_hint_makes_no_finding() {
        let diagnosis = judge(&Scene::at("10.0.0.5").told(&["vpn"]).evidence());
        assert!(diagnosis.findings.is_empty(), "{:?}", diagnosis.findings);
    }

    #[test]
    fn a_healthy_connection_stays_healthy_whatever_was_told() {
        let healthy = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL).completes_tls());
        for fact in told::facts().iter().filter(|fact| fact.values == told::Values::None) {
            let diagnosis = judge(&healthy.clone().told(&[&fact.id]).evidence());
            assert_eq!(diagnosis.verdict, Verdict::Healthy, "{}", fact.id);
            assert!(diagnosis.root().is_none(), "{}", fact.id);
        }
    }

    #[test]
    fn statements_do_not_bring_back_what_is_ruled_out() {
        let healthy = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL).completes_tls());
        let diagnosis = judge(&healthy.told(&["port-closed", "tls-failure-shown", "reset-seen"]).evidence());
        let ids: Vec<&str> = diagnosis.findings.iter().map(|finding| finding.cause.id).collect();
        assert!(!ids.contains(&"port-closed") && !ids.contains(&"handshake-reset"), "{ids:?}");
    }

    #[test]
    fn statements_neither_outdo_nor_shake_what_was_measured() {
        let silent = || {
            let scene = Scene::named("ts01", &["10.0.0.5"]);
            scene.client(|a| a.ends(Ending::Silent)).client(|a| a.ends(Ending::Silent))
        };
        let measured = judge(&silent().evidence());
        let told = judge(&silent().told(&["event=36870", "event=1057", "works-with-rdp-security"]).evidence());
        let (before, after) = (measured.root().unwrap(), told.root().unwrap());
        assert_eq!((after.cause.id, after.certainty), (before.cause.id, before.certainty));
        assert_eq!(told.verdict, measured.verdict);
        let said = told.findings.iter().find(|finding| finding.cause.id == "private-key-unusable").unwrap();
        assert_eq!((said.grounds, said.certainty), (Grounds::Told, Certainty::Possible));
        assert!(said.score >= LIKELY_MARGIN && said.severity == after.severity);
    }

    #[test]
    fn what_was_measured_and_left_open_is_moved_by_statements() {
        let silent = || Scene::at("10.0.0.5").client(|a| a.ends(Ending::Silent)).client(|a| a.ends(Ending::Silent));
        let score = |scene: Scene| {
            let diagnosis = judge(&scene.evidence());
            diagnosis.findings.iter().find(|finding| finding.cause.id == "port-filtered").map(|finding| finding.score)
        };
        let (alone, helped) = (score(silent()).unwrap(), score(silent().told(&["works-from-lan"])).unwrap());
        assert_eq!(helped - alone, 7);
    }
}
