use super::ahead::by_host_ahead;
use super::keys::{Key, key_in_use};
use super::machine_keys_missing::is_replaced;
use super::machine_keys_permissions::still_held;
use super::remedies::{MAKE_ANEW, READ_CERTIFICATE_EVENTS, READ_KEY};
use super::signs::{setting_of, unless_key_works};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::{Evidence, Snapshot};
use crate::{Cause, Detection, Proof, Safety, Severity, Stage};

/// Cloned or restored without being generalised: the key file is protected by another identity.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "cloned-machine-keys",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "The machine is a copy, and its Remote Desktop key belongs to the original",
    prior: -6,
    explains: &["certificate-not-renewed", "certificate-shared", "handshake-reset", "private-key-unusable"],
    page: include_str!("cloned-machine-keys.md"),
    detect,
    remedies: |_| remedies(&[&READ_CERTIFICATE_EVENTS, &READ_KEY, &MAKE_ANEW, &GENERALISE]),
};

fn detect(evidence: &Evidence) -> Detection {
    let wire = unless_key_works(evidence);
    let works = wire == Detection::RuledOut;
    by_host_ahead(evidence, wire, |host| look(host, works))
}

fn look(host: &Snapshot, works: bool) -> Detection {
    let (used, key) = key_in_use(host);
    let (file, others) = match key {
        Key::Unknown => return Detection::Unknown(Vec::new()),
        Key::Missing { file, of_others, .. } => (file, of_others),
        Key::NotNeeded | Key::Readable | Key::Unreadable(_) | Key::Empty(_) => return Detection::RuledOut,
    };
    let Some(other) = others.first() else { return Detection::RuledOut };
    let Some(used) = used.filter(|used| !is_replaced(host, used)) else { return Detection::Unknown(Vec::new()) };
    let text = format!(
        "the certificate needs the key file {file}, whose name ends in this machine's MachineGuid; only {} of another \
         machine is there",
        other.file.name
    );
    let facts = [other.fact.clone(), used.fact, setting_of(host, "machine-guid").1];
    Detection::Confirmed(still_held(Proof::of(text, facts, 30), works))
}

const GENERALISE: Step = Step {
    title: "For the next copies: generalise the image before it is copied",
    safety: Safety::Manual,
    interrupts: "the machine on which it runs shuts down and loses its name, its domain and its keys: run it on the master image only",
    commands: &[r"C:\Windows\System32\Sysprep\sysprep.exe /generalize /oobe /shutdown"],
    undo: "it cannot be undone: keep a copy of the disk",
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{KEY_FILE, Machine};
    use crate::{Certainty, Verdict, judge};

    const OTHER: &str = "f686aace6942fb7f7ceb231212eef4a4_11111111-2222-3333-4444-555555555555";

    #[test]
    fn fires_where_only_another_machine_s_key_is_there() {
        for machine in [Machine::healthy(), Machine::healthy().on_disk()] {
            let diagnosis = judge(&machine.no_key_files().key_file(OTHER, true).evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.certainty), ("cloned-machine-keys", Certainty::Confirmed));
            assert_eq!(diagnosis.verdict, Verdict::Broken);
            assert!(!diagnosis.findings.iter().any(|finding| finding.cause.id == "machine-keys-missing"));
        }
    }

    #[test]
    fn near_misses_a_leftover_beside_our_own_and_keys_of_other_containers() {
        let both = Machine::healthy().key_file(OTHER, true);
        assert_eq!(look(&both.snapshot(), false), Detection::RuledOut);
        let unmade = Machine::healthy().empty_store("Remote Desktop").no_key_files().key_file(OTHER, true);
        assert_eq!(look(&unmade.snapshot(), false), Detection::RuledOut);
        let foreign = Machine::healthy().no_key_files().key_file(&KEY_FILE.replace("f686", "6de9"), true);
        assert_eq!(look(&foreign.snapshot(), false), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_nothing_was_read() {
        assert_eq!(look(&Machine::unread().snapshot(), false), Detection::Unknown(Vec::new()));
    }
}
