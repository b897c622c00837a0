//! Everything that reads evidence from the world. Sources judge nothing.

#![forbid(unsafe_code)]

pub mod host;
pub mod probe;
