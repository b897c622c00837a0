use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::commit::{commit, refused};
use super::hive::Editable;
use super::recover::cut_off;
use super::refusal::{self, NotWritable};
use super::storage::Files;
use super::{descriptor, file, merged};
use crate::change::{Change, Start, Unchanged};
use crate::event::{Event, Summary, Wanted};
use crate::hive::{EditError, HiveWriter};
use crate::offline::Disk;
use crate::offline::hives::{HiveName, Opened};
use crate::registry::{Data, Key, Value};
use crate::{Answer, CachedName, FileInfo, Listener, Machine, Resources, RightHolder, ServiceStatus, Unreadable, Way};

const SERVICES: &str = r"HKLM\SYSTEM\CurrentControlSet\Services";

/// A disk that is not running and that may be changed. It reads what it has written.
///
/// A change is on the disk when it is answered. Values and keys are those of the control set in use. Nothing runs, so
/// that no service can be started or stopped.
#[derive(Debug)]
pub struct DiskWriter {
    disk: Disk,
    kept: PathBuf,
    /// One change at a time.
    changing: Mutex<()>,
}

impl Disk {
    /// Prepares to change it. `kept` is a folder that exists, best on another volume and readable by administrators
    /// only: a copy of each hive as it was before its first change goes there, and for the time of a write what it
    /// replaces. Where a write was cut off, [`recover`](super::recover()) comes first.
    pub fn for_writing(self, kept: &Path) -> Result<DiskWriter, NotWritable> {
        refusal::check(&self.volume().state())?;
        if !kept.is_dir() {
            return Err(NotWritable::NotKept(Unreadable::System("there is no folder for them".to_owned())));
        }
        match cut_off(&Files, kept) {
            Ok(None) => Ok(DiskWriter { disk: self, kept: kept.to_owned(), changing: Mutex::new(()) }),
            Ok(Some(hive)) => Err(NotWritable::CutOff { hive }),
            Err(Unchanged::Refused(why)) => Err(NotWritable::NotKept(why)),
            Err(why) => Err(NotWritable::NotKept(Unreadable::System(why.to_string()))),
        }
    }
}

impl DiskWriter {
    /// The disk, for reading.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Whether the hive of a key can be changed. All of it is read and checked, and nothing is written.
    pub fn check_key(&self, key: &str) -> Result<(), Unchanged> {
        let editable = self.editable(key)?;
        Files::check(editable.path()).map_err(|error| refused(editable.stored().name, &error))
    }

    /// Whether a file or folder that is there has a descriptor that can be set.
    pub fn check_descriptor(&self, path: &str) -> Result<(), Unchanged> {
        descriptor::check(&self.existing(path)?)
    }

    fn editable(&self, key: &str) -> Result<Editable, Unchanged> {
        let place = HiveName::of(key)?;
        Ok(Editable::open(&Files, self.disk.volume(), self.disk.config, place)?)
    }

    /// Changes a hive in memory, and then what differs on the disk.
    fn change(
        &self,
        key: &str,
        change: impl FnOnce(&mut HiveWriter, &str, Timestamp) -> Result<(), EditError>,
    ) -> Result<(), Unchanged> {
        let _one = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let (name, _) = HiveName::of(key)?;
        let mut editable = self.editable(key)?;
        let (bytes, opened) = editable.change(change)?;
        commit(&Files, &self.kept, editable.stored(), &bytes).inspect_err(|why| self.forget(name, why))?;
        self.disk.hives.replace(name, Ok(opened));
        Ok(())
    }

    /// A hive that is half written has nothing to tell.
    fn forget(&self, name: HiveName, why: &Unchanged) {
        if let Unchanged::NotWritable(why @ NotWritable::CutOff { .. }) = why {
            self.disk.hives.replace(name, Err::<Opened, _>(Unreadable::Damaged(why.to_string())));
        }
    }

    fn existing(&self, path: &str) -> Result<PathBuf, Unchanged> {
        self.disk.rooted()?.path(path)?.ok_or(Unchanged::Absent)
    }
}

impl Change for DiskWriter {
    fn set_value(&self, key: &str, name: &str, data: &Data) -> Result<(), Unchanged> {
        let value = Value { name: name.to_owned(), data: data.clone() };
        self.change(key, |writer, key, now| writer.set_value(key, &value, now))
    }

    fn delete_value(&self, key: &str, name: &str) -> Result<bool, Unchanged> {
        unless(&Unchanged::Absent, self.change(key, |writer, key, now| writer.delete_value(key, name, now)))
    }

    fn create_key(&self, key: &str) -> Result<bool, Unchanged> {
        unless(&Unchanged::Exists, self.change(key, |writer, key, now| writer.create_key(key, None, now)))
    }

    fn delete_key(&self, key: &str) -> Result<bool, Unchanged> {
        unless(&Unchanged::Absent, self.change(key, HiveWriter::delete_key))
    }

    fn running_dependents(&self, _: &str) -> Result<Vec<String>, Unchanged> {
        Err(Unreadable::NotRunning.into())
    }

    fn start_service(&self, _: &str, _: Duration) -> Result<(), Unchanged> {
        Err(Unreadable::NotRunning.into())
    }

    fn stop_service(&self, _: &str, _: Duration) -> Result<(), Unchanged> {
        Err(Unreadable::NotRunning.into())
    }

    /// The value that the service control manager reads at the next start.
    fn set_start(&self, name: &str, start: Start) -> Result<(), Unchanged> {
        self.set_value(&service_key(name)?, "Start", &Data::of_dword(start.number()))
    }

    /// The value that the service control manager reads at the next start.
    fn set_account(&self, name: &str, account: &str) -> Result<(), Unchanged> {
        self.set_value(&service_key(name)?, "ObjectName", &Data::of_text(account))
    }

    /// The whole of it belongs into a hive: what the descriptor does not have stays.
    fn set_key_descriptor(&self, key: &str, descriptor: &[u8]) -> Result<(), Unchanged> {
        let old = self.disk.key_descriptor(key)?.ok_or(Unchanged::Absent)?;
        let (new, stored) = merged::wanted(descriptor, &old)?;
        if new.owner.is_none() {
            return Err(
                Unreadable::Damaged("a descriptor without an owner, which Windows loads no hive with".into()).into()
            );
        }
        self.change(key, |writer, key, now| writer.set_security(key, &stored, now))
    }

    fn set_descriptor(&self, path: &str, descriptor: &[u8]) -> Result<(), Unchanged> {
        descriptor::set(&self.existing(path)?, descriptor)
    }

    fn move_file(&self, from: &str, to: &str) -> Result<(), Unchanged> {
        file::rename(self.disk.rooted()?, from, to)
    }

    fn switch_rule(&self, _: &str, _: bool) -> Result<(), Unchanged> {
        Err(Unreadable::NotRunning.into())
    }
}

fn service_key(name: &str) -> Result<String, Unchanged> {
    let is_name = !name.is_empty() && !name.contains('\\');
    is_name.then(|| format!(r"{SERVICES}\{name}")).ok_or(Unchanged::Absent)
}

/// Whether something was done, where one reason says that there was nothing to do.
fn unless(nothing: &Unchanged, outcome: Result<(), Unchanged>) -> Result<bool, Unchanged> {
    match outcome {
        Ok(()) => Ok(true),
        Err(why) if why == *nothing => Ok(false),
        Err(why) => Err(why),
    }
}

impl Machine for DiskWriter {
    fn way(&self) -> Way {
        self.disk.way()
    }

    fn notes(&self) -> Vec<String> {
        self.disk.notes()
    }

    fn key(&self, path: &str) -> Answer<Key> {
        self.disk.key(path)
    }

    fn key_descriptor(&self, path: &str) -> Answer<Vec<u8>> {
        self.disk.key_descriptor(path)
    }

    fn service_status(&self, name: &str) -> Answer<ServiceStatus> {
        self.disk.service_status(name)
    }

    fn file(&self, path: &str) -> Answer<FileInfo> {
        self.disk.file(path)
    }

    fn folder(&self, path: &str) -> Answer<Vec<FileInfo>> {
        self.disk.folder(path)
    }

    fn entries(&self, path: &str, most: usize) -> Answer<Vec<FileInfo>> {
        self.disk.entries(path, most)
    }

    fn read(&self, path: &str, limit: usize) -> Answer<Vec<u8>> {
        self.disk.read(path, limit)
    }

    fn events(&self, channel: &str, wanted: &Wanted, each: &mut dyn FnMut(Event)) -> Answer<Summary> {
        self.disk.events(channel, wanted, each)
    }

    fn listeners(&self) -> Answer<Vec<Listener>> {
        self.disk.listeners()
    }

    fn rights(&self) -> Answer<Vec<RightHolder>> {
        self.disk.rights()
    }

    fn resources(&self) -> Answer<Resources> {
        self.disk.resources()
    }

    fn credentials(&self) -> Answer<Vec<(String, Option<String>)>> {
        self.disk.credentials()
    }

    fn cached_name(&self, name: &str) -> Answer<CachedName> {
        self.disk.cached_name(name)
    }

    fn active_profiles(&self) -> Answer<u32> {
        self.disk.active_profiles()
    }
}
