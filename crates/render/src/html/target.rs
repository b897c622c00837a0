//! One report as its template reads it.

use jiff::tz::TimeZone;
use rdpdoctor_diagnosis::report::{
    Outcome, ProtocolState, Report, ReportFinding, ReportProof, ServerIdentity, StageRow,
};

use super::attempts::Row;
use super::certificates::{self, Fact, Link};
use super::clients::Clients;
use super::{sign, tone};
use crate::reported::{Answer, answers, heading};
use crate::words;

/// One report, and where on the page it stands.
pub(super) struct Target<'a> {
    pub(super) report: &'a Report,
    pub(super) zone: &'a TimeZone,
    /// Of its heading.
    pub(super) level: u8,
    pub(super) id: String,
}

/// One step of the connection.
pub(super) struct Step<'a> {
    pub(super) stage: String,
    pub(super) outcome: &'static str,
    pub(super) tone: &'static str,
    pub(super) sign: &'static str,
    pub(super) took: String,
    pub(super) summary: &'a str,
}

/// One security protocol.
pub(super) struct Protocol {
    pub(super) name: &'static str,
    pub(super) state: &'static str,
    pub(super) tone: &'static str,
}

impl<'a> Target<'a> {
    pub(super) fn name(&self) -> String {
        words::target(self.report)
    }

    pub(super) fn verdict(&self) -> &'static str {
        words::verdict(self.report.verdict)
    }

    pub(super) fn tone(&self) -> &'static str {
        tone(self.report.verdict)
    }

    pub(super) fn sign(&self) -> &'static str {
        sign(self.report.verdict)
    }

    pub(super) fn sentence(&self) -> &str {
        words::sentence(self.report)
    }

    pub(super) fn found(&self) -> String {
        words::found(self.report)
    }

    pub(super) fn address(&self) -> Option<String> {
        words::address(self.report).map(|address| address.to_string())
    }

    pub(super) fn steps(&self) -> Vec<Step<'_>> {
        self.report.stages.iter().map(step).collect()
    }

    pub(super) fn is_negotiated(&self) -> bool {
        self.report.protocols.rows().iter().any(|(_, state)| *state != ProtocolState::NotMeasured)
    }

    pub(super) fn protocols(&self) -> Vec<Protocol> {
        let tone = |state| match state {
            ProtocolState::Required | ProtocolState::Offered => "good",
            ProtocolState::Refused => "open",
            ProtocolState::NotMeasured => "none",
        };
        let rows = self.report.protocols.rows().into_iter();
        rows.map(|(name, state)| Protocol { name, state: words::protocol_state(state), tone: tone(state) }).collect()
    }

    pub(super) fn answers(&self) -> Vec<Answer<'_>> {
        answers(self.report)
    }

    pub(super) fn codes_heading(&self) -> &'static str {
        heading(self.report)
    }

    /// The numbers of the connections in which it was seen.
    #[expect(clippy::unused_self, reason = "templates call it beside the others")]
    pub(super) fn seen_in(&self, item: &ReportProof) -> Vec<usize> {
        let mut numbers: Vec<usize> = item.facts.iter().filter_map(|fact| attempt_number(fact)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    pub(super) fn clients(&self) -> Option<Clients<'_>> {
        Clients::of(self.report)
    }

    pub(super) fn missing(&self) -> Vec<&'a String> {
        words::missing(self.report).collect()
    }

    pub(super) fn others(&self) -> Vec<&'a ReportFinding> {
        words::others(self.report).collect()
    }

    pub(super) fn role(&self, other: &ReportFinding) -> &'static str {
        words::role(self.report.root(), other)
    }

    pub(super) fn server(&self) -> Option<Vec<Fact>> {
        self.report.server.as_ref().map(facts).filter(|facts| !facts.is_empty())
    }

    pub(super) fn chain(&self) -> Vec<Link> {
        certificates::chain(&self.report.certificates, self.report.evidence.started)
    }

    pub(super) fn attempts(&self) -> Vec<Row> {
        (1..).zip(&self.report.evidence.attempts).map(|(number, attempt)| Row::new(number, attempt)).collect()
    }

    pub(super) fn effort(&self) -> String {
        words::effort(self.report)
    }

    pub(super) fn when(&self) -> String {
        words::time(self.report.evidence.started, self.zone)
    }
}

fn step(row: &StageRow) -> Step<'_> {
    let tone = match row.outcome {
        Outcome::Passed => "good",
        Outcome::Warned => "caution",
        Outcome::Failed => "bad",
        Outcome::Skipped => "none",
    };
    Step {
        stage: row.stage.to_string(),
        outcome: words::outcome(row.outcome),
        tone,
        sign: tone,
        took: row.duration_ms.map(words::duration).unwrap_or_default(),
        summary: &row.summary,
    }
}

/// `/evidence/attempts/0/tls` is connection 1.
fn attempt_number(pointer: &str) -> Option<usize> {
    let index = pointer.strip_prefix("/evidence/attempts/")?.split('/').next()?;
    index.parse::<usize>().ok()?.checked_add(1)
}

fn facts(server: &ServerIdentity) -> Vec<Fact> {
    let named = [
        ("Computer", server.dns_computer.clone().or_else(|| server.computer.clone())),
        ("NetBIOS name", server.computer.clone().filter(|_| server.dns_computer.is_some())),
        ("Domain", server.dns_domain.clone().or_else(|| server.domain.clone())),
        ("Forest", server.forest.clone()),
        ("Windows", words::releases(server)),
        ("Build", server.version.map(|v| format!("{}.{}.{}", v.major, v.minor, v.build))),
        ("CredSSP", server.credssp_version.map(|version| format!("version {version}"))),
        ("Its clock", server.time.map(|time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())),
    ];
    named.into_iter().filter_map(|(name, value)| Some(Fact::new(name, value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_name_connections() {
        assert_eq!(attempt_number("/evidence/attempts/0"), Some(1));
        assert_eq!(attempt_number("/evidence/attempts/12/tls/chain"), Some(13));
        for other in ["/evidence/echoes/0", "/evidence/attempts/x", "", "/evidence/attempts/18446744073709551615"] {
            assert_eq!(attempt_number(other), None, "{other}");
        }
    }
}
