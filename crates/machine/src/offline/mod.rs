//! A Windows disk that is not running, mounted as a folder.

mod change;
mod disk;
pub mod files;
mod hives;
mod link;
mod logs;
mod state;
mod users;
mod volume_flags;
mod walk;

pub use change::{DiskWriter, NotWritable, Rollback, RollbackError, recover};
pub use disk::{Disk, DiskError};
pub use logs::Logs;
pub use state::{Driver, Hibernation, VolumeState};
pub use volume_flags::{VolumeKind, is_dirty, kind};
