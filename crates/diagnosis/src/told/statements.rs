use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use super::codes::{self, Meaning};
use super::facts;
use crate::ProofItem;
use crate::catalogue::table;
use crate::evidence::{Evidence, ToldCode, ToldFact};

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

/// Everything that was told, ready to be weighed for one cause after the other.
#[derive(Debug, Default)]
pub struct Statements {
    said: Vec<Statement>,
}

#[derive(Debug)]
struct Statement {
    /// The same for the same thing said twice, as a fact and as a code, say: `works-by-ip`, `event=1057`.
    key: String,
    /// Of several statements that describe the same surroundings only the heaviest counts.
    surroundings: Option<String>,
    text: String,
    pointer: String,
    meanings: Vec<Meaning>,
}

impl Statements {
    /// What was told of this target; each thing once.
    pub fn of(evidence: &Evidence) -> Self {
        let facts = evidence.told.facts.iter().enumerate().map(|(place, fact)| Statement::of_fact(place, fact));
        let codes = evidence.told.codes.iter().enumerate().map(|(place, code)| Statement::of_code(place, code));
        let mut said: Vec<Statement> = Vec::new();
        for statement in facts.chain(codes) {
            if said.iter().all(|earlier| earlier.key != statement.key) {
                said.push(statement);
            }
        }
        Self { said }
    }

    /// What speaks for or against the cause with this id, each with its weight.
    pub fn about(&self, cause: &str) -> Vec<ProofItem> {
        let mut heaviest: BTreeMap<&str, (usize, i16)> = BTreeMap::new();
        let mut weighed: Vec<(usize, i16)> = Vec::new();
        for (place, statement) in self.said.iter().enumerate() {
            let decibans = statement.weight(cause);
            match &statement.surroundings {
                _ if decibans == 0 => {}
                None => weighed.push((place, decibans)),
                Some(surroundings) => {
                    let kept = heaviest.entry(surroundings).or_insert((place, decibans));
                    if decibans.abs() > kept.1.abs() {
                        *kept = (place, decibans);
                    }
                }
            }
        }
        weighed.extend(heaviest.into_values());
        weighed.sort_unstable();
        let item = |(place, decibans): (usize, i16)| Some(self.said.get(place)?.item(decibans));
        weighed.into_iter().filter_map(item).collect()
    }
}

impl Statement {
    fn of_fact(place: usize, fact: &ToldFact) -> Self {
        // Each event, status or alert is an observation of its own; two servers that fail alike are none.
        let describes = matches!(fact.id.as_str(), "client" | "server" | "role");
        Self {
            key: facts::spelling(fact),
            surroundings: describes.then(|| fact.id.clone()),
            text: facts::sentence(fact),
            pointer: format!("/evidence/told/facts/{place}"),
            meanings: codes::of_fact(fact),
        }
    }

    fn of_code(place: usize, code: &ToldCode) -> Self {
        let meanings = codes::of_code(code);
        Self {
            key: codes::key(code, &meanings),
            surroundings: None,
            text: codes::sentence(code, &meanings),
            pointer: format!("/evidence/told/codes/{place}"),
            meanings,
        }
    }

    /// What the table of facts says beside what the tables of codes say.
    fn weight(&self, cause: &str) -> i16 {
        let listed = WEIGHTS.get(&self.key).and_then(|causes| causes.get(cause)).copied().unwrap_or_default();
        listed.saturating_add(codes::weight(&self.meanings, cause))
    }

    fn item(&self, decibans: i16) -> ProofItem {
        ProofItem { text: self.text.clone(), facts: vec![self.pointer.clone()], decibans }
    }
}

fn weight_of(row: Vec<String>) -> Option<(String, String, i16)> {
    let [fact, cause, decibans, ..] = <[String; 5]>::try_from(row).ok()?;
    Some((fact, cause, decibans.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Scene;

    fn about(scene: Scene, cause: &str) -> Vec<(String, i16)> {
        let items = Statements::of(&scene.evidence()).about(cause);
        items.into_iter().map(|item| (item.text, item.decibans)).collect()
    }

    fn told(facts: &[&str], cause: &str) -> Vec<(String, i16)> {
        about(Scene::unresolved("ts01").told(facts), cause)
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
        let both = Scene::unresolved("ts01").told(&["status=0xc0000234"]).error("0xC0000234");
        assert_eq!(about(both, "account-locked").len(), 1);
    }

    #[test]
    fn a_code_weighs_as_the_fact_that_says_the_same() {
        let fact = told(&["event=36870"], "private-key-unusable");
        let code = about(Scene::unresolved("ts01").error("Schannel/36870"), "private-key-unusable");
        assert_eq!(fact.first().map(|(_, decibans)| *decibans), code.first().map(|(_, decibans)| *decibans));
        assert!(fact.first().is_some_and(|(_, decibans)| *decibans > 5), "{fact:?}");
    }

    #[test]
    fn every_row_names_a_fact_and_a_cause_and_its_source() {
        let cases: Vec<_> = table::rows(include_str!("../../tests/fixtures/told.csv")).collect();
        for row in table::rows(TABLE) {
            let [fact, cause, decibans, confidence, source] = row.as_slice() else { panic!("{row:?}") };
            let read: ToldFact = fact.parse().unwrap_or_else(|error| panic!("{fact}: {error}"));
            assert_eq!(*fact, facts::spelling(&read));
            assert!(cases.iter().any(|case| case.first() == Some(cause)), "{fact}: there is no cause {cause}");
            let decibans: i16 = decibans.parse().unwrap();
            assert!(decibans != 0 && decibans.abs() <= 20, "{row:?}");
            let known = ["official", "field", "practice", "derived"];
            assert!(known.contains(&confidence.as_str()) && !source.is_empty(), "{row:?}");
        }
        let pairs: usize = WEIGHTS.values().map(HashMap::len).sum();
        assert_eq!(pairs, table::rows(TABLE).count(), "a pair stands twice");
    }
}
