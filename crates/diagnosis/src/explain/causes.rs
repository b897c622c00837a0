use std::collections::HashMap;

use super::{ExplainedCode, FittingCause, Moved};
use crate::Cause;
use crate::causes::{CAUSES, find};
use crate::evidence::Evidence;
use crate::told::{Ranked, rank};

/// The weight of the first cause of the first meaning; only the order counts.
const FULL: usize = 1000;
/// Shorter is no sentence but an abbreviation.
const SENTENCE: usize = 20;

/// The causes for which something weighs, and after them those that only the tables of codes name.
pub(super) fn fitting(evidence: &Evidence, codes: &[ExplainedCode]) -> Vec<FittingCause> {
    let mut fitting: Vec<FittingCause> = rank(evidence).into_iter().map(weighed).collect();
    for cause in named(codes) {
        if fitting.iter().all(|known| known.cause != cause.id) {
            fitting.push(FittingCause { score: None, moved_by: Vec::new(), ..of(cause) });
        }
    }
    fitting
}

fn weighed(ranked: Ranked) -> FittingCause {
    let moved =
        ranked.moved_by.into_iter().map(|item| Moved { text: item.text, decibans: item.decibans, facts: item.facts });
    FittingCause { score: Some(ranked.score), moved_by: moved.collect(), ..of(ranked.cause) }
}

fn of(cause: &Cause) -> FittingCause {
    FittingCause {
        cause: cause.id.to_owned(),
        stage: cause.stage,
        title: cause.title.to_owned(),
        score: None,
        moved_by: Vec::new(),
        proven_by: proven_by(cause.page),
    }
}

/// What the tables name, by its place in them; later meanings of a number count less.
fn named(codes: &[ExplainedCode]) -> Vec<&'static Cause> {
    let mut weights: HashMap<&'static str, usize> = HashMap::new();
    for code in codes {
        for (later, meaning) in code.meanings.iter().enumerate() {
            let causes = meaning.causes.iter().filter_map(|id| find(id)).enumerate();
            for (place, cause) in causes {
                *weights.entry(cause.id).or_default() += FULL / (place + 1) / (1 + 3 * later);
            }
        }
    }
    let mut named: Vec<&'static Cause> =
        CAUSES.iter().copied().filter(|cause| weights.contains_key(cause.id)).collect();
    named.sort_by_key(|cause| std::cmp::Reverse(weights.get(cause.id).copied()));
    named
}

/// The first sentence of "How it is proven".
fn proven_by(page: &str) -> String {
    let section = page.split("\n## How it is proven\n").nth(1).unwrap_or_default();
    let paragraph = section.split("\n\n").next().unwrap_or_default().split("\n## ").next().unwrap_or_default();
    let text = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = text.match_indices(". ").map(|(at, _)| at + 1).find(|at| *at >= SENTENCE);
    end.and_then(|end| text.get(..end)).unwrap_or(&text).trim_start_matches("- ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_says_in_a_sentence_how_it_is_proven() {
        for cause in CAUSES {
            let sentence = proven_by(cause.page);
            assert!(sentence.len() > SENTENCE && !sentence.contains('\n'), "{}: {sentence}", cause.id);
        }
        assert_eq!(
            proven_by("# T\n\n## How it is proven\nThe `a` is read\nfrom the wire. Another.\n\n## Remedy\n"),
            "The `a` is read from the wire."
        );
    }
}
