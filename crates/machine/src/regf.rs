//! Registry hives (`regf`), as files of a disk that is not running.

mod cells;
mod key;
mod log;

use std::cell::Cell;

use jiff::Timestamp;
use thiserror::Error;

pub use self::key::HiveKey;

/// Bytes of the base block, before the first bin.
const BASE_BLOCK: usize = 4096;
/// Bytes of the part of the base block that its checksum covers.
const CHECKED: usize = 508;
/// Hives are below 2 GB by their format; nothing sensible of a system is above this.
pub const LARGEST_HIVE: usize = 1 << 30;

/// A hive with all its transactions.
#[derive(Debug)]
pub struct Hive {
    bytes: Vec<u8>,
    root: u32,
    state: HiveState,
    damaged: Cell<u64>,
}

/// What a hive's own account says of its completeness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HiveState {
    /// Every transaction is in it.
    Clean,
    /// Transactions were taken from its logs, in memory: the file is as it was.
    Replayed {
        /// How many.
        entries: usize,
    },
    /// It lacks transactions that no log could give: its newest values may be missing.
    Dirty {
        /// Why not.
        why: String,
    },
}

/// Why bytes are no hive.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HiveError {
    /// Not the signature of a hive.
    #[error("no registry hive")]
    NoHive,
    /// It ends within its first block.
    #[error("a registry hive that ends within its first block")]
    Short,
    /// Another version than 1.3 to 1.6.
    #[error("a registry hive of version {0}.{1}, which Windows XP and later do not write")]
    Version(u32, u32),
    /// Larger than anything sensible.
    #[error("a registry hive of more than {} MB", LARGEST_HIVE >> 20)]
    TooLarge,
    /// The root key cannot be read.
    #[error("a registry hive without a root key")]
    NoRoot,
}

/// Something in a hive that cannot be read, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the hive is damaged at byte {at:#x}: {what}")]
pub struct Damage {
    /// The offset in the file.
    pub at: usize,
    /// What is wrong there.
    pub what: &'static str,
}

impl Hive {
    /// Opens a hive, with its transaction logs (`.LOG1`, `.LOG2`, `.LOG`) where they are there.
    pub fn open(mut bytes: Vec<u8>, logs: &[Vec<u8>]) -> Result<Self, HiveError> {
        if bytes.len() > LARGEST_HIVE {
            return Err(HiveError::TooLarge);
        }
        if bytes.get(..4) != Some(b"regf") {
            return Err(if bytes.is_empty() { HiveError::Short } else { HiveError::NoHive });
        }
        if bytes.len() < BASE_BLOCK {
            return Err(HiveError::Short);
        }
        let (major, minor) = (cells::long(&bytes, 20), cells::long(&bytes, 24));
        if (major, minor) < (Some(1), Some(3)) || (major, minor) > (Some(1), Some(6)) {
            return Err(HiveError::Version(major.unwrap_or(0), minor.unwrap_or(0)));
        }
        let state = log::complete(&mut bytes, logs);
        let root = cells::long(&bytes, 36).ok_or(HiveError::Short)?;
        let hive = Self { bytes, root, state, damaged: Cell::new(0) };
        match hive.root() {
            Ok(_) => Ok(hive),
            Err(_) => Err(HiveError::NoRoot),
        }
    }

    /// Whether every transaction is in it.
    pub fn state(&self) -> &HiveState {
        &self.state
    }

    /// The root key.
    pub fn root(&self) -> Result<HiveKey<'_>, Damage> {
        HiveKey::at(self, self.root)
    }

    /// The key at this path below the root; none where it is absent.
    pub fn key(&self, path: &str) -> Result<Option<HiveKey<'_>>, Damage> {
        let mut key = self.root()?;
        for name in path.split('\\').filter(|name| !name.is_empty()) {
            let Some(below) = key.subkey(name)? else { return Ok(None) };
            key = below;
        }
        Ok(Some(key))
    }

    /// The file with all transactions that its logs gave.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Cells that could not be read so far, and were left out.
    pub fn damaged(&self) -> u64 {
        self.damaged.get()
    }

    /// The number of the control set in use, of a SYSTEM hive.
    pub fn current_control_set(&self) -> Result<Option<u32>, Damage> {
        let Some(select) = self.key("Select")? else { return Ok(None) };
        Ok(select.value("Current")?.and_then(|value| value.data.dword()))
    }

    fn skip(&self) {
        self.damaged.set(self.damaged.get() + 1);
    }
}

/// 100-nanosecond intervals since 1601.
fn file_time(ticks: u64) -> Option<Timestamp> {
    const TICKS_TO_1970: i128 = 116_444_736_000_000_000;
    Timestamp::from_nanosecond((i128::from(ticks) - TICKS_TO_1970) * 100).ok().filter(|_| ticks != 0)
}

/// The exclusive or over the first 127 words; 0 and -1 are never stored.
fn checksum(base: &[u8]) -> u32 {
    let words = base.get(..CHECKED).unwrap_or_default().chunks_exact(4);
    let sum = words.fold(0, |sum, word| sum ^ cells::long(word, 0).unwrap_or(0));
    match sum {
        0 => 1,
        u32::MAX => u32::MAX - 1,
        sum => sum,
    }
}
