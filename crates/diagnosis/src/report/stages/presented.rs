//! The rows on who the server says it is, for the address that a client would take.

use rdpdoctor_protocol::text::safe_text;

use super::row;
use crate::certificate::Certificate;
use crate::evidence::{CredsspSeen, Evidence, NtlmChallenge, Trust};
use crate::judge::Diagnosis;
use crate::report::{Outcome, StageRow};
use crate::server::{credssp, served};
use crate::{Certainty, Severity, Stage};

pub(super) fn certificate(evidence: &Evidence, diagnosis: &Diagnosis) -> Option<StageRow> {
    let served = served(evidence)?;
    let trust = served.attempt.tls.as_ref().and_then(|tls| tls.trust.observed());
    let stopped = diagnosis.findings.iter().any(|finding| {
        finding.cause.stage == Stage::Certificate
            && finding.severity == Severity::Blocks
            && finding.certainty >= Certainty::Likely
    });
    let outcome = if stopped { Outcome::Failed } else { Outcome::Passed };
    let endpoint = served.attempt.endpoint;
    Some(row(Stage::Certificate, Some(endpoint), outcome, None, summary(&served.leaf, trust)))
}

fn summary(leaf: &Certificate, trust: Option<&Trust>) -> String {
    let maker = if leaf.self_issued { "self-signed".to_owned() } else { format!("issued by {}", short(&leaf.issuer)) };
    let trusted = match trust {
        Some(Trust { trusted: true, .. }) => ", trusted by this machine",
        Some(Trust { revoked: true, .. }) => ", revoked",
        Some(_) => ", not trusted by this machine",
        None => "",
    };
    format!("{}, {maker}, until {}{trusted}", short(&leaf.subject), leaf.not_after.strftime("%Y-%m-%d"))
}

pub(super) fn authenticate(evidence: &Evidence) -> Option<StageRow> {
    let (index, seen) = credssp(evidence)?;
    let endpoint = evidence.attempts.get(index)?.endpoint;
    let version = seen.version.map_or(String::new(), |version| format!(", CredSSP {version}"));
    let (outcome, words) = answer(seen);
    Some(row(Stage::Authenticate, Some(endpoint), outcome, Some(seen.after_ms), format!("{words}{version}")))
}

fn answer(seen: &CredsspSeen) -> (Outcome, String) {
    match seen {
        CredsspSeen { challenge: Some(challenge), .. } => (Outcome::Passed, format!("NTLM offered{}", by(challenge))),
        CredsspSeen { error_code: Some(code), .. } => (Outcome::Warned, format!("NTLM refused (0x{code:08X})")),
        CredsspSeen { declined: true, .. } => (Outcome::Warned, "NTLM refused".to_owned()),
        CredsspSeen { malformed: Some(what), .. } => {
            (Outcome::Warned, format!("an answer that cannot be read ({})", short(what)))
        }
        _ => (Outcome::Skipped, "no answer to NTLM NEGOTIATE".to_owned()),
    }
}

fn by(challenge: &NtlmChallenge) -> String {
    let Some(computer) = challenge.computer.as_ref().or(challenge.dns_computer.as_ref()) else { return String::new() };
    let domain = challenge.domain.as_ref().map_or(String::new(), |domain| format!(" ({})", short(domain)));
    format!(" by {}{domain}", short(computer))
}

fn short(text: &str) -> String {
    safe_text(text, 60)
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use crate::Stage;
    use crate::report::{Outcome, Report, build};
    use crate::testing::{CertificateMaker, Scene, Script, challenge_by};

    fn report(script: impl FnOnce(Script) -> Script) -> Report {
        build(Scene::named("ts01", &["10.0.0.5"]).client(|a| script(a.selects(Protocols::HYBRID_EX))).evidence(), 1.0)
    }

    fn shown(report: &Report, stage: Stage) -> Option<(Outcome, &str)> {
        let row = report.stages.iter().find(|row| row.stage == stage)?;
        Some((row.outcome, row.summary.as_str()))
    }

    #[test]
    fn a_windows_shows_its_certificate_and_its_names() {
        let chain = [CertificateMaker::windows("TS01")];
        let report = report(|a| a.serves(&chain).untrusted().challenged_by("TS01", "ts01.corp.example"));
        let certificate = "CN=TS01, self-signed, until 1970-06-03, not trusted by this machine";
        assert_eq!(shown(&report, Stage::Certificate), Some((Outcome::Passed, certificate)));
        let ntlm = "NTLM offered by TS01 (CORP), CredSSP 6";
        assert_eq!(shown(&report, Stage::Authenticate), Some((Outcome::Passed, ntlm)));
        assert_eq!(report.certificates[0].common_name.as_deref(), Some("TS01"));
        let server = report.server.unwrap();
        assert_eq!(server.dns_computer.as_deref(), Some("ts01.corp.example"));
        assert_eq!(server.releases, ["windows-server-2022"]);
    }

    #[test]
    fn faults_mark_the_row() {
        let outcome = |maker: CertificateMaker| shown(&report(|a| a.serves(&[maker])), Stage::Certificate).map(|s| s.0);
        assert_eq!(outcome(CertificateMaker::windows("TS01").valid(-200, -17)), Some(Outcome::Warned));
        assert_eq!(outcome(CertificateMaker::windows("TS01").rsa(512)), Some(Outcome::Failed));
    }

    #[test]
    fn a_refusal_is_told() {
        let mut seen = challenge_by("TS01", "ts01");
        (seen.challenge, seen.error_code) = (None, Some(0xC000_0418));
        let report = report(|a| a.completes_tls().credssp(seen));
        let refused = "NTLM refused (0xC0000418), CredSSP 6";
        assert_eq!(shown(&report, Stage::Authenticate), Some((Outcome::Warned, refused)));
    }

    #[test]
    fn nothing_seen_makes_no_row() {
        let report = report(Script::completes_tls);
        assert_eq!((shown(&report, Stage::Certificate), shown(&report, Stage::Authenticate)), (None, None));
        assert!(report.certificates.is_empty() && report.server.is_none());
    }
}
