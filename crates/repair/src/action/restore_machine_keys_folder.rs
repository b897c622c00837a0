use rdpdoctor_diagnosis::causes::{Anew, anew, listener_certificate};
use rdpdoctor_diagnosis::evidence::snapshot::KeyStore;
use rdpdoctor_machine::security::{Descriptor, Sid, network_service_token, system_token};

use super::{Action, Ground, Restart};
use crate::step::Step;

/// As Windows ships the folder, from Server 2012 R2 to 2025.
const SHIPPED: &str = "O:SYG:SYD:PAI(A;;0x12019f;;;WD)(A;;FA;;;BA)";
/// What Everyone has there: read, and make files.
const NEEDED: u32 = 0x0012_019f;

pub(super) const ACTION: Action = Action {
    id: "restore-machine-keys-folder",
    causes: &["certificate-not-renewed", "machine-keys-missing", "machine-keys-permissions", "stale-key-container"],
    title: "Give the folder MachineKeys the permissions that Windows ships, and nothing in it",
    interrupts: "restarting TermService cuts off every Remote Desktop session",
    risk: "entries that somebody added to the folder itself go, until it is undone",
    restart: Restart::Services,
    page: include_str!("restore-machine-keys-folder.md"),
    steps,
};

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    let Some(who) = held_back(ground) else { return Ok(Vec::new()) };
    let folder = ground.host.key_folders.iter().find(|folder| folder.store == KeyStore::Capi);
    let path = folder.map(|folder| folder.path.clone()).ok_or("the folder MachineKeys was not looked at")?;
    // Windows makes a folder that is not there.
    let Some(found) = ground.machine.file(&path).map_err(|why| format!("{path}: {why}"))? else {
        return Ok(Vec::new());
    };
    if !found.is_folder {
        return Err(format!("{path} is a file where Windows has a folder: a person must see what put it there"));
    }
    let bytes = found.descriptor.map_err(|why| format!("{path}: {why}"))?;
    let old = Descriptor::read(&bytes).map_err(|why| format!("{path}: {why}"))?;
    if who.iter().all(|token| old.access(token).granted & NEEDED == NEEDED) {
        return Ok(Vec::new());
    }
    let shipped: Descriptor = SHIPPED.parse().map_err(|why| format!("{SHIPPED}: {why}"))?;
    let descriptor = shipped.to_bytes().map_err(|why| format!("{path}: {why}"))?;
    Ok(vec![Step::SetDescriptor { path, descriptor }])
}

/// Who must be able to use the folder: SYSTEM makes a new key, and the service as which a key came out unreadable is
/// held to what Windows ships. None where no key is broken: then a folder with other permissions is no fault.
fn held_back(ground: &Ground<'_>) -> Option<Vec<Vec<Sid>>> {
    if listener_certificate(ground.host).is_some_and(|certificate| certificate.unreadable.is_some()) {
        return Some(vec![system_token(), network_service_token()]);
    }
    matches!(anew(ground.host), Anew::Needed(_)).then(|| vec![system_token()])
}

#[cfg(test)]
mod tests {
    use rdpdoctor_diagnosis::testing::CertificateMaker;

    use super::*;
    use crate::testing::{KEY_FOLDER, World, on};

    const HARDENED: &str = "O:SYG:SYD:PAI(A;;FA;;;BA)(A;;FA;;;SY)";
    const SHUT: &str = "O:SYG:SYD:PAI(D;;FA;;;SY)(A;;FA;;;BA)";

    fn restored() -> Vec<Step> {
        let descriptor = SHIPPED.parse::<Descriptor>().unwrap().to_bytes().unwrap();
        vec![Step::SetDescriptor { path: KEY_FOLDER.to_owned(), descriptor }]
    }

    fn unreadable() -> World {
        World::server().key_rights("O:SYG:SYD:PAI(A;;FA;;;SY)")
    }

    fn ended() -> World {
        World::server().holds(&CertificateMaker::windows("TS01").valid(-200, -17))
    }

    #[test]
    fn a_folder_that_deviates_beside_a_broken_key_is_set_back() {
        assert_eq!(on(&unreadable().rights_of(KEY_FOLDER, HARDENED), steps), Ok(restored()));
        assert_eq!(on(&ended().rights_of(KEY_FOLDER, SHUT), steps), Ok(restored()));
    }

    #[test]
    fn it_stays_where_no_key_is_broken_or_the_folder_keeps_nobody_out() {
        assert_eq!(on(&World::server().rights_of(KEY_FOLDER, SHUT), steps), Ok(Vec::new()));
        assert_eq!(on(&ended().rights_of(KEY_FOLDER, HARDENED), steps), Ok(Vec::new()), "SYSTEM can make keys");
        let more = "O:SYG:SYD:PAI(A;;0x12019f;;;WD)(A;;FA;;;BA)(A;;FR;;;S-1-5-21-1-2-3-1104)";
        assert_eq!(on(&unreadable().rights_of(KEY_FOLDER, more), steps), Ok(Vec::new()));
        assert_eq!(on(&unreadable(), steps), Ok(Vec::new()));
    }
}
