//! Writes a hive so that a cut at any point can be taken back.
//!
//! What is replaced is kept first. The base block says "not written in full" while the bins are written, with numbers
//! that no transaction log fits; nothing else is begun before the disk has what came before.

use std::io;
use std::path::{Path, PathBuf};

use super::super::files::unreadable;
use super::refusal::NotWritable;
use super::rollback::{Header, Part, Rollback, SECTOR};
use super::storage::{Storage, is_in_use};
use crate::Unreadable;
use crate::change::Unchanged;
use crate::hive;

/// A hive with its logs as they are on the disk.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) name: &'static str,
    pub(super) hive: Content,
    pub(super) logs: Vec<Content>,
}

/// A file.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
}

/// Where the rollback of a hive lies.
pub(super) fn rollback_of(kept: &Path, hive: &str) -> PathBuf {
    kept.join(format!("{hive}.rollback"))
}

/// Puts a hive in the place of the one on the disk. Where that fails in the middle, the old one is put back at once.
pub(super) fn commit(storage: &impl Storage, kept: &Path, stored: &Stored, new: &[u8]) -> Result<(), Unchanged> {
    keep(storage, kept, stored).map_err(|error| NotWritable::NotKept(unreadable(&error)))?;
    let rollback = rollback(stored, new)?;
    let path = rollback_of(kept, stored.name);
    if let Err(error) = save(storage, kept, &path, &rollback) {
        // What is not whole says that nothing was written.
        let _ = storage.remove(&path);
        return Err(NotWritable::NotKept(unreadable(&error)).into());
    }
    let paths: Vec<&Path> = stored.files(&rollback).map(|file| file.path.as_path()).collect();
    let cut_off = NotWritable::CutOff { hive: stored.name };
    let forget = || storage.remove(&path).and_then(|()| storage.flush_folder(kept));
    if let Err(why) = write(storage, &rollback, &paths).map_err(|error| refused(stored.name, &error)).and_then(|()| {
        let found = storage.read(&stored.hive.path).map_err(|error| refused(stored.name, &error))?;
        if found == new { Ok(()) } else { Err(Unchanged::NotKept) }
    }) {
        put_back(storage, &rollback, &paths).and_then(|()| forget()).map_err(|_| cut_off)?;
        return Err(why);
    }
    forget().map_err(|_| cut_off.into())
}

/// Takes a write back that was cut off. False where the hive is neither the old nor the new one.
pub(super) fn undo(
    storage: &impl Storage,
    kept: &Path,
    hive: &'static str,
    rollback: Option<(&Rollback, &[&Path])>,
) -> Result<bool, Unchanged> {
    let refused = |error: io::Error| refused(hive, &error);
    if let Some((rollback, paths)) = rollback {
        let Some(path) = paths.first() else { return Ok(false) };
        let found = storage.read(path).map_err(refused)?;
        if !rollback.is_of(&found) {
            return Ok(false);
        }
        put_back(storage, rollback, paths).map_err(refused)?;
    }
    storage.remove(&rollback_of(kept, hive)).and_then(|()| storage.flush_folder(kept)).map_err(refused)?;
    Ok(true)
}

/// What became of a file of a hive.
pub(super) fn refused(hive: &'static str, error: &io::Error) -> Unchanged {
    if is_in_use(error) { NotWritable::InUse { hive }.into() } else { unreadable(error).into() }
}

impl Rollback {
    /// Whether a hive is the one of before, during or after the write: whoever else writes to it changes its header.
    fn is_of(&self, hive: &[u8]) -> bool {
        let header = hive.get(..SECTOR).unwrap_or_default();
        [&self.header.old, &self.header.mark, &self.header.new].into_iter().any(|known| known == header)
    }
}

impl Stored {
    /// The files that a rollback has parts of, in its order.
    fn files<'a>(&'a self, rollback: &'a Rollback) -> impl Iterator<Item = &'a Content> {
        let all = || [&self.hive].into_iter().chain(&self.logs);
        rollback.parts.iter().filter_map(move |part| all().find(|file| file.name == part.name))
    }
}

/// A copy of what was there before the first change, beside the journal.
fn keep(storage: &impl Storage, kept: &Path, stored: &Stored) -> io::Result<()> {
    if storage.exists(&kept.join(stored.name))? {
        return Ok(());
    }
    // The hive comes last: where it is, all of them are.
    for file in stored.logs.iter().chain([&stored.hive]) {
        let (part, whole) = (kept.join(format!("{}.part", file.name)), kept.join(&file.name));
        storage.create(&part, &file.bytes)?;
        storage.flush(&part)?;
        storage.rename(&part, &whole)?;
        storage.flush_folder(kept)?;
    }
    Ok(())
}

fn save(storage: &impl Storage, kept: &Path, path: &Path, rollback: &Rollback) -> io::Result<()> {
    storage.create(path, &rollback.to_bytes())?;
    storage.flush(path)?;
    storage.flush_folder(kept)
}

pub(super) fn rollback(stored: &Stored, new: &[u8]) -> Result<Rollback, Unchanged> {
    let damaged = || Unreadable::Damaged(format!("{}: no header", stored.name));
    let sector = |bytes: &[u8]| bytes.get(..SECTOR).map(<[u8]>::to_vec).ok_or_else(damaged);
    let (old, new_header) = (sector(&stored.hive.bytes)?, sector(new)?);
    let mark = hive::unfinished(&new_header).ok_or_else(damaged)?;
    let mut parts = vec![Part::between(&stored.hive.name, &stored.hive.bytes, new, SECTOR)];
    // The logs of a hive that was closed have nothing that counts.
    if hive::is_unfinished(&old) {
        parts.extend(stored.logs.iter().map(emptied).filter(|part| !part.runs.is_empty()));
    }
    Ok(Rollback { header: Header { old, mark, new: new_header }, parts })
}

/// Without its base block a log has no entries for anybody.
fn emptied(log: &Content) -> Part {
    let mut empty = log.bytes.clone();
    empty.iter_mut().take(SECTOR).for_each(|byte| *byte = 0);
    let mut part = Part::between(&log.name, &log.bytes, &empty, 0);
    for run in &mut part.runs {
        run.old.truncate(SECTOR);
        run.new.truncate(SECTOR);
    }
    part
}

fn write(storage: &impl Storage, rollback: &Rollback, paths: &[&Path]) -> io::Result<()> {
    let mut files = rollback.parts.iter().zip(paths);
    let Some((hive, path)) = files.next() else { return Ok(()) };
    // What lies behind the last bin means nothing yet, and a full disk is noticed here.
    if hive.new_length > hive.old_length {
        storage.set_len(path, hive.new_length)?;
        for run in hive.runs.iter().filter(|run| run.old.is_empty()) {
            storage.write(path, run.at, &run.new)?;
        }
        storage.flush(path)?;
    }
    write_header(storage, path, &rollback.header.mark)?;
    for run in hive.runs.iter().filter(|run| !run.old.is_empty()) {
        storage.write(path, run.at, &run.new)?;
    }
    storage.flush(path)?;
    write_header(storage, path, &rollback.header.new)?;
    for (log, path) in files {
        for run in &log.runs {
            storage.write(path, run.at, &run.new)?;
        }
        storage.flush(path)?;
    }
    Ok(())
}

fn put_back(storage: &impl Storage, rollback: &Rollback, paths: &[&Path]) -> io::Result<()> {
    let mut files = rollback.parts.iter().zip(paths);
    let Some((hive, path)) = files.next() else { return Ok(()) };
    write_header(storage, path, &rollback.header.mark)?;
    for (log, path) in files {
        restore(storage, path, log)?;
    }
    restore(storage, path, hive)?;
    write_header(storage, path, &rollback.header.old)
}

fn restore(storage: &impl Storage, path: &Path, part: &Part) -> io::Result<()> {
    for run in part.runs.iter().filter(|run| !run.old.is_empty()) {
        storage.write(path, run.at, &run.old)?;
    }
    if part.new_length != part.old_length {
        storage.set_len(path, part.old_length)?;
    }
    storage.flush(path)
}

fn write_header(storage: &impl Storage, path: &Path, header: &[u8]) -> io::Result<()> {
    storage.write(path, 0, header)?;
    storage.flush(path)
}
