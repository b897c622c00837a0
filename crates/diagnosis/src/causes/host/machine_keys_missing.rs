use super::ahead::by_host_ahead;
use super::in_use::InUse;
use super::keys::{Key, key_in_use};
use super::machine_keys_permissions::still_held;
use super::remedies::{MAKE_ANEW, READ_CERTIFICATE_EVENTS, READ_KEY};
use super::renewal::{is_past, made};
use super::signs::unless_key_works;
use crate::causes::step::remedies;
use crate::evidence::{Evidence, Snapshot};
use crate::{Cause, Detection, Proof, Severity, Stage};

/// The certificate is in the store, and the file of its key is not.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "machine-keys-missing",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "The private key of the Remote Desktop certificate is gone",
    prior: -6,
    explains: &["certificate-not-renewed", "handshake-reset", "private-key-unusable"],
    page: include_str!("machine-keys-missing.md"),
    detect,
    remedies: |_| remedies(&[&READ_CERTIFICATE_EVENTS, &READ_KEY, &MAKE_ANEW]),
};

fn detect(evidence: &Evidence) -> Detection {
    let wire = unless_key_works(evidence);
    let works = wire == Detection::RuledOut;
    by_host_ahead(evidence, wire, |host| look(host, works))
}

fn look(host: &Snapshot, works: bool) -> Detection {
    let (used, key) = key_in_use(host);
    let Some(used) = used else {
        let settled = key == Key::NotNeeded;
        return if settled { Detection::RuledOut } else { Detection::Unknown(Vec::new()) };
    };
    let (text, fact) = match key {
        Key::Unknown => return Detection::Unknown(Vec::new()),
        Key::Missing { of_others, .. } if !of_others.is_empty() => return Detection::RuledOut,
        Key::Missing { file, folder, .. } => (format!("its key file {file} is not in MachineKeys"), folder),
        Key::Empty(found) => (format!("its key file {} is empty", found.file.name), found.fact),
        Key::NotNeeded | Key::Readable | Key::Unreadable(_) => return Detection::RuledOut,
    };
    if is_replaced(host, &used) {
        return Detection::Unknown(Vec::new());
    }
    let named = format!("the listener's certificate {} is in the store and names its key", used.stored.thumbprint);
    let proof = Proof::of(format!("{named}; {text}"), [used.fact, fact], 30);
    Detection::Confirmed(still_held(proof, works))
}

/// Whether Windows made a certificate after the one that was found: then this one is not in use.
pub(super) fn is_replaced(host: &Snapshot, used: &InUse<'_>) -> bool {
    !used.chosen && made(host).is_some_and(|made| is_past(made, used.leaf.not_before))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::logged::MANAGER;
    use crate::evidence::snapshot::Reading;
    use crate::testing::{CertificateMaker, KEY_FILE, Machine};
    use crate::{Certainty, Verdict, judge};

    fn emptied() -> Machine {
        Machine::healthy().no_key_files()
    }

    #[test]
    fn fires_on_a_file_that_is_gone_or_empty() {
        let hollow = emptied().key_file(KEY_FILE, true).with(|host| {
            let Reading::Observed(Some(files)) = &mut host.key_folders[0].files else { panic!("files") };
            files[0].size = 0;
        });
        for machine in [emptied(), emptied().on_disk(), hollow] {
            let diagnosis = judge(&machine.evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.certainty), ("machine-keys-missing", Certainty::Confirmed));
            assert_eq!(diagnosis.verdict, Verdict::Broken);
        }
    }

    #[test]
    fn near_miss_without_a_certificate_windows_makes_both() {
        assert_eq!(look(&emptied().empty_store("Remote Desktop").snapshot(), false), Detection::RuledOut);
    }

    #[test]
    fn unknown_after_a_renewal_and_for_keys_of_newer_providers() {
        let renewed = emptied().event("System", MANAGER, 1056, 60, &[]);
        assert_eq!(look(&renewed.snapshot(), false), Detection::Unknown(Vec::new()));
        let newer = CertificateMaker::issued("ts01", "Corp CA");
        let machine = emptied().certificate("My", &newer, "te-RemoteDesktop-1").pins(&newer);
        assert_eq!(look(&machine.snapshot(), false), Detection::Unknown(Vec::new()));
        assert_eq!(look(&Machine::unread().snapshot(), false), Detection::Unknown(Vec::new()));
    }
}
