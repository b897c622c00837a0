//! Registry hives (`regf`), as files of a system that is not running.
//!
//! Nothing here touches a disk. What is damaged is never taken for absent: a look-up answers with the thing, with
//! `None`, or with the [`Damage`] that keeps it from answering.

mod cell;
mod control_set;
mod header;
mod key;
mod list;
mod log;
mod marvin;
mod name;
mod node;
#[cfg(test)]
pub(crate) mod testing;
mod value;
mod write;

use thiserror::Error;

pub use control_set::{ControlSetError, current_control_set};
pub(crate) use header::{is_unfinished, unfinished};
pub use key::Key;
pub use write::{EditError, HiveWriter};

use cell::Bins;
use header::{BASE_BLOCK, Header};
use node::Node;

/// The largest hive: sizes of cells are signed 32-bit numbers.
const MOST_BYTES: usize = 1 << 31;

/// A registry hive in memory.
#[derive(Debug, Clone)]
pub struct Hive {
    bytes: Vec<u8>,
    header: Header,
    state: State,
    root: Node,
}

/// Whether a hive was written in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It was.
    Clean,
    /// It was not, and the rest came from its transaction logs.
    Replayed {
        /// Log entries that were applied.
        entries: usize,
    },
    /// It was not, and what is missing is unknown. Values may be old or damaged.
    Dirty {
        /// Why the logs did not help.
        why: Unreplayed,
    },
}

/// Why transaction logs were not applied to a dirty hive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unreplayed {
    /// There is none, or none with content.
    #[error("there is no transaction log")]
    NoLog,
    /// They are of another hive or another time.
    #[error("no transaction log belongs to this hive")]
    Foreign,
    /// Nothing in them can be trusted.
    #[error("the transaction log is damaged")]
    Damaged,
}

/// Why something is no hive.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HiveError {
    /// It does not begin like one.
    #[error("not a registry hive")]
    NotAHive,
    /// A transaction log was given in place of its hive.
    #[error("a transaction log, not a registry hive")]
    IsALog,
    /// A version other than 1.3 to 1.6.
    #[error("a registry hive of unknown version {major}.{minor}")]
    Version {
        /// Major version.
        major: u32,
        /// Minor version.
        minor: u32,
    },
    /// More than two gibibytes.
    #[error("larger than any registry hive")]
    TooLarge,
    /// There is no key to begin with.
    #[error("the root key cannot be read: {0}")]
    Root(Damage),
}

/// A place in a hive that could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{what} at {offset:#x}")]
pub struct Damage {
    /// Bytes from the start of the file.
    pub offset: u64,
    /// What is wrong there.
    pub what: Defect,
}

/// What can be wrong with a place in a hive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Defect {
    /// Something points past the end, or nowhere.
    #[error("no cell")]
    Outside,
    /// A cell whose size makes no sense.
    #[error("a cell of impossible size")]
    CellSize,
    /// Something in use points to a deleted cell.
    #[error("a deleted cell that is still in use")]
    Deleted,
    /// A structure goes past the end of its cell.
    #[error("a structure longer than its cell")]
    Short,
    /// Another structure than the one that must be there.
    #[error("no {0} where one must be")]
    Missing(&'static str),
    /// A list has more or fewer entries than is said elsewhere.
    #[error("a list with a wrong number of entries")]
    Count,
    /// A key is listed twice or belongs to another one.
    #[error("a key that is listed where it does not belong")]
    Misplaced,
    /// Keys within each other beyond what Windows allows.
    #[error("keys too deep within each other")]
    Depth,
    /// The data of a value goes past what holds it.
    #[error("a value longer than its data")]
    Data,
    /// The bins do not follow upon each other.
    #[error("a damaged bin")]
    Bin,
}

impl Hive {
    /// Reads a hive and, where it was not written in full, its transaction logs (`.LOG1` and `.LOG2`, in any order).
    pub fn open(mut primary: Vec<u8>, logs: Vec<Vec<u8>>) -> Result<Self, HiveError> {
        let found = Header::read(&primary).ok_or(HiveError::NotAHive)?;
        if primary.len() > MOST_BYTES {
            return Err(HiveError::TooLarge);
        }
        if found.checksum_holds && found.is_log() {
            return Err(HiveError::IsALog);
        }
        let state = if found.is_dirty() { log::replay(&mut primary, &found, logs) } else { State::Clean };
        let header = Header::read(&primary).ok_or(HiveError::NotAHive)?;
        if !header.has_known_version() {
            return Err(HiveError::Version { major: header.major, minor: header.minor });
        }
        let root = Node::read(bins(&primary, &header), header.root).map_err(HiveError::Root)?;
        Ok(Self { bytes: primary, header, state, root })
    }

    /// Whether it was written in full.
    pub fn state(&self) -> State {
        self.state
    }

    /// The key that everything else is below.
    pub fn root(&self) -> Key<'_> {
        Key::root(self)
    }

    /// The key at a path below the root, in whatever case.
    pub fn key(&self, path: &str) -> Result<Option<Key<'_>>, Damage> {
        self.root().subkey(path)
    }

    fn bins(&self) -> Bins<'_> {
        bins(&self.bytes, &self.header)
    }
}

fn bins<'a>(bytes: &'a [u8], header: &Header) -> Bins<'a> {
    let bins = bytes.get(BASE_BLOCK..).unwrap_or_default();
    let size = usize::try_from(header.bins_size).unwrap_or(usize::MAX);
    Bins::new(bins.get(..size).unwrap_or(bins))
}

#[cfg(test)]
mod tests;
