//! Whether Windows did what a repair waits for.

use std::thread::sleep;
use std::time::{Duration, Instant};

use rdpdoctor_machine::Machine;
use rdpdoctor_machine::key::StoreEntry;

use crate::action::STORE;
use crate::plan::{Plan, Planned};
use crate::step::Step;

/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// The services with whose start Windows makes a certificate.
const MAKERS: [&str; 2] = ["SessionEnv", "TermService"];

/// Whether a plan has Windows make a certificate as soon as it is done: then there is a [`certificate_made`] to wait for.
pub fn makes_certificate(plan: &Plan) -> bool {
    let starts = |planned: &Planned| matches!(&planned.step, Step::StartService { service } if MAKERS.contains(&service.as_str()));
    let renews = plan.measures.iter().any(|measure| measure.action.id == "renew-certificate");
    renews && plan.starts.iter().any(starts)
}

/// The thumbprints of the certificates that Windows has made for Remote Desktop, in lower case: what to remember before
/// a renewal.
pub fn own_certificates(machine: &dyn Machine) -> Vec<String> {
    let store = machine.key(STORE).ok().flatten().unwrap_or_default();
    store.keys.into_iter().map(|name| name.to_lowercase()).collect()
}

/// Waits until Windows has made a certificate that was not there before. Its thumbprint, in lower case; none where there
/// is none when the time is up. Whether it is served, only a handshake tells.
pub fn certificate_made(machine: &dyn Machine, before: &[String], patience: Duration) -> Option<String> {
    let begun = Instant::now();
    wait(machine, before, &mut || {
        let is_left = begun.elapsed() < patience;
        if is_left {
            sleep(PAUSE.min(patience));
        }
        is_left
    })
}

/// Looks, and again as long as `rest` says so.
fn wait(machine: &dyn Machine, before: &[String], rest: &mut dyn FnMut() -> bool) -> Option<String> {
    loop {
        if let Some(made) = made(machine, before) {
            return Some(made);
        }
        if !rest() {
            return None;
        }
    }
}

fn made(machine: &dyn Machine, before: &[String]) -> Option<String> {
    let is_new = |name: &String| !before.iter().any(|known| known.eq_ignore_ascii_case(name));
    own_certificates(machine).into_iter().filter(is_new).find(|name| is_whole(machine, name))
}

/// Windows writes the entry before what is in it.
fn is_whole(machine: &dyn Machine, name: &str) -> bool {
    let entry = machine.key(&format!("{STORE}\\{name}")).ok().flatten().unwrap_or_default();
    let read = entry.value("Blob").and_then(|blob| StoreEntry::read(&blob.data.bytes).ok());
    read.is_some_and(|read| read.certificate_der().is_some() && read.damage().is_none())
}

#[cfg(test)]
mod tests {
    use rdpdoctor_diagnosis::testing::CertificateMaker;
    use rdpdoctor_machine::change::Change;
    use rdpdoctor_sources::host::snapshot;

    use super::*;
    use crate::action::Options;
    use crate::testing::{World, entry_of};

    fn emptied() -> World {
        let world = World::server();
        world.delete_key(&entry_of(&CertificateMaker::windows("TS01"))).unwrap();
        world
    }

    #[test]
    fn only_a_renewal_whose_services_are_started_makes_one() {
        let makes = |world: &World, cause| {
            let host = snapshot(world, jiff::Timestamp::UNIX_EPOCH);
            makes_certificate(&Plan::make(&[cause], world, &host, &Options::default()).unwrap())
        };
        let ended = World::server().holds(&CertificateMaker::windows("TS01").valid(-200, -17));
        assert!(makes(&ended, "certificate-not-renewed"));
        for service in ["UmRdpService", "TermService", "SessionEnv"] {
            ended.stop_service(service, Duration::ZERO).unwrap();
        }
        assert!(!makes(&ended, "certificate-not-renewed"));
        assert!(!makes(&World::server().key_rights("O:SYG:SYD:PAI(A;;FA;;;SY)"), "machine-keys-permissions"));
    }

    #[test]
    fn what_windows_makes_while_we_wait_is_seen() {
        let (world, before) = (emptied(), own_certificates(&World::server()));
        let mut looks = 0;
        let made = wait(&world, &before, &mut || {
            looks += 1;
            match looks {
                1 => assert!(world.create_key(&format!("{STORE}\\AB")).unwrap(), "an entry without a certificate"),
                2 => drop(world.delete_key(&format!("{STORE}\\AB"))),
                _ => world.renew(),
            }
            looks < 10
        });
        assert_eq!((made.map(|made| made.len()), looks), (Some(40), 3));
    }

    #[test]
    fn an_old_one_that_comes_back_is_not_new_and_the_time_ends() {
        let world = World::server();
        assert_eq!(certificate_made(&world, &own_certificates(&world), Duration::from_millis(5)), None);
        let other = World::server().stores(&CertificateMaker::windows("OTHER").key_number(9));
        assert!(certificate_made(&other, &own_certificates(&world), Duration::ZERO).is_some());
    }
}
