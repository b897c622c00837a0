use thiserror::Error;

use super::super::{Hibernation, VolumeKind, VolumeState};
use crate::Unreadable;
use crate::hive::Unreplayed;

/// Why nothing is written to a disk.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotWritable {
    /// Windows goes on from what it had in memory.
    #[error(
        "Windows sleeps on this disk (hibernation or fast startup): what is written now would be lost or do damage; let it start, then shut it down with \"shutdown /s /f /t 0\""
    )]
    Hibernated,
    /// Its hibernation file says nothing that is known.
    #[error("it cannot be told whether Windows sleeps on this disk: {0}")]
    PerhapsHibernated(Unreadable),
    /// The volume's own mark.
    #[error(
        "the volume is marked for a check: let Windows check it first (chkdsk /f, or a start that is not interrupted)"
    )]
    Dirty,
    /// It is NTFS, and its mark cannot be read.
    #[error("it cannot be told whether the volume is marked for a check: {0}")]
    PerhapsDirty(Unreadable),
    /// What lies below is encrypted.
    #[error("a volume that BitLocker encrypts: unlock it, and mount what is unlocked")]
    BitLocker,
    /// It is mounted so.
    #[error("the volume is mounted read-only: mount it for writing (ntfs-3g refuses that while Windows sleeps on it)")]
    ReadOnly,
    /// What mounts it does not know access lists.
    #[error("the volume is mounted with something that knows no security descriptors: mount it with ntfs-3g or ntfs3")]
    NoDescriptors,
    /// The folder for originals.
    #[error("originals cannot be kept: {0}")]
    NotKept(Unreadable),
    /// There is no such hive, or it cannot be read.
    #[error("the hive {hive} cannot be read: {why}")]
    NoHive {
        /// Its file name.
        hive: &'static str,
        /// Why.
        why: Unreadable,
    },
    /// Windows has it loaded.
    #[error("the hive {hive} is in use: unload it first (reg unload)")]
    InUse {
        /// Its file name.
        hive: &'static str,
    },
    /// It is cut short, or its parts do not fit together.
    #[error("the hive {hive} is damaged and is left as it is: {why}")]
    Damaged {
        /// Its file name.
        hive: &'static str,
        /// What is wrong.
        why: String,
    },
    /// It was not closed, and its logs do not make it whole.
    #[error("the hive {hive} was not closed, and its newest values are not known: {why}")]
    NotClosed {
        /// Its file name.
        hive: &'static str,
        /// Why the logs did not help.
        why: Unreplayed,
    },
    /// Writing ended in the middle, earlier or just now.
    #[error("writing the hive {hive} was cut off: put it back first")]
    CutOff {
        /// Its file name.
        hive: &'static str,
    },
    /// Something else has written to it since.
    #[error("the hive {hive} has changed since writing it was cut off, and is left as it is")]
    ChangedSince {
        /// Its file name.
        hive: &'static str,
    },
}

/// Drivers of NTFS for Linux as the mount table names them; FUSE may be one.
const NTFS_DRIVERS: [&str; 3] = ["ntfs", "ntfs3", "fuse"];

/// Whether a volume may be written to. Where the system has no mount table, its own driver refuses what it must.
pub(super) fn check(state: &VolumeState) -> Result<(), NotWritable> {
    match &state.hibernation {
        Ok(Hibernation::NoFile | Hibernation::Awake) => {}
        Ok(Hibernation::Asleep) => return Err(NotWritable::Hibernated),
        Ok(Hibernation::Unknown) => {
            let why = Unreadable::Damaged("hiberfil.sys begins with something unknown".to_owned());
            return Err(NotWritable::PerhapsHibernated(why));
        }
        Err(why) => return Err(NotWritable::PerhapsHibernated(why.clone())),
    }
    if state.kind == Ok(VolumeKind::BitLocker) {
        return Err(NotWritable::BitLocker);
    }
    if state.read_only == Ok(true) {
        return Err(NotWritable::ReadOnly);
    }
    match &state.dirty {
        _ if !is_marked_by_windows_only(state) => Ok(()),
        Ok(false) => Ok(()),
        Ok(true) => Err(NotWritable::Dirty),
        Err(why) => Err(NotWritable::PerhapsDirty(why.clone())),
    }
}

/// Other file systems have no such mark. The kernel's ntfs3 sets it itself while it writes, and mounts no volume for
/// writing that had it before unless it is forced to.
fn is_marked_by_windows_only(state: &VolumeState) -> bool {
    let Ok(driver) = &state.driver else { return state.dirty == Ok(true) };
    let is_ntfs = NTFS_DRIVERS.iter().any(|known| driver.name.starts_with(known));
    let marks_itself = driver.name == "ntfs3" && !driver.options.iter().any(|option| option == "force");
    is_ntfs && state.kind != Ok(VolumeKind::Other) && !marks_itself
}

#[cfg(test)]
mod tests {
    use super::super::super::Driver;
    use super::*;

    fn state(change: impl FnOnce(&mut VolumeState)) -> Result<(), NotWritable> {
        let mut state = VolumeState {
            hibernation: Ok(Hibernation::NoFile),
            read_only: Ok(false),
            kind: Ok(VolumeKind::Ntfs),
            dirty: Ok(false),
            driver: Ok(Driver { name: "fuseblk".to_owned(), options: vec!["rw".to_owned()] }),
        };
        change(&mut state);
        check(&state)
    }

    fn driver(name: &str, options: &str) -> Driver {
        Driver { name: name.to_owned(), options: options.split(',').map(str::to_owned).collect() }
    }

    #[test]
    fn what_must_not_be_written_is_refused() {
        assert_eq!(state(|_| ()), Ok(()));
        assert_eq!(state(|it| it.hibernation = Ok(Hibernation::Awake)), Ok(()));
        assert_eq!(state(|it| it.hibernation = Ok(Hibernation::Asleep)), Err(NotWritable::Hibernated));
        let unknown = state(|it| it.hibernation = Ok(Hibernation::Unknown));
        assert!(matches!(unknown, Err(NotWritable::PerhapsHibernated(Unreadable::Damaged(_)))));
        let unreadable = state(|it| it.hibernation = Err(Unreadable::Denied));
        assert_eq!(unreadable, Err(NotWritable::PerhapsHibernated(Unreadable::Denied)));
        assert_eq!(state(|it| it.kind = Ok(VolumeKind::BitLocker)), Err(NotWritable::BitLocker));
        assert_eq!(state(|it| it.read_only = Ok(true)), Err(NotWritable::ReadOnly));
        assert_eq!(state(|it| it.dirty = Ok(true)), Err(NotWritable::Dirty));
        let unreadable = state(|it| it.dirty = Err(Unreadable::Denied));
        assert_eq!(unreadable, Err(NotWritable::PerhapsDirty(Unreadable::Denied)));
    }

    #[test]
    fn a_mark_counts_only_where_windows_made_it() {
        let dirty = |name, options| state(|it| (it.dirty, it.driver) = (Ok(true), Ok(driver(name, options))));
        assert_eq!(dirty("ntfs3", "rw,acl"), Ok(()));
        assert_eq!(dirty("ntfs3", "rw,force"), Err(NotWritable::Dirty));
        assert_eq!(dirty("fuse", "rw"), Err(NotWritable::Dirty));
        let unseen = |name| {
            let unseen = || Err(Unreadable::NoAnswer);
            state(|it| (it.kind, it.dirty, it.driver) = (Err(Unreadable::NoAnswer), unseen(), Ok(driver(name, "rw"))))
        };
        assert_eq!(unseen("ext4"), Ok(()));
        assert_eq!(unseen("fuse"), Err(NotWritable::PerhapsDirty(Unreadable::NoAnswer)));
        let elsewhere = state(|it| (it.dirty, it.driver) = (Err(Unreadable::NoAnswer), Err(Unreadable::NoAnswer)));
        assert_eq!(elsewhere, Ok(()));
    }
}
