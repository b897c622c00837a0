//! Changes to a hive, for repairs while its system is not running.
//!
//! Every change is made to a copy, so that one that fails changes nothing. The result is a hive that was written in
//! full: with equal sequence numbers no transaction log is ever applied to it.

mod draft;
mod index;
mod keys;
mod security;
mod slots;
mod usage;
mod values;

use jiff::Timestamp;
use thiserror::Error;

use super::{Damage, Hive, State};
use crate::filetime::filetime;
use crate::registry::Value;
use draft::Draft;

/// A hive that is being changed.
#[derive(Debug, Clone)]
pub struct HiveWriter {
    hive: Hive,
}

/// Why a hive was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EditError {
    /// It was not written in full, and its transaction logs did not help.
    #[error("the hive was not written in full")]
    Dirty,
    /// What would have to be changed cannot be read.
    #[error("the hive is damaged: {0}")]
    Damaged(#[from] Damage),
    /// There is no such key.
    #[error("no such key")]
    NoKey,
    /// There is no such value.
    #[error("no such value")]
    NoValue,
    /// There is such a key already.
    #[error("the key exists")]
    Exists,
    /// A key below it must be deleted first.
    #[error("the key has subkeys")]
    HasSubkeys,
    /// The root, or a key that Windows keeps from being deleted or that has no values of its own.
    #[error("the key is protected")]
    Protected,
    /// An empty, too long or, for a key, non-ASCII name. Windows sorts others by tables of its own.
    #[error("not a name that can be written")]
    Name,
    /// More than a value, a list or a hive can hold.
    #[error("too large")]
    TooLarge,
}

impl Hive {
    /// Begins to change it. The structure of all of it is checked before.
    pub fn edit(self) -> Result<HiveWriter, EditError> {
        if matches!(self.state, State::Dirty { .. }) {
            return Err(EditError::Dirty);
        }
        slots::check(&self)?;
        usage::check(&self)?;
        Ok(HiveWriter { hive: self })
    }
}

impl HiveWriter {
    /// The hive as changed so far.
    pub fn hive(&self) -> &Hive {
        &self.hive
    }

    /// Creates or overwrites a value. `at` becomes the time its key was last written.
    pub fn set_value(&mut self, key: &str, value: &Value, at: Timestamp) -> Result<(), EditError> {
        self.change(|draft| values::set(draft, key, value, filetime(at)))
    }

    /// Deletes a value.
    pub fn delete_value(&mut self, key: &str, name: &str, at: Timestamp) -> Result<(), EditError> {
        self.change(|draft| values::delete(draft, key, name, filetime(at)))
    }

    /// Creates a key below one that exists, with this security descriptor or else that of the key above.
    pub fn create_key(&mut self, path: &str, descriptor: Option<&[u8]>, at: Timestamp) -> Result<(), EditError> {
        self.change(|draft| keys::create(draft, path, descriptor, filetime(at)))
    }

    /// Deletes a key that has no subkeys, with its values.
    pub fn delete_key(&mut self, path: &str, at: Timestamp) -> Result<(), EditError> {
        self.change(|draft| keys::delete(draft, path, filetime(at)))
    }

    /// Gives a key this security descriptor, self-relative ([MS-DTYP] 2.4.6); keys below it keep theirs.
    pub fn set_security(&mut self, key: &str, descriptor: &[u8], at: Timestamp) -> Result<(), EditError> {
        self.change(|draft| keys::set_security(draft, key, descriptor, filetime(at)))
    }

    /// Changes nothing but when a key was last written, to take back a change.
    pub fn set_last_written(&mut self, key: &str, at: Timestamp) -> Result<(), EditError> {
        self.change(|draft| {
            let node = draft.node(key)?;
            draft.touch(node.offset, filetime(at));
            Ok(())
        })
    }

    /// The file. `at` becomes the time it was last written.
    pub fn finish(self, at: Timestamp) -> Vec<u8> {
        Draft::new(&self.hive).finish(filetime(at))
    }

    fn change(&mut self, change: impl FnOnce(&mut Draft) -> Result<(), EditError>) -> Result<(), EditError> {
        let mut draft = Draft::new(&self.hive);
        change(&mut draft)?;
        self.hive = draft.into_hive()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
