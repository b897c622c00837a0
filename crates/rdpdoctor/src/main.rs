//! `rdpdoctor`: why a Remote Desktop connection fails, and what to do about it.

#![cfg_attr(not(windows), forbid(unsafe_code))]

mod cli;
mod exit;
mod output;
mod progress;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main().into()
}
