use std::cmp::Reverse;

use super::Statements;
use crate::causes::CAUSES;
use crate::evidence::Evidence;
use crate::{Cause, Detection, ProofItem};

/// One cause with what speaks for and against it.
#[derive(Debug)]
pub struct Ranked {
    /// Which.
    pub cause: &'static Cause,
    /// Prior, measurements and statements, in decibans.
    pub score: i16,
    /// What was measured and said, in that order.
    pub moved_by: Vec<ProofItem>,
}

/// The causes that measurement leaves possible and for which anything speaks, the likeliest first.
pub fn rank(evidence: &Evidence) -> Vec<Ranked> {
    let told = Statements::of(evidence);
    let mut ranked: Vec<Ranked> = CAUSES.iter().filter_map(|cause| ranked(cause, evidence, &told)).collect();
    ranked.sort_by_key(|ranked| (Reverse(ranked.score), ranked.cause.stage, ranked.cause.id));
    ranked
}

fn ranked(cause: &'static Cause, evidence: &Evidence, told: &Statements) -> Option<Ranked> {
    let mut moved_by = match (cause.detect)(evidence) {
        Detection::Confirmed(proof) | Detection::Likely(proof) => proof.items,
        Detection::Unknown(_) => Vec::new(),
        Detection::RuledOut => return None,
    };
    moved_by.extend(told.about(cause.id));
    let speaks = moved_by.iter().any(|item| item.decibans > 0);
    let score = moved_by.iter().fold(cause.prior, |sum, item| sum.saturating_add(item.decibans));
    speaks.then_some(Ranked { cause, score, moved_by })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Ending;
    use crate::testing::Scene;

    fn ids(scene: Scene) -> Vec<&'static str> {
        rank(&scene.evidence()).iter().map(|ranked| ranked.cause.id).collect()
    }

    #[test]
    fn nothing_said_ranks_nothing() {
        assert!(ids(Scene::unresolved("ts01")).is_empty());
    }

    #[test]
    fn the_likeliest_is_first_and_says_why() {
        let ranked = rank(&Scene::unresolved("ts01").told(&["certificate-date-shown", "clock-differs"]).evidence());
        let first = ranked.first().unwrap();
        assert_eq!(first.cause.id, "clock-skew");
        assert_eq!(first.moved_by.len(), 2);
        assert!(ranked.is_sorted_by_key(|ranked| Reverse(ranked.score)));
    }

    #[test]
    fn what_was_measured_is_ranked_with_what_was_said() {
        let refused = Scene::at("10.0.0.5").client(|a| a.ends(Ending::Refused)).client(|a| a.ends(Ending::Refused));
        let ranked = ids(refused.told(&["name-does-not-resolve", "vpn"]));
        assert_eq!(ranked.first(), Some(&"port-closed"), "{ranked:?}");
        assert!(!ranked.contains(&"port-filtered"), "a refusal rules it out: {ranked:?}");
    }
}
