//! Changes of a disk that is not running.

mod commit;
mod descriptor;
mod file;
mod hive;
mod merged;
mod recover;
mod refusal;
mod rollback;
mod storage;
#[cfg(test)]
mod tests;
mod writer;

pub use recover::recover;
pub use refusal::NotWritable;
pub use rollback::{Rollback, RollbackError};
pub use writer::DiskWriter;
