//! A Windows disk that is not running, mounted as a folder.

pub mod files;
mod link;
mod state;
mod volume_flags;
mod walk;

pub use state::{Hibernation, VolumeState};
pub use volume_flags::{VolumeKind, is_dirty, kind};
