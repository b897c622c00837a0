use super::ahead::{TERM_SERVICE, by_host_ahead, state_of};
use super::in_use::{InUse, Listener, in_use};
use super::keys::{Key, key_of};
use super::remedies::{READ_CERTIFICATE_EVENTS, READ_KEY, RESTART};
use super::renewal::{failures, is_logged, is_past, made};
use super::signs::{key_works, unless};
use crate::causes::certificate::certificate_expired;
use crate::causes::logged::{last_seen, moment, short};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::snapshot::{ReadBy, Reading, ServiceState, StoreKey};
use crate::evidence::{Evidence, Snapshot};
use crate::view::host_fact;
use crate::{Cause, Detection, Proof, Safety, Severity, Stage};

/// The certificate that Windows makes for half a year has ended, and its successor could not be made.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "certificate-not-renewed",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "Windows could not replace its expired Remote Desktop certificate",
    prior: 0,
    explains: &["certificate-expired", "handshake-reset", "private-key-unusable"],
    page: include_str!("certificate-not-renewed.md"),
    detect: |evidence| by_host_ahead(evidence, unless_renewed(evidence), look),
    remedies: |_| remedies(&[&READ_CERTIFICATE_EVENTS, &READ_KEY, &OPEN_STORE, &RESTART, &FORGET]),
};

/// A key that works with a certificate that is past its end is what a failed renewal may look like.
fn unless_renewed(evidence: &Evidence) -> Detection {
    let expired = !matches!((certificate_expired::CAUSE.detect)(evidence), Detection::RuledOut | Detection::Unknown(_));
    unless(evidence, |address| key_works(address) && !expired)
}

fn look(host: &Snapshot) -> Detection {
    let used = match in_use(host) {
        Listener::Unknown => return Detection::Unknown(Vec::new()),
        Listener::Uses(used) if !used.chosen && used.leaf.self_issued => used,
        Listener::Nothing => return locked(host).map_or(Detection::RuledOut, Detection::Likely),
        Listener::Uses(_) => return Detection::RuledOut,
    };
    let (end, seen) = (used.leaf.not_after, last_seen(host));
    if !is_past(seen, end) {
        return locked(host).map_or(Detection::RuledOut, |proof| Detection::Likely(not_yet(&used, proof)));
    }
    let found = if failures(host).is_some_and(|all| all.iter().any(|one| one.event.time > end)) {
        Detection::Confirmed(refused(host, &used))
    } else if made(host).is_some_and(|made| made > end) || !has_run(host) {
        return Detection::Unknown(Vec::new());
    } else {
        unnoticed(host, &used)
    };
    let found = match (found, locked(host)) {
        (Detection::Confirmed(proof), Some(why)) => Detection::Confirmed(explained(proof, why)),
        (Detection::Likely(proof), Some(why)) => Detection::Likely(explained(proof, why)),
        (found, _) => found,
    };
    // It is served all the same, and clients warn.
    match (found, key_of(host, &used)) {
        (Detection::Confirmed(proof), Key::Readable) => Detection::Confirmed(proof.severity(Severity::Degrades)),
        (Detection::Likely(proof), Key::Readable) => Detection::Likely(proof.severity(Severity::Degrades)),
        (found, _) => found,
    }
}

/// SYSTEM makes the certificate, and the store does not take it.
fn locked(host: &Snapshot) -> Option<Proof> {
    let closed = |key: &Reading<Option<StoreKey>>| key.observed()?.as_ref().map(|key| !key.system_writes);
    let (path, _) = host.store_keys.iter().find(|(_, key)| closed(key) == Some(true))?;
    let text = format!("SYSTEM may not write to {}: no certificate that Windows makes can be stored", short(path));
    Some(Proof::of(text, [host_fact(&["store_keys", path])], 20))
}

/// The one in use serves until it ends.
fn not_yet(used: &InUse<'_>, proof: Proof) -> Proof {
    let text = format!("the certificate in use ends at {}", moment(used.leaf.not_after));
    proof.and(text, [used.fact.clone()], 0).severity(Severity::Degrades)
}

fn ended(used: &InUse<'_>) -> Proof {
    let text = format!("the certificate that Windows made was valid until {}", moment(used.leaf.not_after));
    Proof::of(text, [used.fact.clone()], 12)
}

fn explained(mut proof: Proof, why: Proof) -> Proof {
    proof.items.extend(why.items);
    proof.missing.retain(|missing| !missing.starts_with("why"));
    proof
}

fn refused(host: &Snapshot, used: &InUse<'_>) -> Proof {
    failures(host).into_iter().flatten().next_back().into_iter().fold(ended(used), |proof, last| {
        let words: Vec<&str> = last.event.data.iter().map(|(_, text)| text.trim()).collect();
        let why = if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) };
        let text = format!("event {} at {} says that no other could be made{why}", last.event.id, last.when());
        proof.and(text, [last.fact], 20)
    })
}

/// Nothing tells of a failure, and nothing of a success.
fn unnoticed(host: &Snapshot, used: &InUse<'_>) -> Detection {
    let text = format!("the machine ran until {}, and the store holds no other", moment(last_seen(host)));
    let proof = ended(used).and(text, [host_fact(&["certificates"])], 5);
    if !is_logged(host) {
        return Detection::Likely(proof.missing("what the System log says: events 1056, 1057 and 1058"));
    }
    let text = "the System log tells of no new certificate (event 1056) since";
    let proof = proof.and(text, [host_fact(&["channels", "System"])], 8);
    Detection::Confirmed(proof.missing("why it was not replaced: no event 1057 or 1058 tells"))
}

/// Without the service nothing is replaced.
fn has_run(host: &Snapshot) -> bool {
    match host.way {
        ReadBy::Disk => true,
        ReadBy::Running | ReadBy::Collector => state_of(host, TERM_SERVICE) == Some(ServiceState::Running),
    }
}

const OPEN_STORE: Step = Step {
    title: "Where SYSTEM is denied on the key of the store \"Remote Desktop\": save the key, take the denial off it and off the key Certificates below; an inherited one belongs to the key above",
    safety: Safety::Manual,
    interrupts: "nothing",
    commands: &[
        r"$store = 'HKLM:\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop'",
        r"(Get-Acl $store).Sddl | Out-File C:\rdp-store-access-before.txt",
        "$acl = Get-Acl $store; $acl.Access | Where-Object { $_.AccessControlType -eq 'Deny' -and -not $_.IsInherited -and $_.IdentityReference.Translate([Security.Principal.SecurityIdentifier]).Value -eq 'S-1-5-18' } | ForEach-Object { [void]$acl.RemoveAccessRule($_) }; Set-Acl $store $acl",
    ],
    cmd: &["regedit"],
    undo: r"$acl.SetSecurityDescriptorSddlForm with the text saved in C:\rdp-store-access-before.txt, then Set-Acl",
    ..READ
};

const FORGET: Step = Step {
    title: "Where nothing is wrong with the key, and SSLCertificateSHA1Hash names no other certificate: save and remove the expired one, and restart both services; without event 1056 soon after, import the copy again",
    safety: Safety::Disruptive,
    interrupts: "every Remote Desktop session is cut off; clients warn once of the new certificate",
    commands: &[
        r"reg export 'HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop' C:\rdp-store-before.reg",
        r"Get-ChildItem 'Cert:\LocalMachine\Remote Desktop' | Where-Object NotAfter -lt (Get-Date) | Remove-Item",
        "Restart-Service SessionEnv -Force; Restart-Service TermService -Force",
    ],
    cmd: &[
        r#"reg export "HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop" C:\rdp-store-before.reg"#,
        r#"certutil -delstore "Remote Desktop" THUMBPRINT"#,
        "net stop SessionEnv /y & net start SessionEnv",
        "net stop TermService /y & net start TermService & net start UmRdpService",
    ],
    undo: r"reg import C:\rdp-store-before.reg, and restart both services again",
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::logged::MANAGER;
    use crate::evidence::snapshot::StartType;
    use crate::testing::{CertificateMaker, Machine};
    use crate::{Certainty, Verdict, judge};

    fn expired(days: i64) -> Machine {
        let maker = CertificateMaker::windows("TS01").valid(-183 - days, -days);
        Machine::healthy().empty_store("Remote Desktop").certificate("Remote Desktop", &maker, "TSSecKeySet1")
    }

    #[test]
    fn fires_on_a_failure_since_its_end_and_on_silence() {
        let refused = expired(17).event("System", MANAGER, 1058, 60, &[("", "Access is denied.")]);
        for machine in [refused.clone(), refused.on_disk(), expired(17), expired(17).on_disk()] {
            let diagnosis = judge(&machine.evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.certainty), ("certificate-not-renewed", Certainty::Confirmed));
            assert_eq!(diagnosis.verdict, Verdict::Warning);
        }
    }

    #[test]
    fn without_a_key_nobody_gets_in() {
        let machine = expired(17).no_key_files().event("System", MANAGER, 1058, 60, &[]);
        let diagnosis = judge(&machine.evidence());
        assert_eq!(diagnosis.root().unwrap().cause.id, "machine-keys-missing");
        assert!(diagnosis.root().unwrap().explains.contains(&"certificate-not-renewed"));
        assert_eq!(diagnosis.verdict, Verdict::Broken);
    }

    #[test]
    fn a_store_that_system_may_not_write_to_is_why_and_endangers_before_the_end() {
        let Detection::Confirmed(proof) = look(&expired(17).store_key(false).snapshot()) else { panic!("it ended") };
        assert!(proof.missing.is_empty());
        assert!(proof.items.last().unwrap().text.starts_with("SYSTEM may not write to HKLM"));
        let ahead = judge(&Machine::healthy().store_key(false).evidence());
        let root = ahead.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("certificate-not-renewed", Certainty::Likely));
        assert_eq!(ahead.verdict, Verdict::Warning);
        let none = Machine::healthy().store_key(false).empty_store("Remote Desktop");
        assert!(matches!(look(&none.snapshot()), Detection::Likely(proof) if proof.severity.is_none()));
        let chosen = CertificateMaker::issued("ts01", "Corp CA");
        let elsewhere = Machine::healthy().store_key(false).certificate("My", &chosen, "tp-1").pins(&chosen);
        assert_eq!(look(&elsewhere.snapshot()), Detection::RuledOut);
    }

    #[test]
    fn near_misses_within_a_day_and_a_chosen_certificate() {
        assert_eq!(look(&expired(1).snapshot()), Detection::RuledOut);
        let chosen = CertificateMaker::issued("ts01", "Corp CA").valid(-400, -30);
        let machine = Machine::healthy().certificate("My", &chosen, "tp-1").pins(&chosen);
        assert_eq!(look(&machine.snapshot()), Detection::RuledOut);
    }

    #[test]
    fn a_failure_before_its_end_says_nothing_and_without_the_log_it_is_only_likely() {
        let unlogged = expired(17).with(|host| drop(host.channels.remove("System")));
        assert!(matches!(look(&unlogged.snapshot()), Detection::Likely(_)));
        let before = expired(2).event("System", MANAGER, 1057, 60 * 24 * 5, &[]);
        let Detection::Confirmed(proof) = look(&before.snapshot()) else { panic!("it was not replaced") };
        assert!(proof.missing[0].starts_with("why"));
    }

    #[test]
    fn unknown_where_the_service_does_not_run_or_made_another() {
        let stopped = expired(17).service("TermService", StartType::Manual, false);
        assert_eq!(look(&stopped.snapshot()), Detection::Unknown(Vec::new()));
        let renewed = expired(17).event("System", MANAGER, 1056, 60, &[]);
        assert_eq!(look(&renewed.snapshot()), Detection::Unknown(Vec::new()));
        assert_eq!(look(&Machine::unread().snapshot()), Detection::Unknown(Vec::new()));
    }
}
