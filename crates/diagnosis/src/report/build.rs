use crate::clients::deviations;
use crate::evidence::{Ending, Evidence};
use crate::judge::Diagnosis;
use crate::rdp_file::remarks;
use crate::report::identity::certificates;
use crate::report::reported::reported;
use crate::report::{
    ClientRow, Protocols, Report, ReportFinding, ReportProof, ReportTarget, SCHEMA_VERSION, ServerIdentity, avoid,
    clients, stages, ways_in,
};
use crate::{Finding, Verdict, judge};

/// Judges the evidence and lays the answer out for a reader. `duration_ms` is what the measurements took in all.
pub fn build(evidence: Evidence, duration_ms: f64) -> Report {
    let diagnosis = judge(&evidence);
    let findings = diagnosis.findings.iter().map(|finding| report_finding(finding, &evidence)).collect();
    let clients = clients::rows(&evidence, &diagnosis.findings);
    let asked_client = clients.iter().find(|row| Some(&row.client) == evidence.client.as_ref()).cloned();
    Report {
        schema_version: SCHEMA_VERSION,
        target: target(&evidence),
        verdict: diagnosis.verdict,
        root_cause: diagnosis.root().map(|finding| finding.cause.id.to_owned()),
        stages: stages::rows(&evidence, &diagnosis),
        protocols: Protocols::of(&evidence),
        certificates: certificates(&evidence),
        server: ServerIdentity::of(&evidence),
        findings,
        reported: reported(&evidence, &diagnosis),
        missing: missing(&evidence, &diagnosis, asked_client.as_ref()),
        clients,
        asked_client,
        deviation: deviations(&evidence),
        avoid: avoid::of(&evidence, &diagnosis),
        remarks: remarks(&evidence),
        ways_in: ways_in::of(&evidence, &diagnosis),
        connections: evidence.connections(),
        duration_ms,
        evidence,
    }
}

fn target(evidence: &Evidence) -> Option<ReportTarget> {
    let address = evidence.client_endpoint().map(|endpoint| endpoint.ip());
    (!evidence.target.is_unnamed()).then(|| ReportTarget { asked: evidence.target.clone(), address })
}

fn report_finding(finding: &Finding, evidence: &Evidence) -> ReportFinding {
    ReportFinding {
        cause: finding.cause.id.to_owned(),
        stage: finding.cause.stage,
        certainty: finding.certainty,
        severity: finding.severity,
        score: finding.score,
        title: finding.cause.title.to_owned(),
        proof: finding.proof.items.iter().map(report_proof).collect(),
        explains: finding.explains.iter().map(|id| (*id).to_owned()).collect(),
        missing: finding.proof.missing.clone(),
        remedies: (finding.cause.remedies)(evidence),
    }
}

fn report_proof(item: &crate::ProofItem) -> ReportProof {
    ReportProof { text: item.text.clone(), facts: item.facts.clone(), decibans: item.decibans }
}

/// What keeps an inconclusive verdict open, beyond what its findings say themselves.
fn missing(evidence: &Evidence, diagnosis: &Diagnosis, asked: Option<&ClientRow>) -> Vec<String> {
    if diagnosis.verdict != Verdict::Inconclusive || diagnosis.root().is_some() {
        return Vec::new();
    }
    if let Some(asked) = asked {
        return vec![format!("whether {} gets through: {}", asked.title, asked.reason)];
    }
    if let Some(machine) = stages::unread(evidence) {
        return machine;
    }
    let retry = format!("run `rdpdoctor diagnose {}` again", evidence.target);
    let local = evidence.attempts.iter().find_map(|attempt| match &attempt.ending {
        Ending::OurSystem { error } => Some(error),
        _ => None,
    });
    match local {
        Some(error) => vec![format!("our own system did not let us connect ({error}): mend that, then {retry}")],
        None if evidence.attempts.is_empty() => vec![format!("nothing was measured: {retry}")],
        None => {
            vec![format!("the measurement ended before the handshake was through: {retry}, with a longer --timeout")]
        }
    }
}
