//! The running Windows. Only what Windows 7 and Server 2008 R2 have is called. Nothing is changed but through
//! [`Change`](crate::change::Change).
//!
//! Wine answers for the registry, services, files and listeners, without the listeners' processes. It has no event log,
//! no firewall, no rights and no cache of names, which is [`Unreadable::NoAnswer`]; its descriptors of files are made up from Unix modes.

#![deny(unsafe_op_in_unsafe_fn)]

mod change;
mod com;
mod credentials;
mod dns;
mod file;
mod firewall;
mod listener;
mod log;
mod registry;
mod resources;
mod right;
mod service;
mod system;
mod token;

use crate::event::{Event, Summary, Wanted};
use crate::registry::Key;
use crate::{Answer, CachedName, FileInfo, Listener, Machine, Resources, RightHolder, ServiceStatus, Unreadable, Way};

pub(crate) use change::{move_file, set_descriptor};
pub(crate) use file::descriptor as descriptor_of_file;
pub use system::{drive as system_drive, folder as system_folder, is_in_remote_session, os_version};
pub use token::is_elevated;

/// The machine that we run on.
#[derive(Debug)]
pub struct Live {
    drive: String,
}

impl Live {
    /// Asks where the system drive is, and enables the privilege to back up for this process where its account has it:
    /// administrators cannot see into the files of machine keys otherwise.
    pub fn open() -> Result<Self, Unreadable> {
        let drive = system::drive()?;
        token::enable(token::SE_BACKUP);
        Ok(Self { drive })
    }
}

impl Machine for Live {
    fn way(&self) -> Way {
        Way::Running
    }

    fn notes(&self) -> Vec<String> {
        token::note(&is_elevated()).map(str::to_owned).into_iter().collect()
    }

    fn key(&self, path: &str) -> Answer<Key> {
        registry::key(path)
    }

    fn key_descriptor(&self, path: &str) -> Answer<Vec<u8>> {
        registry::descriptor(path)
    }

    fn service_status(&self, name: &str) -> Answer<ServiceStatus> {
        service::status(name)
    }

    fn file(&self, path: &str) -> Answer<FileInfo> {
        file::file(&file::below(&self.drive, path))
    }

    fn folder(&self, path: &str) -> Answer<Vec<FileInfo>> {
        file::folder(&file::below(&self.drive, path))
    }

    fn entries(&self, path: &str, most: usize) -> Answer<Vec<FileInfo>> {
        file::entries(&file::below(&self.drive, path), most)
    }

    fn read(&self, path: &str, limit: usize) -> Answer<Vec<u8>> {
        file::read(&file::below(&self.drive, path), limit)
    }

    fn events(&self, channel: &str, wanted: &Wanted, each: &mut dyn FnMut(Event)) -> Answer<Summary> {
        log::events(channel, wanted, each)
    }

    fn listeners(&self) -> Answer<Vec<Listener>> {
        listener::all().map(Some)
    }

    fn rights(&self) -> Answer<Vec<RightHolder>> {
        right::holders().map(Some)
    }

    fn resources(&self) -> Answer<Resources> {
        resources::now(&self.drive).map(Some)
    }

    fn credentials(&self) -> Answer<Vec<(String, Option<String>)>> {
        credentials::of_remote_desktop().map(Some)
    }

    fn cached_name(&self, name: &str) -> Answer<CachedName> {
        dns::cached(name)
    }

    fn active_profiles(&self) -> Answer<u32> {
        firewall::active_profiles().map(Some)
    }

    fn rule_in_force(&self, rule: &str) -> Answer<bool> {
        firewall::rule_in_force(rule)
    }
}
