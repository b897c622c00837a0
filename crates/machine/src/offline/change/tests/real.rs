//! The same with files of this system.

use std::fs;

use tempfile::TempDir;

use super::super::commit::{Content, Stored, rollback, rollback_of};
use super::{Data, Path, edited, new_log, torn};
use crate::change::Change as _;
use crate::hive::{Hive, State};
use crate::offline::{Disk, NotWritable, recover};

const SELECT: &str = r"HKLM\SOFTWARE\Select";
const LOG: &str = "SOFTWARE.LOG1";

/// Copies of a hive that was not closed and of its log; and a folder for originals.
fn copies() -> [TempDir; 2] {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("SOFTWARE"), torn()).unwrap();
    fs::write(folder.path().join(LOG), new_log(&[8, 9])).unwrap();
    [folder, tempfile::tempdir().unwrap()]
}

fn current(folder: &Path) -> u32 {
    let hive = Hive::open(fs::read(folder.join("SOFTWARE")).unwrap(), Vec::new()).unwrap();
    assert_eq!(hive.state(), State::Clean);
    hive.key("Select").unwrap().unwrap().value("Current").unwrap().unwrap().data.dword().unwrap()
}

#[test]
fn a_value_is_written_to_the_file() {
    let [folder, kept] = copies();
    let disk = Disk::open(folder.path()).unwrap().for_writing(kept.path()).unwrap();
    disk.check_key(SELECT).unwrap();
    disk.set_value(SELECT, "Default", &Data::of_bytes(vec![1; 9000])).unwrap();
    assert_eq!(current(folder.path()), 9, "what was in the log is in the hive");
    disk.set_value(SELECT, "Current", &Data::of_dword(3)).unwrap();
    assert_eq!(current(folder.path()), 3);
    assert_eq!(fs::read(kept.path().join("SOFTWARE")).unwrap(), torn());
    assert_eq!(fs::read(kept.path().join(LOG)).unwrap(), new_log(&[8, 9]));
    assert_eq!(fs::read_dir(kept.path()).unwrap().count(), 2);
}

#[test]
fn what_was_cut_off_is_put_back_into_the_files() {
    let [folder, kept] = copies();
    let content = |name: &str, bytes| Content { name: name.to_owned(), path: folder.path().join(name), bytes };
    let logs = vec![content(LOG, new_log(&[8, 9]))];
    let after = edited(&torn(), &logs, Data::of_bytes(vec![7; 9000]));
    let stored = Stored { name: "SOFTWARE", hive: content("SOFTWARE", torn()), logs };
    let rollback = rollback(&stored, &after).unwrap();
    fs::write(rollback_of(kept.path(), "SOFTWARE"), rollback.to_bytes()).unwrap();
    let half = [rollback.header.mark, after[512..].to_vec()].concat();
    fs::write(&stored.hive.path, half).unwrap();
    let log = [vec![0; 512], new_log(&[8, 9])[512..].to_vec()].concat();
    fs::write(folder.path().join(LOG), log).unwrap();

    let cut_off = NotWritable::CutOff { hive: "SOFTWARE" };
    assert_eq!(Disk::open(folder.path()).unwrap().for_writing(kept.path()).unwrap_err(), cut_off);
    assert_eq!(recover(folder.path(), kept.path()), Ok(vec!["SOFTWARE"]));
    assert_eq!(fs::read(&stored.hive.path).unwrap(), torn());
    assert_eq!(fs::read(folder.path().join(LOG)).unwrap(), new_log(&[8, 9]));
    assert_eq!(recover(folder.path(), kept.path()), Ok(Vec::new()));
}

/// As Windows has the hives open that it uses.
#[cfg(windows)]
#[test]
fn a_hive_in_use_is_refused() {
    let [folder, kept] = copies();
    let disk = Disk::open(folder.path()).unwrap().for_writing(kept.path()).unwrap();
    let _open = fs::File::open(folder.path().join("SOFTWARE")).unwrap();
    let in_use = crate::change::Unchanged::NotWritable(NotWritable::InUse { hive: "SOFTWARE" });
    assert_eq!(disk.check_key(SELECT), Err(in_use.clone()));
    assert_eq!(disk.set_value(SELECT, "Current", &Data::of_dword(3)), Err(in_use));
}
