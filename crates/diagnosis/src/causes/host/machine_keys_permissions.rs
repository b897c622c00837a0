use super::ahead::by_host_ahead;
use super::keys::{Found, Key, key_in_use};
use super::remedies::{READ_CERTIFICATE_EVENTS, READ_KEY};
use super::signs::unless_key_works;
use crate::causes::logged::{MANAGER, lately};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::snapshot::KeyStore;
use crate::evidence::{Evidence, Snapshot};
use crate::{Cause, Detection, Proof, Safety, Severity, Stage};

/// The key file is there, and NETWORK SERVICE may not read it.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "machine-keys-permissions",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "The Remote Desktop service may not read the private key of its certificate",
    prior: -3,
    explains: &["certificate-not-renewed", "handshake-reset", "private-key-unusable"],
    page: include_str!("machine-keys-permissions.md"),
    detect,
    remedies: |_| remedies(&[&READ_CERTIFICATE_EVENTS, &READ_KEY, &GRANT, &RESTORE_FOLDER]),
};

fn detect(evidence: &Evidence) -> Detection {
    let wire = unless_key_works(evidence);
    let works = wire == Detection::RuledOut;
    by_host_ahead(evidence, wire, |host| look(host, works))
}

fn look(host: &Snapshot, works: bool) -> Detection {
    let (used, key) = key_in_use(host);
    let found = match key {
        Key::Unknown => return Detection::Unknown(Vec::new()),
        Key::Unreadable(found) => found,
        Key::NotNeeded | Key::Readable | Key::Empty(_) | Key::Missing { .. } => return Detection::RuledOut,
    };
    let facts = [Some(found.fact.clone()), used.map(|used| used.fact)].into_iter().flatten();
    let proof = told_by_events(host, Proof::of(text(&found), facts, 30));
    Detection::Confirmed(still_held(folder_too(host, proof), works))
}

fn text(found: &Found<'_>) -> String {
    let (name, rights) = (&found.file.name, found.permissions());
    format!(
        "NETWORK SERVICE, as which the service runs, may not read the key file {name}: its permissions are {rights}"
    )
}

/// A service that has opened its key keeps it open: what is wrong with the file shows at its next start.
pub(super) fn still_held(proof: Proof, works: bool) -> Proof {
    if !works {
        return proof;
    }
    let text = "the running service still has the key open: at its next start nobody gets in";
    proof.and(text, Vec::new(), 0).severity(Severity::Degrades)
}

fn told_by_events(host: &Snapshot, proof: Proof) -> Proof {
    let refused = lately(host, "Schannel", &[36870], 24 * 30);
    let refused = refused.into_iter().chain(lately(host, MANAGER, &[1055], 24 * 30)).last();
    refused.into_iter().fold(proof, |proof, event| {
        let text = format!("event {} at {} says that the key could not be used", event.event.id, event.when());
        proof.and(text, [event.fact], 5)
    })
}

/// A folder that deviates is no fault yet, and makes the next one.
fn folder_too(host: &Snapshot, proof: Proof) -> Proof {
    let folder = host.key_folders.iter().find(|folder| folder.store == KeyStore::Capi);
    let descriptor = folder.and_then(|folder| folder.descriptor.observed()?.as_deref());
    if descriptor.is_none_or(|sddl| sddl.contains(";;;WD)")) {
        return proof;
    }
    proof.missing(
        "whether the folder MachineKeys is meant to have other permissions than Windows ships: Everyone may no longer \
         create keys there, and the next one comes out like this one",
    )
}

const GRANT: Step = Step {
    title: "Where NETWORK SERVICE (S-1-5-20) lacks the right to read: give it back on this file alone, and restart the service",
    safety: Safety::Disruptive,
    interrupts: "restarting TermService cuts off every Remote Desktop session: have another way in",
    commands: &[
        r"$key = Get-Item C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_* -Force",
        r"icacls $key.FullName /save C:\rdp-key-before.acl",
        "icacls $key.FullName /remove:d '*S-1-5-20'",
        "icacls $key.FullName /grant '*S-1-5-20:R'",
        "Restart-Service TermService -Force",
    ],
    cmd: &[
        r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_* /save C:\rdp-key-before.acl",
        r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_* /remove:d *S-1-5-20",
        r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_* /grant *S-1-5-20:R",
        "net stop TermService /y & net start TermService & net start UmRdpService",
    ],
    undo: r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys /restore C:\rdp-key-before.acl, and restart the service",
    ..READ
};

const RESTORE_FOLDER: Step = Step {
    title: "Where the folder itself lost its rights too: give it back what Windows ships (Everyone may read and create, Administrators may do all), on the folder alone, never with /T",
    safety: Safety::Manual,
    interrupts: "nothing; without it the next renewal fails in the same way",
    commands: &[
        r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys /save C:\machine-keys-before.acl",
        r"$folder = Get-Acl C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys",
        "$folder.SetSecurityDescriptorSddlForm('D:PAI(A;;0x12019f;;;WD)(A;;FA;;;BA)', 'Access')",
        r"Set-Acl C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys $folder",
    ],
    cmd: &[
        r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys /save C:\machine-keys-before.acl",
        r"icacls C:\ProgramData\Microsoft\Crypto\RSA\MachineKeys /inheritance:r /grant:r *S-1-1-0:(R,W) /grant:r *S-1-5-32-544:F",
    ],
    undo: r"icacls C:\ProgramData\Microsoft\Crypto\RSA /restore C:\machine-keys-before.acl",
    ..READ
};

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use super::*;
    use crate::causes::tls::private_key_unusable::tests::every_offer;
    use crate::evidence::Ending;
    use crate::testing::{CertificateMaker, KEY_FILE, Machine, Scene};
    use crate::{Certainty, Verdict, judge};

    fn denied() -> Machine {
        Machine::healthy().no_key_files().key_file(KEY_FILE, false)
    }

    #[test]
    fn fires_on_a_key_that_the_service_may_not_read() {
        for machine in [denied(), denied().on_disk()] {
            let diagnosis = judge(&machine.evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.certainty), ("machine-keys-permissions", Certainty::Confirmed));
            assert_eq!(diagnosis.verdict, Verdict::Broken);
            assert!(root.proof.items[0].text.contains("(A;;FA;;;SY)"), "{:?}", root.proof.items);
            assert_eq!(root.proof.missing, Vec::<String>::new());
        }
    }

    #[test]
    fn it_is_the_root_of_what_the_wire_shows() {
        let seen = every_offer(&Ending::Reset).evidence();
        let evidence = Evidence { host: denied().evidence().host, ..seen };
        let diagnosis = judge(&evidence);
        let root = diagnosis.root().unwrap();
        assert_eq!(root.cause.id, "machine-keys-permissions");
        assert!(root.explains.contains(&"private-key-unusable"), "{:?}", root.explains);
        assert_eq!(diagnosis.verdict, Verdict::Broken);
    }

    #[test]
    fn a_service_that_still_has_the_key_open_is_warned_of() {
        let served = [CertificateMaker::windows("TS01")];
        let seen = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::HYBRID_EX).serves(&served)).evidence();
        let diagnosis = judge(&Evidence { host: denied().evidence().host, ..seen });
        assert_eq!(diagnosis.root().unwrap().cause.id, "machine-keys-permissions");
        assert_eq!(diagnosis.verdict, Verdict::Warning);
    }

    #[test]
    fn a_folder_that_deviates_is_no_fault_and_said_beside_one() {
        let hardened = |machine: Machine| {
            machine.with(|host| {
                host.key_folders[0].descriptor =
                    crate::evidence::snapshot::Reading::Observed(Some("O:SYG:SYD:PAI(A;;FA;;;BA)".to_owned()));
            })
        };
        assert_eq!(look(&hardened(Machine::healthy()).snapshot(), false), Detection::RuledOut);
        let Detection::Confirmed(proof) = look(&hardened(denied()).snapshot(), false) else { panic!("it is denied") };
        assert!(proof.missing[0].contains("Everyone"));
    }

    #[test]
    fn unknown_where_the_files_were_not_read() {
        assert_eq!(look(&Machine::unread().snapshot(), false), Detection::Unknown(Vec::new()));
    }
}
