use rdpdoctor_diagnosis::causes::{Anew, anew};
use rdpdoctor_machine::registry::Key;

use super::own_certificate::{STATIONS, STORE, broken, key_aside};
use super::registry::delete;
use super::{Action, Ground, Restart, restore_store_permissions};
use crate::step::Step;

pub(super) const ACTION: Action = Action {
    id: "renew-certificate",
    causes: &["certificate-not-renewed", "cloned-machine-keys", "machine-keys-missing", "stale-key-container"],
    title: "Have Windows make its self-signed certificate anew: remove the one that has ended or has lost its key",
    interrupts: "restarting TermService cuts off every Remote Desktop session",
    risk: "until Windows has made a new one, nobody gets in; clients warn once of the new certificate",
    restart: Restart::Services,
    page: include_str!("renew-certificate.md"),
    steps,
};

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    // The one in use serves until it ends, and the store will take the next one.
    if ground.is_planned(&restore_store_permissions::ACTION) && anew(ground.host) == Anew::NotNeeded {
        return Ok(Vec::new());
    }
    let certificate = broken(ground)?;
    let (key, name) = (STATIONS.to_owned(), "SelfSignedCertificate".to_owned());
    let mut steps = vec![Step::WatchValue { key, name }, Step::WatchKeys { key: STORE.to_owned() }];
    // Windows writes the new key over the old one, which an undo could not bring back.
    steps.extend(key_aside(ground)?);
    if let Some(certificate) = certificate {
        steps.extend(removed(ground, &certificate.thumbprint)?);
    }
    Ok(steps)
}

/// One entry of the store, with whatever values it has.
fn removed(ground: &Ground<'_>, thumbprint: &str) -> Result<Vec<Step>, String> {
    let store = read(ground, STORE)?;
    let name = store.keys.into_iter().find(|name| name.eq_ignore_ascii_case(thumbprint));
    let name = name.ok_or_else(|| format!("the certificate {thumbprint} is no longer in the store: look again"))?;
    let path = format!("{STORE}\\{name}");
    let entry = read(ground, &path)?;
    if !entry.keys.is_empty() {
        return Err(format!("{path} has keys below it, as no certificate of Windows has: a person must look at it"));
    }
    let emptied = entry.values.into_iter().map(|value| delete(&path, &value.name));
    Ok(emptied.chain([Step::DeleteKey { key: path.clone() }]).collect())
}

fn read(ground: &Ground<'_>, path: &str) -> Result<Key, String> {
    let key = ground.machine.key(path).map_err(|why| format!("{path}: {why}"))?;
    key.ok_or_else(|| format!("{path} is gone: look again"))
}

#[cfg(test)]
mod tests {
    use rdpdoctor_diagnosis::testing::CertificateMaker;

    use super::*;
    use crate::testing::{KEY_FILE, World, entry_of, on};

    fn ended() -> CertificateMaker {
        CertificateMaker::windows("TS01").valid(-200, -17)
    }

    #[test]
    fn the_entry_that_ended_goes_and_what_windows_makes_is_watched() {
        let key = entry_of(&ended());
        let expected = vec![
            Step::WatchValue { key: STATIONS.to_owned(), name: "SelfSignedCertificate".to_owned() },
            Step::WatchKeys { key: STORE.to_owned() },
            Step::MoveAside { path: KEY_FILE.to_owned() },
            Step::DeleteValue { key: key.clone(), name: "Blob".to_owned() },
            Step::DeleteKey { key },
        ];
        assert_eq!(on(&World::server().holds(&ended()), steps), Ok(expected));
    }

    #[test]
    fn an_entry_whose_key_is_gone_goes_and_one_in_date_beside_it_stays() {
        let spare = CertificateMaker::windows("SPARE").valid(-100, 10).key_number(3);
        let steps = on(&World::server().without_file(KEY_FILE).stores(&spare), steps).unwrap();
        let deleted: Vec<_> = steps.iter().filter(|step| matches!(step, Step::DeleteKey { .. })).collect();
        assert_eq!(deleted, [&Step::DeleteKey { key: entry_of(&CertificateMaker::windows("TS01")) }]);
        assert!(steps.contains(&Step::WatchFile { path: KEY_FILE.to_owned(), aside: None }));
    }

    #[test]
    fn one_that_is_in_order_or_not_windows_own_stays() {
        assert!(on(&World::server(), steps).unwrap_err().contains("in date"));
        let issued = CertificateMaker::issued("ts01", "Corp CA").valid(-400, -30);
        assert!(on(&World::server().holds(&issued), steps).unwrap_err().contains("not one that Windows made"));
        let policy = r"HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services";
        let templated = World::server().holds(&ended()).text(policy, "CertTemplateName", "RemoteDesktop");
        assert!(on(&templated, steps).unwrap_err().contains("template RemoteDesktop"));
    }
}
