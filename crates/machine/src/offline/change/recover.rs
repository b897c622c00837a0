use std::io;
use std::path::{Path, PathBuf};

use super::commit::{refused, rollback_of, undo};
use super::hive::place;
use super::refusal::{NotWritable, check};
use super::rollback::{Rollback, RollbackError};
use super::storage::{Files, Storage};
use crate::Unreadable;
use crate::change::Unchanged;
use crate::offline::disk::config;
use crate::offline::files::Volume;
use crate::offline::hives::{HiveName, LOGS, absent};

/// Puts back what was there before a write that was cut off, byte for byte, and names the hives. To be called before the
/// disk is opened.
pub fn recover(folder: &Path, kept: &Path) -> Result<Vec<&'static str>, Unchanged> {
    let volume = Volume::open(folder)?;
    if cut_off(&Files, kept)?.is_none() {
        return Ok(Vec::new());
    }
    check(&volume.state())?;
    let config = config(&volume).map_err(|error| Unreadable::System(error.to_string()))?;
    let mut put_back = Vec::new();
    for hive in HiveName::ALL.map(HiveName::file) {
        if one(&Files, kept, hive, |name| place(&volume, config, name))? {
            put_back.push(hive);
        }
    }
    Ok(put_back)
}

/// A hive whose last write was cut off.
pub(super) fn cut_off(storage: &impl Storage, kept: &Path) -> Result<Option<&'static str>, Unchanged> {
    for hive in HiveName::ALL.map(HiveName::file) {
        if storage.exists(&rollback_of(kept, hive)).map_err(|error| refused(hive, &error))? {
            return Ok(Some(hive));
        }
    }
    Ok(None)
}

/// Puts back a single hive, whose files are where `place` says. Whether anything of it had been written.
pub(super) fn one(
    storage: &impl Storage,
    kept: &Path,
    hive: &'static str,
    place: impl Fn(&str) -> Result<Option<PathBuf>, Unreadable>,
) -> Result<bool, Unchanged> {
    let rollback = match storage.read(&rollback_of(kept, hive)) {
        Ok(bytes) => Rollback::read(&bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(refused(hive, &error)),
    };
    let rollback = match rollback {
        Ok(rollback) => rollback,
        // It is whole before anything else is written.
        Err(RollbackError::Unfinished) => return undo(storage, kept, hive, None).map(|_| false),
        Err(why) => return Err(Unreadable::Damaged(format!("{hive}.rollback: {why}")).into()),
    };
    let mut paths = Vec::new();
    for (number, part) in rollback.parts.iter().enumerate() {
        let path = if is_of(hive, number, &part.name) { place(&part.name)? } else { None };
        paths.push(path.ok_or_else(|| absent(&part.name))?);
    }
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    let is_restored = undo(storage, kept, hive, Some((&rollback, &paths)))?;
    if is_restored { Ok(true) } else { Err(NotWritable::ChangedSince { hive }.into()) }
}

/// Whether a part has a name that a write gives it: the hive comes first, and its logs follow.
fn is_of(hive: &str, number: usize, name: &str) -> bool {
    let ending = name.strip_prefix(hive);
    if number == 0 { ending == Some("") } else { ending.is_some_and(|ending| LOGS.contains(&ending)) }
}
