//! Changes of the running Windows.

mod descriptor;
mod file;
mod registry;
mod service;

use std::path::Path;
use std::time::Duration;

use super::file::below;
use super::{Live, firewall, token};
use crate::change::{Change, Start, Unchanged};
use crate::registry::Data;

/// Writes files whatever their descriptors say, and gives them any owner.
const SE_RESTORE: &str = "SeRestorePrivilege";

impl Change for Live {
    fn set_value(&self, key: &str, name: &str, data: &Data) -> Result<(), Unchanged> {
        registry::set_value(key, name, data)
    }

    fn delete_value(&self, key: &str, name: &str) -> Result<bool, Unchanged> {
        registry::delete_value(key, name)
    }

    fn create_key(&self, key: &str) -> Result<bool, Unchanged> {
        registry::create_key(key)
    }

    fn delete_key(&self, key: &str) -> Result<bool, Unchanged> {
        registry::delete_key(key)
    }

    fn running_dependents(&self, name: &str) -> Result<Vec<String>, Unchanged> {
        service::running_dependents(name)
    }

    fn start_service(&self, name: &str, patience: Duration) -> Result<(), Unchanged> {
        service::start(name, patience)
    }

    fn stop_service(&self, name: &str, patience: Duration) -> Result<(), Unchanged> {
        service::stop(name, patience)
    }

    fn set_start(&self, name: &str, start: Start) -> Result<(), Unchanged> {
        service::set_start(name, start)
    }

    fn set_account(&self, name: &str, account: &str) -> Result<(), Unchanged> {
        service::set_account(name, account)
    }

    fn set_key_descriptor(&self, key: &str, descriptor: &[u8]) -> Result<(), Unchanged> {
        token::enable(SE_RESTORE);
        registry::set_descriptor(key, descriptor)
    }

    fn set_descriptor(&self, path: &str, descriptor: &[u8]) -> Result<(), Unchanged> {
        set_descriptor(&below(&self.drive, path), descriptor)
    }

    fn move_file(&self, from: &str, to: &str) -> Result<(), Unchanged> {
        move_file(&below(&self.drive, from), &below(&self.drive, to))
    }

    fn switch_rule(&self, rule: &str, on: bool) -> Result<(), Unchanged> {
        firewall::switch_rule(rule, on)
    }
}

/// Sets the descriptor of any file or folder of this system.
pub(crate) fn set_descriptor(path: &Path, descriptor: &[u8]) -> Result<(), Unchanged> {
    token::enable(SE_RESTORE);
    file::set_descriptor(path, descriptor)
}

/// Moves any file of this system within its volume.
pub(crate) fn move_file(from: &Path, to: &Path) -> Result<(), Unchanged> {
    token::enable(SE_RESTORE);
    file::rename(from, to)
}
