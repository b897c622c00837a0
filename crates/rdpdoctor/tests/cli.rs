//! The program as it is typed: arguments, output, exit codes.

#[path = "cli/common.rs"]
mod common;
#[path = "cli/interrupt.rs"]
mod interrupt;
#[path = "cli/results.rs"]
mod results;
#[path = "cli/usage.rs"]
mod usage;
