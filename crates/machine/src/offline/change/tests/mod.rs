mod real;
mod simulated;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::commit::{Content, Stored, commit};
use super::recover::one;
use super::refusal::NotWritable;
use super::storage::Storage as _;
use crate::change::Unchanged;
use crate::hive::testing::{new_log, torn};
use crate::hive::{EditError, Hive};
use crate::registry::{Data, Key, Value};
use simulated::{Luck, Simulated};

const KEPT: &str = "/kept";

/// A hive with its logs before a change, and the hive after it.
struct Case {
    stored: Stored,
    after: Vec<u8>,
}

/// A file by name.
fn content(name: &str, bytes: Vec<u8>) -> Content {
    Content { name: name.to_owned(), path: Path::new("/disk").join(name), bytes }
}

fn edited(primary: &[u8], logs: &[Content], value: Data) -> Vec<u8> {
    let logs = logs.iter().map(|log| log.bytes.clone()).collect();
    let mut writer = Hive::open(primary.to_vec(), logs).unwrap().edit().unwrap();
    let now = Timestamp::from_second(1_700_000_000).unwrap();
    writer.set_value("Select", &Value { name: "new".to_owned(), data: value }, now).unwrap();
    writer.finish(now)
}

impl Case {
    /// A hive that was not closed, with its logs.
    fn dirty(value: Data) -> Self {
        let logs = vec![content("SYSTEM.LOG1", new_log(&[8, 9])), content("SYSTEM.LOG2", new_log(&[10]))];
        let after = edited(&torn(), &logs, value);
        Self { stored: Stored { name: "SYSTEM", hive: content("SYSTEM", torn()), logs }, after }
    }

    /// The same after it was closed, and with logs of before that.
    fn clean(value: Data) -> Self {
        let mut dirty = Self::dirty(Data::of_dword(0));
        let after = edited(&dirty.after, &[], value);
        dirty.stored.hive.bytes = dirty.after;
        Self { after, stored: dirty.stored }
    }

    fn files(&self) -> Vec<&Content> {
        [&self.stored.hive].into_iter().chain(&self.stored.logs).collect()
    }

    fn disk(&self) -> Simulated {
        let files: Vec<(&Path, &[u8])> = self.files().iter().map(|file| (&*file.path, &*file.bytes)).collect();
        Simulated::with(&files)
    }

    fn commit(&self, disk: &Simulated) -> Result<(), Unchanged> {
        commit(disk, Path::new(KEPT), &self.stored, &self.after)
    }

    fn recover(disk: &Simulated) -> Result<bool, Unchanged> {
        one(disk, Path::new(KEPT), "SYSTEM", |name| Ok(Some(place(name))))
    }

    fn is_before(&self, disk: &Simulated) -> bool {
        self.files().iter().all(|file| disk.read(&file.path).unwrap() == file.bytes)
    }

    fn is_after(&self, disk: &Simulated) -> bool {
        disk.read(&place("SYSTEM")).unwrap() == self.after
    }

    /// What Windows or anybody else would read there: what was, what is to be, or nothing at all.
    fn assert_read(&self, disk: &Simulated) {
        let read = |name| disk.read(&place(name)).unwrap();
        let hive = Hive::open(read("SYSTEM"), vec![read("SYSTEM.LOG1"), read("SYSTEM.LOG2")]);
        let values = |hive: &Hive| select(hive).values;
        let logs = self.stored.logs.iter().map(|log| log.bytes.clone()).collect();
        let before = Hive::open(self.stored.hive.bytes.clone(), logs).unwrap();
        let after = Hive::open(self.after.clone(), Vec::new()).unwrap();
        match hive.map(Hive::edit) {
            Ok(Ok(writer)) => {
                let found = values(writer.hive());
                assert!(found == values(&before) || found == values(&after));
            }
            Ok(Err(why)) => assert_eq!(why, EditError::Dirty),
            Err(why) => panic!("{why}"),
        }
    }
}

fn select(hive: &Hive) -> Key {
    hive.key("Select").unwrap().unwrap().contents().unwrap()
}

fn place(name: &str) -> PathBuf {
    Path::new("/disk").join(name)
}

/// Changes that stay in place, that move cells, and that make the hive grow.
fn cases() -> Vec<Case> {
    let values = [Data::of_dword(5), Data::of_bytes(vec![3; 600]), Data::of_bytes(vec![7; 9000])];
    values.into_iter().flat_map(|value| [Case::dirty(value.clone()), Case::clean(value)]).collect()
}

fn lucks() -> impl Iterator<Item = Luck> {
    [Luck::None, Luck::All].into_iter().chain((1..24).map(Luck::Random))
}

#[test]
fn a_change_is_written_and_the_original_kept() {
    for case in cases() {
        let disk = case.disk();
        case.commit(&disk).unwrap();
        let disk = disk.cut(Luck::None);
        assert!(case.is_after(&disk));
        case.assert_read(&disk);
        for file in case.files() {
            assert_eq!(disk.read(&Path::new(KEPT).join(&file.name)).unwrap(), file.bytes);
        }
        assert_eq!(Case::recover(&disk), Ok(false));
        assert!(case.is_after(&disk));
    }
}

#[test]
fn logs_that_were_applied_are_emptied_and_others_left() {
    let disk = |case: Case| {
        let disk = case.disk();
        case.commit(&disk).unwrap();
        ["SYSTEM.LOG1", "SYSTEM.LOG2"].map(|name| disk.read(&place(name)).unwrap())
    };
    let given = [new_log(&[8, 9]), new_log(&[10])];
    assert_eq!(disk(Case::clean(Data::of_dword(1))), given);
    for (log, given) in disk(Case::dirty(Data::of_dword(1))).iter().zip(&given) {
        assert_eq!(log[..512], [0; 512]);
        assert_eq!(log[512..], given[512..]);
    }
}

#[test]
fn a_cut_at_any_step_is_taken_back() {
    for case in cases() {
        let mut steps = 0;
        loop {
            let disk = case.disk().ending_after(steps);
            let outcome = case.commit(&disk);
            for luck in lucks() {
                let disk = disk.cut(luck);
                case.assert_read(&disk);
                Case::recover(&disk).unwrap();
                let disk = disk.cut(Luck::None);
                assert!(case.is_before(&disk) || case.is_after(&disk), "after {steps} steps, {luck:?}");
                assert!(outcome.is_err() || case.is_after(&disk), "what was said to be done is");
                assert_eq!(Case::recover(&disk), Ok(false), "nothing is left to do");
            }
            if outcome.is_ok() {
                break;
            }
            steps += 1;
        }
        assert!(steps > 15, "{steps}");
    }
}

#[test]
fn a_cut_while_it_is_taken_back_is_taken_back() {
    for case in cases() {
        for steps in 0.. {
            let first = case.disk().ending_after(steps);
            if case.commit(&first).is_ok() {
                break;
            }
            let first = first.cut(Luck::Random(steps as u64));
            for more in 0.. {
                let second = first.clone().ending_after(more);
                let outcome = Case::recover(&second);
                for luck in lucks().take(6) {
                    let third = second.cut(luck);
                    case.assert_read(&third);
                    Case::recover(&third).unwrap();
                    assert!(case.is_before(&third) || case.is_after(&third), "{steps}, {more}, {luck:?}");
                }
                if outcome.is_ok() {
                    break;
                }
            }
        }
    }
}

/// One step that fails while the machine goes on: the old hive is there at once.
#[test]
fn a_write_that_fails_is_taken_back_at_once() {
    for case in cases() {
        for steps in 0.. {
            let disk = case.disk().failing_once_after(steps);
            match case.commit(&disk) {
                Ok(()) => break,
                // What would be put back could not be forgotten, or for all that is known not for good.
                Err(Unchanged::NotWritable(NotWritable::CutOff { .. })) => {
                    assert!(case.is_after(&disk));
                    if Case::recover(&disk) == Ok(false) {
                        continue;
                    }
                }
                Err(_) => assert!(!disk.exists(Path::new("/kept/SYSTEM.rollback")).unwrap()),
            }
            assert!(case.is_before(&disk), "after {steps} steps");
        }
    }
}

#[test]
fn what_has_changed_since_is_left_alone() {
    let case = Case::clean(Data::of_dword(5));
    let (disk, mut steps) = (case.disk(), 0);
    let disk = loop {
        let cut = disk.clone().ending_after(steps);
        let _ = case.commit(&cut);
        let cut = cut.cut(Luck::All);
        if cut.read(&place("SYSTEM")).unwrap() != case.stored.hive.bytes {
            break cut;
        }
        steps += 1;
    };
    let newer = edited(&case.after, &[], Data::of_dword(6));
    disk.write(&place("SYSTEM"), 0, &newer).unwrap();
    let refused = NotWritable::ChangedSince { hive: "SYSTEM" };
    assert_eq!(Case::recover(&disk), Err(refused.into()));
    assert_eq!(disk.read(&place("SYSTEM")).unwrap(), newer);
}
