use std::path::Path;

use rdpdoctor_machine::hive::{Hive, State, current_control_set};

use crate::compare::{Dump, dump, readers, replay_with_python, sample};

const WINDOWS_10: &str = "regipy-win10-1709-SYSTEM";

fn same_as_others(name: &str, path: &Path, hive: &Hive) {
    let mine = dump(hive);
    println!("{name}: {} keys, {} values", mine.keys(), mine.values());
    for (reader, theirs) in readers(&[path.to_owned()]) {
        mine.assert_same(&theirs[0], &format!("{name} by {reader}"));
    }
}

#[test]
fn every_key_and_value_is_what_other_readers_find() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["regipy-win7-SYSTEM", WINDOWS_10] {
        let Some(bytes) = sample(name) else { continue };
        let path = folder.path().join(name);
        std::fs::write(&path, &bytes).unwrap();
        same_as_others(name, &path, &Hive::open(bytes, Vec::new()).unwrap());
    }
}

#[test]
fn a_replayed_hive_is_what_another_replayer_makes_of_it() {
    let logs = [".LOG1", ".LOG2"].map(|log| sample(&format!("{WINDOWS_10}{log}")));
    let (Some(primary), [Some(first), Some(second)]) = (sample(WINDOWS_10), logs) else { return };
    let hive = Hive::open(primary.clone(), vec![second.clone(), first.clone()]).unwrap();
    assert_eq!(hive.state(), State::Replayed { entries: 24 });
    let folder = tempfile::tempdir().unwrap();
    for (file, bytes) in [("hive", &primary), ("log1", &first), ("log2", &second)] {
        std::fs::write(folder.path().join(file), bytes).unwrap();
    }
    if replay_with_python(folder.path()) {
        same_as_others("replayed", &folder.path().join("hive"), &hive);
    }
}

#[test]
fn what_is_known_of_the_samples_is_found() {
    for (name, denied, layer) in [("regipy-win7-SYSTEM", 0, 1), (WINDOWS_10, 1, 2)] {
        let Some(bytes) = sample(name) else { continue };
        let hive = Hive::open(bytes, Vec::new()).unwrap();
        let set = current_control_set(&hive).unwrap();
        let server = hive.key(&format!(r"{set}\Control\Terminal Server")).unwrap().unwrap();
        assert_eq!(server.value("fDenyTSConnections").unwrap().unwrap().data.dword(), Some(denied), "{name}");
        let listener = server.subkey(r"WinStations\RDP-Tcp").unwrap().unwrap();
        assert_eq!(listener.value("SecurityLayer").unwrap().unwrap().data.dword(), Some(layer), "{name}");
        assert_eq!(listener.value("PortNumber").unwrap().unwrap().data.dword(), Some(3389), "{name}");
        assert!(listener.security().unwrap().len() > 20);
        assert!(matches!((name, hive.state()), (WINDOWS_10, State::Dirty { .. }) | (_, State::Clean)));
    }
}

#[test]
fn nothing_is_damaged_in_the_samples() {
    for name in ["regipy-win7-SYSTEM", WINDOWS_10] {
        let Some(bytes) = sample(name) else { continue };
        let Dump { damage, .. } = dump(&Hive::open(bytes, Vec::new()).unwrap());
        assert!(damage.is_empty(), "{name}: {damage:?}");
    }
}
