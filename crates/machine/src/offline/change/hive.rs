//! A hive as it is on the disk, and as it is to be.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::commit::{Content, Stored};
use super::refusal::NotWritable;
use super::storage::{Storage, is_in_use};
use crate::Unreadable;
use crate::change::Unchanged;
use crate::hive::{EditError, Hive, HiveWriter, State};
use crate::offline::files::{Volume, unreadable};
use crate::offline::hives::{HiveName, LOGS, MOST_BYTES, Opened, absent, joined};

/// A hive that may be changed.
pub(super) struct Editable {
    stored: Stored,
    name: HiveName,
    writer: HiveWriter,
    /// The path of the key in it.
    key: String,
}

impl Editable {
    /// Reads a hive and its logs from the disk, and checks all of it.
    pub(super) fn open(
        storage: &impl Storage,
        volume: &Volume,
        config: &str,
        (name, path): (HiveName, &str),
    ) -> Result<Self, NotWritable> {
        let hive = name.file();
        let damaged = |why: String| NotWritable::Damaged { hive, why };
        let stored = read(storage, volume, config, name)?;
        let logs = stored.logs.iter().map(|log| log.bytes.clone()).collect();
        let found = Hive::open(stored.hive.bytes.clone(), logs).map_err(|error| damaged(error.to_string()))?;
        if let State::Dirty { why } = found.state() {
            return Err(NotWritable::NotClosed { hive, why });
        }
        let opened = Opened::new(name, found).map_err(|why| damaged(why.to_string()))?;
        let key = opened.below(path).into_owned();
        let writer = opened.into_hive().edit().map_err(|error| damaged(error.to_string()))?;
        Ok(Self { stored, name, writer, key })
    }

    pub(super) fn path(&self) -> &Path {
        &self.stored.hive.path
    }

    /// Makes a change in memory and reads it back. The bytes are those that belong on the disk.
    pub(super) fn change(
        &mut self,
        change: impl FnOnce(&mut HiveWriter, &str, Timestamp) -> Result<(), EditError>,
    ) -> Result<(Vec<u8>, Opened), Unchanged> {
        let now = Timestamp::now();
        change(&mut self.writer, &self.key, now).map_err(|error| self.refused(error))?;
        let bytes = self.writer.clone().finish(now);
        let damaged = |why: String| Unreadable::Damaged(format!("what would have been written: {why}"));
        let found = Hive::open(bytes.clone(), Vec::new()).map_err(|error| damaged(error.to_string()))?;
        found.clone().edit().map_err(|error| damaged(error.to_string()))?;
        Ok((bytes, Opened::new(self.name, found)?))
    }

    pub(super) fn stored(&self) -> &Stored {
        &self.stored
    }

    fn refused(&self, error: EditError) -> Unchanged {
        match error {
            EditError::NoKey | EditError::NoValue => Unchanged::Absent,
            EditError::Exists => Unchanged::Exists,
            EditError::HasSubkeys => Unchanged::HasKeys,
            EditError::Dirty | EditError::Damaged(_) => {
                NotWritable::Damaged { hive: self.stored.name, why: error.to_string() }.into()
            }
            EditError::Protected | EditError::Name | EditError::TooLarge => {
                Unreadable::System(error.to_string()).into()
            }
        }
    }
}

fn read(storage: &impl Storage, volume: &Volume, config: &str, name: HiveName) -> Result<Stored, NotWritable> {
    let hive = name.file();
    let unread = |why| NotWritable::NoHive { hive, why };
    let content = |ending: &str| -> Result<Option<Content>, NotWritable> {
        let name = format!("{hive}{ending}");
        let Some(path) = place(volume, config, &name).map_err(unread)? else { return Ok(None) };
        let bytes = storage.read(&path).map_err(|error| {
            if is_in_use(&error) { NotWritable::InUse { hive } } else { unread(unreadable(&error)) }
        })?;
        Ok(Some(Content { name, path, bytes }))
    };
    let primary = content("")?.ok_or_else(|| unread(absent(hive)))?;
    let logs = LOGS.iter().filter_map(|ending| content(ending).transpose()).collect::<Result<_, _>>()?;
    Ok(Stored { name: hive, hive: primary, logs })
}

/// Where a file of a hive is.
pub(super) fn place(volume: &Volume, config: &str, name: &str) -> Result<Option<PathBuf>, Unreadable> {
    let path = joined(config, name);
    let Some(file) = volume.file(&path)? else { return Ok(None) };
    if file.is_folder {
        return Err(Unreadable::System("no ordinary file".to_owned()));
    }
    if usize::try_from(file.size).map_or(true, |size| size > MOST_BYTES) {
        return Err(Unreadable::TooLarge { limit: MOST_BYTES });
    }
    volume.path(&path)
}
