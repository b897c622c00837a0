//! What a repair may do to a machine, running or not: small steps, each with an inverse.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Unreadable;
use crate::offline::NotWritable;
use crate::registry::Data;

/// Why something was not changed, or not as it should have been.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unchanged {
    /// There is no such key, service or file.
    #[error("it does not exist")]
    Absent,
    /// Something of the new name is there already.
    #[error("something of that name exists already")]
    Exists,
    /// A key with keys below it.
    #[error("there are keys below it")]
    HasKeys,
    /// Other services that need it are running.
    #[error("services that depend on it are running")]
    HasDependents,
    /// A disabled service does not start.
    #[error("the service is disabled")]
    Disabled,
    /// The service ended instead of running; the number is its own word for why.
    #[error("the service ended with error {0}")]
    Ended(u32),
    /// The service did not get there in time; the number is its state.
    #[error("the service was still in state {0} when the time was up")]
    TooSlow(u32),
    /// Windows said that it was done, and it was not.
    #[error("it was accepted and is not what was written")]
    NotKept,
    /// The disk, or a hive on it, must not be written.
    #[error(transparent)]
    NotWritable(#[from] NotWritable),
    /// What Windows said.
    #[error(transparent)]
    Refused(#[from] Unreadable),
}

/// When a service starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// SERVICE_AUTO_START.
    Automatic,
    /// SERVICE_DEMAND_START.
    Demand,
    /// SERVICE_DISABLED.
    Disabled,
}

/// A machine that can be changed. Paths are those of [`crate::Machine`].
pub trait Change {
    /// Writes a value of a key that exists.
    fn set_value(&self, key: &str, name: &str, data: &Data) -> Result<(), Unchanged>;

    /// Removes a value. False where there was none.
    fn delete_value(&self, key: &str, name: &str) -> Result<bool, Unchanged>;

    /// Makes a key below one that exists. False where it existed.
    fn create_key(&self, key: &str) -> Result<bool, Unchanged>;

    /// Removes a key with its values, but none with keys below it. False where there was none.
    fn delete_key(&self, key: &str) -> Result<bool, Unchanged>;

    /// The running services that need this one, in the order in which they can be stopped.
    fn running_dependents(&self, name: &str) -> Result<Vec<String>, Unchanged>;

    /// Starts a service and waits until it runs.
    fn start_service(&self, name: &str, patience: Duration) -> Result<(), Unchanged>;

    /// Stops a service that nothing else needs and waits until it is stopped.
    fn stop_service(&self, name: &str, patience: Duration) -> Result<(), Unchanged>;

    /// Sets when a service starts.
    fn set_start(&self, name: &str, start: Start) -> Result<(), Unchanged>;

    /// Sets the account that a service runs as, to one that needs no password.
    fn set_account(&self, name: &str, account: &str) -> Result<(), Unchanged>;

    /// Sets owner, group and access list of a registry key, as far as the descriptor has them, and of none below it.
    /// [`Unchanged::NotKept`] where it is not what was written.
    fn set_key_descriptor(&self, key: &str, descriptor: &[u8]) -> Result<(), Unchanged>;

    /// Sets owner, group and access list of a file or folder, as far as the descriptor has them, and of nothing below
    /// it. Reads it back: [`Unchanged::NotKept`] where it is not what was written.
    fn set_descriptor(&self, path: &str, descriptor: &[u8]) -> Result<(), Unchanged>;

    /// Moves or renames a file on the system drive with its descriptor; nothing is overwritten.
    fn move_file(&self, from: &str, to: &str) -> Result<(), Unchanged>;

    /// Has the running firewall switch a rule on or off, which the registry writes so ([MS-GPFAS] 2.2.2).
    /// [`Unchanged::Absent`] where [`crate::Machine::rule_in_force`] knows none.
    fn switch_rule(&self, rule: &str, on: bool) -> Result<(), Unchanged>;
}

impl Start {
    /// As the service control manager and the value Start write it.
    pub fn number(self) -> u32 {
        match self {
            Self::Automatic => 2,
            Self::Demand => 3,
            Self::Disabled => 4,
        }
    }

    /// The start of this number, where it is one that a service of Windows' own processes may have.
    pub fn of(number: u32) -> Option<Self> {
        [Self::Automatic, Self::Demand, Self::Disabled].into_iter().find(|start| start.number() == number)
    }
}
