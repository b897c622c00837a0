//! What causes say of the policy that decides.

use std::collections::BTreeSet;

use crate::evidence::Snapshot;
use crate::evidence::snapshot::PolicyObject;
use crate::policy::{Written, place_of, written};
use crate::view::{host_fact, origin_fact};
use crate::{Detection, Place, Proof, Remedy};

/// Where a pointer leads that ends with the place of an object.
const OBJECTS: &str = "/policies/observed/";

/// Which of the two machines a snapshot is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::causes) enum Side {
    Server,
    Client,
}

impl Side {
    fn fact(self, parts: &[&str]) -> String {
        match self {
            Self::Server => host_fact(parts),
            Self::Client => origin_fact(parts),
        }
    }
}

/// The proof, and which policy wrote the setting where it is decided now.
pub(in crate::causes) fn with_author(proof: Proof, machine: &Snapshot, side: Side, id: &str) -> Proof {
    let Some((key, value)) = place_of(machine, id) else { return proof };
    with_author_of(proof, machine, side, key, value)
}

/// The same of any value.
pub(in crate::causes) fn with_author_of(proof: Proof, machine: &Snapshot, side: Side, key: &str, value: &str) -> Proof {
    match written(machine, key, value) {
        Some(Written::Known(text, Some((place, _)))) => {
            proof.and(text, [side.fact(&["policies", "observed", &place.to_string()])], 0)
        }
        Some(Written::Known(text, None)) => proof.and(text, [side.fact(&["policies"])], 0),
        Some(Written::Open(question)) => proof.missing(question),
        None => proof,
    }
}

/// The remedies, those that speak of "a policy" with its name, where what was found rests on just one.
pub(in crate::causes) fn naming(
    remedies: Vec<Remedy>,
    machine: Option<&Snapshot>,
    look: impl FnOnce(&Snapshot) -> Detection,
) -> Vec<Remedy> {
    let Some(object) = machine.and_then(|machine| object_of(machine, &look(machine))) else { return remedies };
    remedies.into_iter().map(|remedy| named(remedy, object)).collect()
}

fn named(mut remedy: Remedy, object: &PolicyObject) -> Remedy {
    if remedy.title.to_lowercase().contains("policy") {
        remedy.title = format!("{}; here it is {object}", remedy.title);
        // The local one is changed on the machine itself.
        if object.is_local() && remedy.place == Place::DomainController {
            remedy.place = Place::Server;
        }
    }
    remedy
}

/// The one object that a proof points to.
fn object_of<'a>(machine: &'a Snapshot, found: &Detection) -> Option<&'a PolicyObject> {
    let (Detection::Confirmed(proof) | Detection::Likely(proof)) = found else { return None };
    let places = proof.items.iter().flat_map(|item| &item.facts).filter_map(|fact| place_in(fact));
    let places: BTreeSet<usize> = places.collect();
    let place = places.first().filter(|_| places.len() == 1)?;
    machine.policies.observed()?.get(*place)
}

fn place_in(fact: &str) -> Option<usize> {
    fact.rsplit_once(OBJECTS)?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::snapshot::Reading;
    use crate::report::build;
    use crate::testing::Machine;

    fn off() -> Machine {
        Machine::healthy().policy("deny-connections", 1).no_listeners()
    }

    /// The proof and the remedies of the root as a reader gets them.
    fn told(machine: Machine) -> (Vec<String>, Vec<String>) {
        let report = build(machine.evidence(), 0.0);
        let json = serde_json::to_value(&report).unwrap();
        let root = report.findings.into_iter().next().unwrap();
        assert_eq!(root.cause, "rdp-disabled");
        for fact in root.proof.iter().flat_map(|item| &item.facts) {
            assert!(json.pointer(fact).is_some(), "{fact} leads nowhere");
        }
        let proof = root.proof.into_iter().map(|item| item.text).chain(root.missing).collect();
        (proof, root.remedies.into_iter().map(|remedy| remedy.title).collect())
    }

    #[test]
    fn proof_and_remedy_name_the_policy() {
        let (proof, remedies) = told(off().sets("RDP hardening", "deny-connections", 1));
        let named = "the policy \"RDP hardening\" ({00000000-0000-4000-8000-000000000001}, domain corp.example)";
        assert_eq!(proof[1], format!("fDenyTSConnections is set by {named}"));
        assert!(remedies.iter().any(|title| title.ends_with(&format!("; here it is {named}"))), "{remedies:?}");
    }

    #[test]
    fn the_local_policy_is_changed_on_the_machine() {
        let machine = off().sets_locally("deny-connections", 1);
        let report = build(machine.evidence(), 0.0);
        let remedies = &report.findings[0].remedies;
        let named = remedies.iter().find(|remedy| remedy.title.contains("here it is the local policy")).unwrap();
        assert_eq!(named.place, Place::Server);
    }

    #[test]
    fn where_none_that_was_read_sets_it_no_remedy_names_one() {
        let (proof, remedies) = told(off());
        assert!(proof[1].starts_with("no policy file that was read sets fDenyTSConnections"), "{proof:?}");
        assert!(!remedies.iter().any(|title| title.contains("here it is")), "{remedies:?}");
    }

    #[test]
    fn what_was_not_read_is_missing_and_a_local_value_is_nobodys() {
        let denied = |host: &mut Snapshot| host.policies = Reading::NotObtained("access is denied".to_owned());
        let (proof, _) = told(off().with(denied));
        assert!(proof.iter().any(|text| text.contains("the list of policies could not be read")), "{proof:?}");
        let local = Machine::healthy().dword("deny-connections", 1).no_listeners();
        let (proof, _) = told(local.sets("Elsewhere", "nla", 1));
        assert!(!proof.iter().any(|text| text.contains("polic")), "{proof:?}");
    }

    #[test]
    fn two_policies_are_not_taken_for_one() {
        let weak = Machine::healthy().policy("security-layer", 1).policy("nla", 0);
        let report = build(weak.sets("One", "security-layer", 1).sets("Two", "nla", 0).evidence(), 0.0);
        let found = report.findings.iter().find(|one| one.cause == "security-layer-weak").unwrap();
        let texts: Vec<&str> = found.proof.iter().map(|item| item.text.as_str()).collect();
        assert!(texts[1].contains("\"One\"") && texts[2].contains("\"Two\""), "{texts:?}");
        assert!(!found.remedies.iter().any(|remedy| remedy.title.contains("here it is")));
    }
}
