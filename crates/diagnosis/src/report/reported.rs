use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::{Evidence, ToldCode};
use crate::judge::Diagnosis;
use crate::told::{Meaning, meanings_of};
use crate::{Finding, Verdict};

/// Less likely meanings are left to `explain`.
const MOST_READINGS: usize = 3;

/// An error code that somebody named, and what was found of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportedCode {
    /// As written, safe to print.
    pub text: String,
    /// What it may mean, the likeliest first; empty where no table knows it.
    pub readings: Vec<Reading>,
    /// Ids of the findings that explain it; empty where none found so far does.
    pub explained_by: Vec<String>,
    /// What that says, and what to try next.
    pub advice: String,
}

/// One meaning of a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reading {
    /// The family of codes, such as `client-disconnect`.
    pub family: String,
    /// Its name there, or the provider of an event; empty where it has none.
    pub name: String,
    /// What it says.
    pub meaning: String,
}

/// Every code that was told, in its order.
pub(super) fn reported(evidence: &Evidence, diagnosis: &Diagnosis) -> Vec<ReportedCode> {
    evidence.told.codes.iter().enumerate().map(|(place, code)| one(place, code, evidence, diagnosis)).collect()
}

fn one(place: usize, code: &ToldCode, evidence: &Evidence, diagnosis: &Diagnosis) -> ReportedCode {
    let known = meanings_of(code);
    let pointer = format!("/evidence/told/codes/{place}");
    let explains = |finding: &&Finding| is_fitting(finding, &known) && !rests_on(finding, &pointer);
    let found: Vec<&Finding> = diagnosis.findings.iter().filter(explains).collect();
    let advice = match found.as_slice() {
        _ if known.is_empty() => "nothing is known of this code: look at the number again".to_owned(),
        [] => unexplained(evidence, diagnosis),
        found => format!("explained by {}", causes_among(found).join(", ")),
    };
    let explained_by = found.iter().map(|finding| finding.cause.id.to_owned()).collect();
    let readings = known.iter().take(MOST_READINGS).map(Reading::of).collect();
    ReportedCode { text: code.text.clone(), readings, explained_by, advice }
}

/// Without those that others among them bring about.
fn causes_among(found: &[&Finding]) -> Vec<&'static str> {
    let is_symptom = |id: &str| found.iter().any(|other| other.explains.contains(&id));
    found.iter().map(|finding| finding.cause.id).filter(|id| !is_symptom(id)).collect()
}

/// The tables name the cause, or a symptom of it.
fn is_fitting(finding: &Finding, readings: &[Meaning]) -> bool {
    let names = |id: &str| readings.iter().any(|reading| reading.causes.contains(&id));
    names(finding.cause.id) || finding.cause.explains.iter().any(|id| names(id))
}

/// A finding that stands on this code alone does not explain it.
fn rests_on(finding: &Finding, pointer: &str) -> bool {
    let speaks = |item: &&crate::ProofItem| item.decibans > 0;
    finding.proof.items.iter().filter(speaks).all(|item| item.facts.iter().any(|fact| fact == pointer))
}

fn unexplained(evidence: &Evidence, diagnosis: &Diagnosis) -> String {
    let target = &evidence.target;
    match diagnosis.verdict {
        _ if evidence.attempts.is_empty() && target.is_unnamed() => {
            "nothing was measured: run `rdpdoctor diagnose HOST` against the machine that refused you".to_owned()
        }
        Verdict::Healthy | Verdict::Warning => format!(
            "nothing that was measured from here explains it: run `rdpdoctor diagnose {target} --deep` on the machine \
             that shows the code, and read the server's event log of that minute"
        ),
        Verdict::Broken | Verdict::Unreachable | Verdict::Inconclusive => {
            "nothing found so far explains it: the code may belong to another attempt or another machine".to_owned()
        }
    }
}

impl Reading {
    fn of(meaning: &Meaning) -> Self {
        let Meaning { family, name, text, .. } = meaning;
        Self { family: (*family).to_owned(), name: (*name).to_owned(), meaning: (*text).to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use super::*;
    use crate::evidence::Ending;
    use crate::judge;
    use crate::testing::Scene;

    fn codes(scene: Scene) -> Vec<ReportedCode> {
        let evidence = scene.evidence();
        reported(&evidence, &judge(&evidence))
    }

    fn only(scene: Scene) -> ReportedCode {
        let mut codes = codes(scene);
        assert_eq!(codes.len(), 1, "{codes:?}");
        codes.remove(0)
    }

    #[test]
    fn a_code_is_explained_by_what_was_found() {
        let refused = Scene::at("10.0.0.5").client(|a| a.ends(Ending::Refused)).client(|a| a.ends(Ending::Refused));
        let code = only(refused.error("0x204"));
        assert_eq!(
            (code.text.as_str(), code.explained_by.as_slice()),
            ("0x204", ["port-closed".to_owned()].as_slice())
        );
        assert_eq!(code.readings.first().map(|reading| reading.family.as_str()), Some("client-disconnect"));
        assert!(code.advice.contains("port-closed"));
    }

    #[test]
    fn nothing_explains_a_hang_up_by_a_server_that_is_healthy() {
        let healthy = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL).completes_tls());
        let pair = codes(healthy.error("Error code: 0x904, Extended error code: 0x7"));
        assert_eq!(pair.len(), 2);
        for code in pair {
            assert!(code.explained_by.is_empty() && code.advice.starts_with("nothing that was measured"), "{code:?}");
        }
    }

    #[test]
    fn a_code_does_not_explain_itself() {
        let scene = Scene::unresolved("ts01").error("0xC0000133");
        let evidence = scene.clone().evidence();
        assert_eq!(judge(&evidence).findings.first().map(|finding| finding.cause.id), Some("clock-skew"));
        assert!(only(scene).explained_by.is_empty());
        let helped = only(Scene::unresolved("ts01").error("0xC0000133").told(&["clock-differs"]));
        assert_eq!(helped.explained_by, ["clock-skew"]);
    }

    #[test]
    fn an_unknown_code_is_said_to_be_unknown() {
        let code = only(Scene::unresolved("ts01").error("0xDEADBEEF"));
        assert!(code.readings.is_empty() && code.explained_by.is_empty());
        assert!(code.advice.contains("nothing is known"));
    }
}
