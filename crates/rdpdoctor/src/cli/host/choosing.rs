//! Which causes are mended, and what is said of those that are not.

use rdpdoctor_diagnosis::report::{Report, ReportFinding};
use rdpdoctor_diagnosis::{Certainty, Verdict, causes};
use rdpdoctor_repair::action::{self, ACTIONS, HARMFUL};
use rdpdoctor_repair::plan::{Plan, Reason};

use super::Failure;
use crate::cli::explain;

/// The causes to mend, and those of which nothing is to be planned.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) mend: Vec<String>,
    left: Vec<(String, Reason, String)>,
}

impl Chosen {
    /// Those that were named, all that were found, or the root cause.
    pub(super) fn of(named: &[String], all: bool, report: &Report) -> Self {
        if all {
            let is_mended = |it: &&ReportFinding| is_sure(it) && action::for_cause(&it.cause).next().is_some();
            let mend = report.findings.iter().filter(is_mended).map(|finding| finding.cause.clone());
            return Self { mend: mend.collect(), left: Vec::new() };
        }
        let root = report.root_cause.as_slice();
        let mut chosen = Self::default();
        for name in if named.is_empty() { root } else { named } {
            chosen.add(causes::find(name).map_or(name, |cause| cause.id), report);
        }
        chosen
    }

    /// Says in a plan what is left out of it.
    pub(super) fn note(self, plan: &mut Plan) {
        self.left.into_iter().for_each(|(cause, reason, why)| plan.leave(&cause, reason, why));
    }

    fn add(&mut self, cause: &str, report: &Report) {
        let is_known = self.mend.iter().chain(self.left.iter().map(|(left, ..)| left)).any(|known| known == cause);
        if is_known {
            return;
        }
        let finding = report.findings.iter().find(|finding| finding.cause == cause);
        let (reason, why) = match finding {
            _ if is_asked_for(cause) => return self.mend.push(cause.to_owned()),
            Some(finding) if is_sure(finding) => return self.mend.push(cause.to_owned()),
            Some(_) => (
                Reason::NotProven,
                "it is possible and no more, and nothing is changed on a guess: rdpdoctor host check says what would settle it",
            ),
            None if report.verdict == Verdict::Inconclusive => (
                Reason::NotFound,
                "it was not found in what could be read of this machine; rdpdoctor host check says what is missing",
            ),
            None => (Reason::NotFound, "it was not found on this machine"),
        };
        self.left.push((cause.to_owned(), reason, why.to_owned()));
    }
}

/// Whether the evidence supports a change for it.
pub(super) fn is_sure(finding: &ReportFinding) -> bool {
    finding.certainty >= Certainty::Likely
}

/// Refuses names of nothing that could be mended, before anything is looked at.
pub(super) fn check_names(named: &[String]) -> Result<(), Failure> {
    let is_known = |name: &&String| is_asked_for(name) || causes::find(name).is_some();
    match named.iter().find(|name| !is_known(name)) {
        Some(name) => Err(Failure::Usage(unknown(name))),
        None => Ok(()),
    }
}

/// A recipe that is refused, or a bridge: neither is found, each is asked for.
fn is_asked_for(name: &str) -> bool {
    HARMFUL.iter().any(|harmful| harmful.id == name) || action::bridge(name).is_some()
}

fn unknown(name: &str) -> String {
    match ACTIONS.iter().find(|action| action.id == name) {
        Some(action) => {
            let typed: Vec<String> = action.causes.iter().map(|cause| format!("rdpdoctor host fix {cause}")).collect();
            format!("{name} is a repair: name the cause that it mends: {}", typed.join(", or "))
        }
        None => explain::unknown(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_nothing_are_refused_with_what_was_meant() {
        let said = |name: &str| match check_names(&[name.to_owned()]) {
            Err(Failure::Usage(said)) => said,
            _ => String::new(),
        };
        assert!(said("rdp-disabeld").contains("did you mean rdp-disabled?"));
        assert!(said("grant-key-read").contains("rdpdoctor host fix machine-keys-permissions"));
        for known in ["rdp-disabled", "nla-off", "firewall-off"] {
            assert_eq!(said(known), "", "{known}");
        }
    }
}
