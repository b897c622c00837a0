//! Hives that are changed where they lie.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use rdpdoctor_machine::change::{Change, Start, Unchanged};
use rdpdoctor_machine::hive::{Hive, State};
use rdpdoctor_machine::offline::{Disk, DiskWriter, NotWritable, recover};
use rdpdoctor_machine::registry::{Data, Value};
use rdpdoctor_machine::security::Descriptor;
use rdpdoctor_machine::{Machine, Unreadable};
use tempfile::TempDir;

use crate::compare::{assert_reglookup_agrees, dump, readers, sample};
use crate::edit::bare;

pub(crate) const SERVER: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server";
const TERM_SERVICE: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\TermService";
const CLOSED: &str = "fDenyTSConnections";

/// A SYSTEM hive with what the tests change.
pub(crate) fn made() -> Vec<u8> {
    let now = Timestamp::from_second(1_700_000_000).unwrap();
    let mut writer = Hive::open(bare(), Vec::new()).unwrap().edit().unwrap();
    let keys = ["Select", "ControlSet002", r"ControlSet002\Control", r"ControlSet002\Control\Terminal Server"];
    for key in keys.into_iter().chain([r"ControlSet002\Services", r"ControlSet002\Services\TermService"]) {
        writer.create_key(key, None, now).unwrap();
    }
    for (key, name, number) in
        [(keys[0], "Current", 2), (keys[3], CLOSED, 1), (r"ControlSet002\Services\TermService", "Start", 3)]
    {
        let value = Value { name: name.to_owned(), data: Data::of_dword(number) };
        writer.set_value(key, &value, now).unwrap();
    }
    writer.finish(now)
}

/// A folder of copies, and one for originals.
fn copies(files: &[(&str, &[u8])]) -> [TempDir; 2] {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    [folder, tempfile::tempdir().unwrap()]
}

pub(crate) fn writer(folder: &Path, kept: &Path) -> DiskWriter {
    Disk::open(folder).unwrap().for_writing(kept).unwrap()
}

/// What a hive says, whenever it was written.
fn said(hive: &Hive) -> BTreeSet<String> {
    let timeless = |line: &String| match line.strip_prefix("K ").and_then(|line| line.rsplit_once(' ')) {
        Some((key, _)) => format!("K {key}"),
        None => line.clone(),
    };
    dump(hive).lines.iter().map(timeless).collect()
}

/// The hive as it is on the disk, of which all readers say the same. It needs no log.
pub(crate) fn on_disk(path: &Path) -> Hive {
    let hive = Hive::open(fs::read(path).unwrap(), Vec::new()).unwrap();
    assert_eq!(hive.state(), State::Clean);
    hive.clone().edit().unwrap();
    for (reader, theirs) in readers(&[path.to_owned()]) {
        dump(&hive).assert_same(&theirs[0], reader);
    }
    assert_reglookup_agrees(path, &hive);
    hive
}

/// Makes every kind of change to a SYSTEM hive, and takes all of them back.
pub(crate) fn change_and_undo(disk: &DiskWriter, hive: &Path) {
    let added = format!(r"{SERVER}\Added by a test");
    let number = |key: &str, name: &str| disk.key(key).unwrap().unwrap().dword(name);
    let (closed, start) = (number(SERVER, CLOSED).unwrap(), number(TERM_SERVICE, "Start").unwrap());

    disk.check_key(SERVER).unwrap();
    disk.set_value(SERVER, CLOSED, &Data::of_dword(1 - closed)).unwrap();
    disk.set_value(SERVER, "Größe", &Data::of_bytes(vec![7; 5000])).unwrap();
    assert_eq!(disk.create_key(&added), Ok(true));
    assert_eq!(disk.create_key(&added), Ok(false));
    disk.set_value(&added, "", &Data::of_text("text")).unwrap();
    disk.set_start("TermService", Start::Disabled).unwrap();
    assert_eq!(disk.delete_key(SERVER), Err(Unchanged::HasKeys));

    let changed = on_disk(hive);
    assert_eq!(changed.state(), State::Clean);
    let again = Disk::open(disk.disk().volume().root()).unwrap();
    for machine in [disk as &dyn Machine, &again] {
        let server = machine.key(SERVER).unwrap().unwrap();
        assert_eq!((server.dword(CLOSED), server.value("größe").unwrap().data.bytes.len()), (Some(1 - closed), 5000));
        assert_eq!(machine.key(&added).unwrap().unwrap().text(""), Some("text".to_owned()));
        assert_eq!(machine.key_descriptor(&added), machine.key_descriptor(SERVER));
        assert!(machine.key_descriptor(&added).unwrap().is_some());
        assert_eq!(machine.key(TERM_SERVICE).unwrap().unwrap().dword("Start"), Some(4));
    }

    let starts = [Start::Automatic, Start::Demand, Start::Disabled];
    let start = starts.into_iter().find(|known| known.number() == start).unwrap();
    disk.set_start("TermService", start).unwrap();
    assert_eq!(disk.delete_value(&added, ""), Ok(true));
    assert_eq!(disk.delete_value(&added, ""), Ok(false));
    assert_eq!(disk.delete_key(&added), Ok(true));
    assert_eq!(disk.delete_key(&added), Ok(false));
    assert_eq!(disk.delete_value(SERVER, "Größe"), Ok(true));
    disk.set_value(SERVER, CLOSED, &Data::of_dword(closed)).unwrap();
}

/// Copies of a hive with its logs: changed, read by others, and taken back.
fn all_of_it(files: &[(&str, &[u8])]) {
    let [folder, kept] = copies(files);
    let logs: Vec<Vec<u8>> = files.iter().skip(1).map(|(_, bytes)| bytes.to_vec()).collect();
    let before = said(&Hive::open(files[0].1.to_vec(), logs).unwrap());
    let path = folder.path().join("SYSTEM");
    change_and_undo(&writer(folder.path(), kept.path()), &path);
    assert!(said(&on_disk(&path)) == before, "the same keys and values");
    for (name, bytes) in files {
        assert!(fs::read(kept.path().join(name)).unwrap() == *bytes, "the original {name} is kept");
    }
    assert_eq!(fs::read_dir(kept.path()).unwrap().count(), files.len(), "and nothing else");
}

#[test]
fn a_made_hive_is_changed_and_changed_back() {
    all_of_it(&[("SYSTEM", &made())]);
}

#[test]
fn a_hive_of_windows_7_is_changed_and_changed_back() {
    if let Some(hive) = sample("regipy-win7-SYSTEM") {
        all_of_it(&[("SYSTEM", &hive)]);
    }
}

#[test]
fn a_hive_of_windows_10_that_was_not_closed_is_changed_and_changed_back() {
    let names = ["", ".LOG1", ".LOG2"].map(|suffix| format!("regipy-win10-1709-SYSTEM{suffix}"));
    let [Some(hive), Some(first), Some(second)] = names.map(|name| sample(&name)) else { return };
    all_of_it(&[("SYSTEM", &hive), ("SYSTEM.LOG1", &first), ("SYSTEM.LOG2", &second)]);
}

/// The same hive, said not to be closed.
fn unclosed(mut hive: Vec<u8>) -> Vec<u8> {
    hive[4] ^= 0x40;
    hive[508] ^= 0x40;
    hive
}

/// Refuses a change, and neither writes nor keeps anything.
fn assert_refused(files: &[(&str, &[u8])]) -> Unchanged {
    let [folder, kept] = copies(files);
    let disk = writer(folder.path(), kept.path());
    let refused = disk.set_value(SERVER, CLOSED, &Data::of_dword(0)).unwrap_err();
    assert_eq!(disk.check_key(SERVER), Err(refused.clone()));
    for (name, bytes) in files {
        assert!(fs::read(folder.path().join(name)).unwrap() == *bytes, "{name} is as it was");
    }
    assert_eq!(fs::read_dir(kept.path()).unwrap().count(), 0);
    refused
}

fn is_damage(refused: &Unchanged) -> bool {
    matches!(refused, Unchanged::NotWritable(NotWritable::Damaged { hive: "SYSTEM", .. }))
}

#[test]
fn a_hive_that_is_cut_short_is_refused() {
    let mut cut: Vec<Vec<u8>> = [made()].into_iter().collect();
    cut.extend(sample("regipy-win7-SYSTEM"));
    for hive in cut {
        for length in [512, 4096, 4196, hive.len() / 2, hive.len() - 4096, hive.len() - 1] {
            let refused = assert_refused(&[("SYSTEM", &hive[..length])]);
            assert!(is_damage(&refused), "{length}: {refused}");
        }
    }
}

#[test]
fn a_hive_without_logs_that_fit_is_refused() {
    let hive = unclosed(made());
    let mut foreign = made();
    foreign.truncate(512);
    for log in [&foreign, &made()] {
        let refused = assert_refused(&[("SYSTEM", &hive), ("SYSTEM.LOG1", log), ("SYSTEM.LOG2", b"")]);
        assert!(refused.to_string().contains("no transaction log belongs to this hive"), "{refused}");
    }
    let refused = assert_refused(&[("SYSTEM", &hive), ("SYSTEM.LOG1", &[0; 4096])]);
    assert!(refused.to_string().contains("there is no transaction log"), "{refused}");
    let refused = assert_refused(&[("SYSTEM", b"something else")]);
    assert!(is_damage(&refused), "{refused}");
}

#[test]
fn what_is_not_there_is_told() {
    let [folder, kept] = copies(&[("SYSTEM", &made())]);
    let disk = writer(folder.path(), kept.path());
    let number = Data::of_dword(0);
    assert_eq!(disk.set_value(r"HKLM\SYSTEM\None", "v", &number), Err(Unchanged::Absent));
    assert_eq!(disk.create_key(r"HKLM\SYSTEM\None\Key"), Err(Unchanged::Absent));
    assert_eq!(disk.delete_value(r"HKLM\SYSTEM\None", "v"), Ok(false));
    for name in ["None", "", r"TermService\Parameters"] {
        assert_eq!(disk.set_start(name, Start::Demand), Err(Unchanged::Absent));
    }
    let elsewhere = disk.set_value(r"HKU\.DEFAULT", "v", &number);
    assert!(matches!(elsewhere, Err(Unchanged::Refused(_))), "{elsewhere:?}");
    let uncopied = disk.set_value(r"HKLM\SOFTWARE\Key", "v", &number);
    assert!(matches!(uncopied, Err(Unchanged::NotWritable(NotWritable::NoHive { hive: "SOFTWARE", .. }))));
    assert_eq!(disk.move_file("a", "b"), Err(Unreadable::NotCollected.into()));
    assert_eq!(disk.stop_service("TermService", std::time::Duration::ZERO), Err(Unreadable::NotRunning.into()));
    assert_eq!(fs::read(folder.path().join("SYSTEM")).unwrap(), made());
}

#[test]
fn permissions_of_a_key_are_set_and_accounts_of_services() {
    let [folder, kept] = copies(&[("SYSTEM", &made())]);
    let disk = writer(folder.path(), kept.path());
    let bytes = |sddl: &str| sddl.parse::<Descriptor>().unwrap().to_bytes().unwrap();
    let found = |key: &str| Descriptor::read(&disk.key_descriptor(key).unwrap().unwrap()).unwrap().to_string();
    let of_service = found(TERM_SERVICE);
    // Windows loads no hive with a descriptor that has no owner.
    let ownerless = disk.set_key_descriptor(SERVER, &bytes("D:(A;;KA;;;SY)"));
    assert!(ownerless.unwrap_err().to_string().contains("without an owner"));
    disk.set_key_descriptor(SERVER, &bytes("O:BAG:SYD:(A;CI;KA;;;SY)")).unwrap();
    disk.set_key_descriptor(SERVER, &bytes("D:PAI(D;;KW;;;SY)")).unwrap();
    assert_eq!((found(SERVER).as_str(), found(TERM_SERVICE)), ("O:BAG:SYD:PAI(D;;KW;;;SY)", of_service));
    assert_eq!(disk.set_key_descriptor(r"HKLM\SYSTEM\None", &bytes("O:BAG:SYD:")), Err(Unchanged::Absent));
    assert!(matches!(disk.set_key_descriptor(SERVER, &[1, 0]), Err(Unchanged::Refused(Unreadable::Damaged(_)))));
    disk.set_account("TermService", "LocalSystem").unwrap();
    assert_eq!(disk.key(TERM_SERVICE).unwrap().unwrap().text("ObjectName").as_deref(), Some("LocalSystem"));
    assert_eq!(disk.set_account(r"TermService\Parameters", "LocalSystem"), Err(Unchanged::Absent));
    on_disk(&folder.path().join("SYSTEM"));
}

#[test]
fn a_disk_is_not_written_without_a_place_for_originals_or_before_it_is_put_back() {
    let [folder, kept] = copies(&[("SYSTEM", &made())]);
    let open = || Disk::open(folder.path()).unwrap();
    let nowhere = open().for_writing(&kept.path().join("none"));
    assert!(matches!(nowhere, Err(NotWritable::NotKept(_))));
    // What is not whole was followed by no write.
    fs::write(kept.path().join("SYSTEM.rollback"), b"RDPHIVE1").unwrap();
    assert_eq!(open().for_writing(kept.path()).unwrap_err(), NotWritable::CutOff { hive: "SYSTEM" });
    assert_eq!(recover(folder.path(), kept.path()), Ok(Vec::new()));
    writer(folder.path(), kept.path()).set_value(SERVER, CLOSED, &Data::of_dword(0)).unwrap();
}
