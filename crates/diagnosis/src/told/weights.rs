use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use super::facts::sentence;
use crate::ProofItem;
use crate::catalogue::table;
use crate::evidence::{Evidence, ToldFact};

/// Columns: fact, cause, decibans, confidence, source.
const TABLE: &str = include_str!("../../../../data/fact_weights.csv");

/// By fact, its value included, and cause.
static WEIGHTS: LazyLock<HashMap<String, HashMap<String, i16>>> = LazyLock::new(|| {
    let mut weights: HashMap<String, HashMap<String, i16>> = HashMap::new();
    for (fact, cause, decibans) in table::rows(TABLE).filter_map(weight_of) {
        weights.entry(fact).or_default().insert(cause, decibans);
    }
    weights
});

/// What was told that speaks for or against the cause with this id, each with its weight.
pub fn weights(evidence: &Evidence, cause: &str) -> Vec<ProofItem> {
    of_facts(&evidence.told.facts, cause)
}

/// Two values of one fact (two servers that fail alike) are not two independent observations: the heavier one counts.
fn of_facts(facts: &[ToldFact], cause: &str) -> Vec<ProofItem> {
    let mut heaviest: BTreeMap<&str, (usize, i16)> = BTreeMap::new();
    let mut items: Vec<(usize, i16)> = Vec::new();
    for (place, fact) in facts.iter().enumerate() {
        let decibans = weight(fact, cause);
        let is_repeated = facts.iter().take(place).any(|earlier| earlier == fact);
        if decibans == 0 || is_repeated {
            continue;
        }
        if is_observation(fact) {
            items.push((place, decibans));
            continue;
        }
        let kept = heaviest.entry(&fact.id).or_insert((place, decibans));
        if decibans.abs() > kept.1.abs() {
            *kept = (place, decibans);
        }
    }
    items.extend(heaviest.into_values());
    items.sort_unstable();
    let item = |(place, decibans)| Some(item(place, facts.get(place)?, decibans));
    items.into_iter().filter_map(item).collect()
}

/// Each event, status or alert is an observation of its own; a client, a server or a role describes the surroundings.
fn is_observation(fact: &ToldFact) -> bool {
    !matches!(fact.id.as_str(), "client" | "server" | "role")
}

fn weight(fact: &ToldFact, cause: &str) -> i16 {
    let key = match &fact.value {
        Some(value) => &format!("{}={value}", fact.id),
        None => &fact.id,
    };
    WEIGHTS.get(key).and_then(|causes| causes.get(cause)).copied().unwrap_or_default()
}

fn item(place: usize, fact: &ToldFact, decibans: i16) -> ProofItem {
    ProofItem { text: sentence(fact), facts: vec![format!("/evidence/told/facts/{place}")], decibans }
}

fn weight_of(row: Vec<String>) -> Option<(String, String, i16)> {
    let [fact, cause, decibans, ..] = <[String; 5]>::try_from(row).ok()?;
    Some((fact, cause, decibans.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Scene;

    fn told(facts: &[&str], cause: &str) -> Vec<(String, i16)> {
        let evidence = Scene::unresolved("ts01").told(facts).evidence();
        weights(&evidence, cause).into_iter().map(|item| (item.text, item.decibans)).collect()
    }

    #[test]
    fn facts_speak_for_and_against() {
        let said = "you said that connecting by address works and by name does not";
        assert_eq!(told(&["works-by-ip"], "wrong-host"), [(said.to_owned(), 7)]);
        assert_eq!(told(&["works-by-ip"], "rdp-disabled"), [(said.to_owned(), -12)]);
        assert_eq!(told(&["works-by-ip"], "fips-mode"), []);
        assert_eq!(told(&[], "wrong-host"), []);
    }

    #[test]
    fn what_is_said_twice_counts_once() {
        assert_eq!(told(&["vpn", "vpn"], "path-mtu-black-hole").len(), 1);
        let servers = told(&["server=2012", "server=2008r2", "server=2016"], "cipher-suite-mismatch");
        assert_eq!(servers, [("you said that the target runs 2008r2".to_owned(), 5)]);
    }

    #[test]
    fn every_row_names_a_fact_and_a_cause_and_its_source() {
        for row in table::rows(TABLE) {
            let [fact, _, decibans, confidence, source] = row.as_slice() else { panic!("{row:?}") };
            let read: ToldFact = fact.parse().unwrap_or_else(|error| panic!("{fact}: {error}"));
            let spelling = read.value.map_or(read.id.clone(), |value| format!("{}={value}", read.id));
            assert_eq!(*fact, spelling);
            let decibans: i16 = decibans.parse().unwrap();
            assert!(decibans != 0 && decibans.abs() <= 20, "{row:?}");
            let known = ["official", "field", "practice", "derived"];
            assert!(known.contains(&confidence.as_str()) && !source.is_empty(), "{row:?}");
        }
        let pairs: usize = WEIGHTS.values().map(HashMap::len).sum();
        assert_eq!(pairs, table::rows(TABLE).count(), "a pair stands twice");
    }
}
