use super::ahead::by_host_ahead;
use super::in_use::{entries, noted};
use super::keys::{Found, Key, key_in_use, own_files};
use super::remedies::{MAKE_ANEW, READ_CERTIFICATE_EVENTS, READ_KEY};
use super::renewal::{failures, is_in_the_way};
use super::signs::{setting_of, unless_key_works};
use crate::causes::logged::{Logged, last_seen};
use crate::causes::step::remedies;
use crate::evidence::Snapshot;
use crate::evidence::snapshot::Reading;
use crate::{Cause, Detection, Proof, Severity, Stage};

/// Windows can neither open nor replace the container `TSSecKeySet1` that is there.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "stale-key-container",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "An old key container is in the way of the new Remote Desktop certificate",
    prior: -6,
    explains: &["certificate-not-renewed", "handshake-reset", "private-key-unusable"],
    page: include_str!("stale-key-container.md"),
    detect: |evidence| by_host_ahead(evidence, unless_key_works(evidence), look),
    remedies: |_| remedies(&[&READ_CERTIFICATE_EVENTS, &READ_KEY, &MAKE_ANEW]),
};

fn look(host: &Snapshot) -> Detection {
    let (used, key) = key_in_use(host);
    let in_date = used.as_ref().is_some_and(|used| last_seen(host) <= used.leaf.not_after);
    // A certificate that somebody chose has a container of its own.
    if used.as_ref().is_some_and(|used| used.chosen) {
        return Detection::RuledOut;
    }
    match &key {
        Key::Unknown if !in_date => return Detection::Unknown(Vec::new()),
        // A key that works needs no other while the certificate is in date; the rest is told by its own cause.
        Key::Readable | Key::Unknown if in_date => return Detection::RuledOut,
        Key::Unreadable(_) => return Detection::RuledOut,
        Key::Missing { of_others, .. } if !of_others.is_empty() => return Detection::RuledOut,
        _ => {}
    }
    let (Some(failures), Some(files)) = (failures(host), own_files(host)) else {
        return Detection::Unknown(Vec::new());
    };
    let Some(last) = failures.last() else { return Detection::RuledOut };
    let found = in_the_way(last, &files).or_else(|| forgotten(host, last));
    match found {
        Some(Detection::Confirmed(proof)) if key == Key::Readable => {
            Detection::Confirmed(proof.severity(Severity::Degrades))
        }
        Some(Detection::Likely(proof)) if key == Key::Readable => Detection::Likely(proof.severity(Severity::Degrades)),
        Some(found) => found,
        None => Detection::RuledOut,
    }
}

/// A file of the container from before the failure: one that SYSTEM cannot delete proves it.
fn in_the_way(last: &Logged<'_>, files: &[Found<'_>]) -> Option<Detection> {
    let failed = format!("event {} at {}: Windows could not make its certificate", last.event.id, last.when());
    let proof = Proof::of(failed, [last.fact.clone()], 10);
    let stuck = files.iter().find(|found| found.file.system_controls == Reading::Observed(false));
    if let Some(found) = stuck {
        let (name, rights) = (&found.file.name, found.permissions());
        let text = format!("SYSTEM may not replace {name}, the file of its container: its permissions are {rights}");
        return Some(Detection::Confirmed(proof.and(text, [found.fact.clone()], 20)));
    }
    let older = files.iter().find(|found| found.file.modified.is_some_and(|time| time < last.event.time))?;
    if !is_in_the_way(last.event) {
        return None;
    }
    let text = format!("{}, the file of its container, is from before that", older.file.name);
    let status = "the event's status is one of a container that can be neither opened nor replaced";
    let proof = proof.and(status, [last.fact.clone()], 8).and(text, [older.fact.clone()], 5);
    Some(Detection::Likely(proof.missing("whether a certificate is made once that file has been moved aside")))
}

/// Windows noted a certificate that is in no store any more, and makes no other.
fn forgotten(host: &Snapshot, last: &Logged<'_>) -> Option<Detection> {
    let noted = noted(host)?;
    let stores = host.certificates.keys();
    if stores.into_iter().any(|store| entries(host, store).any(|entry| entry.stored.thumbprint == noted)) {
        return None;
    }
    let text = format!("SelfSignedCertificate names {noted}, which is in no store");
    let failed = format!("event {} at {}: Windows could not make another", last.event.id, last.when());
    let proof = Proof::of(text, [setting_of(host, "selfsigned-hash").1], 8).and(failed, [last.fact.clone()], 10);
    Some(Detection::Likely(proof.missing("what keeps the container: its file was not seen to be in the way")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::logged::MANAGER;
    use crate::evidence::snapshot::KeyFile;
    use crate::testing::{CertificateMaker, Machine};
    use crate::{Certainty, Verdict, judge};

    fn failing(status: &str) -> Machine {
        Machine::healthy().empty_store("Remote Desktop").event("System", MANAGER, 1057, 0, &[("", status)])
    }

    fn key_file(host: &mut Snapshot) -> &mut KeyFile {
        let Reading::Observed(Some(files)) = &mut host.key_folders[0].files else { panic!("files") };
        &mut files[0]
    }

    fn old(machine: Machine) -> Machine {
        machine.with(|host| key_file(host).modified = Some("1969-06-01T00:00:00Z".parse().unwrap()))
    }

    #[test]
    fn confirmed_by_a_file_that_system_cannot_replace() {
        let machine = failing("").with(|host| key_file(host).system_controls = Reading::Observed(false));
        let diagnosis = judge(&machine.evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("stale-key-container", Certainty::Confirmed));
        assert_eq!(diagnosis.verdict, Verdict::Broken);
    }

    #[test]
    fn likely_by_the_status_and_an_older_file() {
        let diagnosis = judge(&old(failing("0x8009000F")).evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("stale-key-container", Certainty::Likely));
    }

    #[test]
    fn likely_where_the_noted_certificate_is_gone() {
        let machine = failing("").notes(&CertificateMaker::windows("OLD"));
        assert!(matches!(look(&machine.snapshot()), Detection::Likely(_)));
    }

    #[test]
    fn near_misses_other_reasons_a_success_since_and_a_certificate_that_works() {
        assert_eq!(look(&old(failing("0x80070070")).snapshot()), Detection::RuledOut);
        let healed = old(failing("0x8009000F").event("System", MANAGER, 1056, 0, &[]));
        assert_eq!(look(&healed.snapshot()), Detection::RuledOut);
        let works = old(Machine::healthy().event("System", MANAGER, 1057, 10, &[("", "0x8009000F")]));
        assert_eq!(look(&works.snapshot()), Detection::RuledOut);
    }

    #[test]
    fn near_miss_a_chosen_certificate_has_a_container_of_its_own() {
        let chosen = CertificateMaker::issued("ts01", "Corp CA").valid(-400, -30);
        let machine = old(failing("0x8009000F")).certificate("My", &chosen, "tp-1").pins(&chosen);
        assert_eq!(look(&machine.snapshot()), Detection::RuledOut);
    }

    #[test]
    fn unknown_without_the_log() {
        let unread = failing("0x8009000F").with(|host| drop(host.channels.remove("System")));
        assert_eq!(look(&unread.snapshot()), Detection::Unknown(Vec::new()));
        assert_eq!(look(&Machine::unread().snapshot()), Detection::Unknown(Vec::new()));
    }
}
