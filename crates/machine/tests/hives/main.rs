//! Registry hives against readers that others wrote; what is not installed is skipped.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "helpers of tests")]

mod compare;
mod disk;
mod edit;
#[cfg(unix)]
mod kill;
#[cfg(target_os = "linux")]
mod mounted;
mod read;
