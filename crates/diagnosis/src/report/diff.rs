//! What differs between two reports: one host at two times, or two hosts of which one works.

mod details;
mod rank;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Verdict;
use crate::report::Report;

/// Two reports side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// The version of this layout, which is that of [`Report`].
    pub schema_version: u32,
    /// The first report.
    pub before: Side,
    /// The second one.
    pub after: Side,
    /// How the second compares to the first.
    pub outcome: Comparison,
    /// What differs, what matters most first.
    pub changes: Vec<Change>,
}

/// One of the two reports, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Side {
    /// What was looked at.
    pub target: String,
    /// When.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// The verdict.
    pub verdict: Verdict,
    /// The root cause; null where nothing is wrong.
    pub root_cause: Option<String>,
}

/// How the second report compares to the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// Nothing that matters differs.
    Same,
    /// It is better in the verdict, or in something and worse in nothing.
    Better,
    /// It is worse in the verdict, or in something at an equal verdict.
    Worse,
    /// It is another, and neither better nor worse.
    Different,
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// What kind of thing.
    pub subject: Subject,
    /// Which of its kind; empty where there is only one.
    pub item: String,
    /// How it was; null where it was not there.
    pub before: Option<String>,
    /// How it is; null where it is not there.
    pub after: Option<String>,
    /// What that means.
    pub effect: Effect,
}

/// What can differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The verdict.
    Verdict,
    /// The root cause.
    RootCause,
    /// A finding.
    Finding,
    /// A step of the connection.
    Stage,
    /// What one client would meet.
    Client,
    /// A security protocol.
    Protocol,
    /// The TLS handshake of a current client.
    Tls,
    /// The server's certificate.
    Certificate,
    /// Who the server says it is.
    Server,
    /// What was asked for.
    Target,
}

/// What a change means; what matters most is first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// For the worse.
    Worse,
    /// For the better.
    Better,
    /// It matters, and neither of the two.
    Differs,
    /// It explains other changes or sets two hosts apart.
    Informs,
}

/// Compares two reports: same reports, same answer. Times, durations and what was measured do not count.
pub fn diff(before: &Report, after: &Report) -> Difference {
    let mut changes = details::changes(before, after);
    changes.sort_by_key(|change| (change.effect, change.subject));
    Difference {
        schema_version: super::SCHEMA_VERSION,
        before: side(before),
        after: side(after),
        outcome: outcome(before.verdict, after.verdict, &changes),
        changes,
    }
}

fn side(report: &Report) -> Side {
    Side {
        target: report.evidence.target.to_string(),
        started: report.evidence.started,
        verdict: report.verdict,
        root_cause: report.root_cause.clone(),
    }
}

fn outcome(before: Verdict, after: Verdict, changes: &[Change]) -> Comparison {
    let any = |effect| changes.iter().any(|change| change.effect == effect);
    match rank::of_verdicts(before, after) {
        Effect::Better => Comparison::Better,
        Effect::Worse => Comparison::Worse,
        _ if any(Effect::Worse) => Comparison::Worse,
        _ if any(Effect::Better) => Comparison::Better,
        _ if any(Effect::Differs) => Comparison::Different,
        _ => Comparison::Same,
    }
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};
    use rdpdoctor_protocol::tls::{CipherSuite, ProtocolVersion};

    use super::*;
    use crate::report::{ClientOutcome, build};
    use crate::testing::{CertificateMaker, Scene};

    fn healthy(address: &str) -> Report {
        let served = [CertificateMaker::windows("TS01")];
        let scene = Scene::named("ts01", &[address]);
        build(scene.client(|a| a.serves(&served).challenged_by("TS01", "ts01.corp.example")).evidence(), 1.0)
    }

    fn broken() -> Report {
        let scene = Scene::named("ts01", &["10.0.0.5"]);
        build(scene.client(|a| a.fails(FailureCode::SSL_CERT_NOT_ON_SERVER)).evidence(), 1.0)
    }

    fn find(difference: &Difference, subject: Subject, item: &str) -> Change {
        let mut changes = difference.changes.iter();
        let found = changes.find(|change| change.subject == subject && change.item == item);
        found.unwrap_or_else(|| panic!("{subject:?} {item} in {difference:#?}")).clone()
    }

    #[test]
    fn a_report_is_the_same_as_itself() {
        for report in [healthy("10.0.0.5"), broken()] {
            let difference = diff(&report, &report);
            assert_eq!((difference.outcome, difference.changes), (Comparison::Same, vec![]));
        }
    }

    #[test]
    fn a_repair_is_for_the_better_and_its_undoing_for_the_worse() {
        let repaired = diff(&broken(), &healthy("10.0.0.5"));
        assert_eq!(repaired.outcome, Comparison::Better);
        let verdict = find(&repaired, Subject::Verdict, "");
        assert_eq!((verdict.before.as_deref(), verdict.after.as_deref()), (Some("broken"), Some("healthy")));
        let gone = find(&repaired, Subject::Finding, "certificate-missing");
        assert_eq!((gone.after, gone.effect), (None, Effect::Better));
        assert_eq!(find(&repaired, Subject::Stage, "negotiate").effect, Effect::Better);
        let undone = diff(&healthy("10.0.0.5"), &broken());
        assert_eq!((undone.outcome, undone.changes[0].effect), (Comparison::Worse, Effect::Worse));
    }

    #[test]
    fn a_twin_that_works_shows_what_sets_it_apart() {
        let old = |a: crate::testing::Script| {
            a.selects(Protocols::SSL).completes(ProtocolVersion::TLS10, CipherSuite(0x000a))
        };
        let twin = build(Scene::named("ts02", &["10.0.0.6"]).client(old).evidence(), 1.0);
        let difference = diff(&healthy("10.0.0.5"), &twin);
        let version = find(&difference, Subject::Tls, "version");
        assert_eq!((version.before.as_deref(), version.after.as_deref()), (Some("TLS 1.2"), Some("TLS 1.0")));
        assert!(find(&difference, Subject::Tls, "cipher suite").after.unwrap().contains("3DES"));
        assert_eq!(find(&difference, Subject::Target, "host").effect, Effect::Informs);
        for subject in [Subject::Certificate, Subject::Server] {
            let unseen = find(&difference, subject, "");
            assert_eq!((unseen.before.as_deref(), unseen.after, unseen.effect), (Some("seen"), None, Effect::Informs));
        }
    }

    #[test]
    fn another_machine_behind_the_same_name_matters() {
        let mut other = healthy("10.0.0.6");
        other.server.as_mut().unwrap().computer = Some("TS09".into());
        let difference = diff(&healthy("10.0.0.5"), &other);
        assert_eq!(difference.outcome, Comparison::Different);
        assert_eq!(find(&difference, Subject::Server, "computer").effect, Effect::Differs);
        assert_eq!(find(&difference, Subject::Target, "address").effect, Effect::Informs);
    }

    #[test]
    fn a_client_that_no_longer_connects_is_worse_at_an_equal_verdict() {
        let (mut before, mut after) = (healthy("10.0.0.5"), healthy("10.0.0.5"));
        let id = before.clients[0].client.clone();
        before.clients[0].outcome = ClientOutcome::Connects;
        after.clients[0].outcome = ClientOutcome::Fails;
        let difference = diff(&before, &after);
        assert_eq!(difference.outcome, Comparison::Worse);
        assert_eq!(find(&difference, Subject::Client, &id).effect, Effect::Worse);
        after.clients[0].outcome = ClientOutcome::Unknown;
        assert_eq!(diff(&before, &after).outcome, Comparison::Same, "not measured is no change");
    }
}
