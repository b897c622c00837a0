//! Hives of users, by the paths of their profiles. They are opened only when they are asked for.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::disk::Disk;
use super::hives::{LOGS, damaged, strip};
use crate::hive::Hive;
use crate::registry::Key;
use crate::security::Sid;
use crate::{Answer, Machine, Unreadable};

/// One key for each profile, with the folder that it is in.
const PROFILES: &str = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList";
const CURRENT_VERSION: &str = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion";
const HIVE: &str = "NTUSER.DAT";
/// Bytes of a user's hive or its log; they have some ten million.
const MOST_BYTES: usize = 256 << 20;

/// The hive of the user who was asked for last: one is in memory at a time.
#[derive(Default)]
pub(super) struct Users {
    open: Mutex<Option<Opened>>,
}

struct Opened {
    sid: String,
    hive: Result<Hive, Unreadable>,
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Users").finish_non_exhaustive()
    }
}

/// The path below `HKU`, where it is one.
pub(super) fn below(path: &str) -> Option<&str> {
    if path.eq_ignore_ascii_case("HKU") { Some("") } else { strip(path, "HKU\\") }
}

impl Users {
    /// `<SID>\…`; without a path the SIDs of all profiles.
    pub(super) fn key(&self, disk: &Disk, path: &str) -> Answer<Key> {
        disk.rooted()?;
        let (sid, below) = path.split_once('\\').unwrap_or((path, ""));
        if sid.is_empty() {
            return all(disk);
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.as_ref().is_none_or(|open| !open.sid.eq_ignore_ascii_case(sid)) {
            let Some(profile) = disk.key(&format!("{PROFILES}\\{sid}"))? else { return Ok(None) };
            // The one before goes first.
            *open = None;
            *open = Some(Opened { sid: sid.to_owned(), hive: opened(disk, &profile) });
        }
        let Some(Opened { hive, .. }) = open.as_ref() else { return Ok(None) };
        let hive = hive.as_ref().map_err(Clone::clone)?;
        let found = hive.key(below).map_err(|damage| damaged(&damage))?;
        found.map(|key| key.contents()).transpose().map_err(|damage| damaged(&damage))
    }
}

fn all(disk: &Disk) -> Answer<Key> {
    let profiles = disk.key(PROFILES)?;
    Ok(profiles.map(|mut profiles| {
        profiles.keys.retain(|name| name.parse::<Sid>().is_ok());
        Key { keys: profiles.keys, ..Key::default() }
    }))
}

fn opened(disk: &Disk, profile: &Key) -> Result<Hive, Unreadable> {
    let elsewhere = || Unreadable::System("the profile is not on this volume".to_owned());
    let path = profile.text("ProfileImagePath").ok_or_else(elsewhere)?;
    let folder = below_drive(disk, &path).ok_or_else(elsewhere)?;
    let file = |ending: &str| disk.volume().read(&format!("{folder}\\{HIVE}{ending}"), MOST_BYTES);
    let bytes = file("")?.ok_or_else(|| Unreadable::System(format!("there is no {HIVE}")))?;
    let logs: Vec<Vec<u8>> = LOGS.iter().filter_map(|ending| file(ending).ok().flatten()).collect();
    Hive::open(bytes, logs).map_err(|error| Unreadable::Damaged(format!("{HIVE}: {error}")))
}

/// Where a folder is below the system drive, whose letter is the one that Windows on this disk gives it.
fn below_drive<'a>(disk: &Disk, path: &'a str) -> Option<&'a str> {
    let root = disk.key(CURRENT_VERSION).ok().flatten().and_then(|key| key.text("SystemRoot"));
    let drive = root.as_deref().and_then(|root| root.get(..2)).unwrap_or("C:");
    let rest = strip(path, "%SystemDrive%").or_else(|| strip(path, drive))?;
    rest.strip_prefix('\\').filter(|rest| !rest.is_empty())
}
