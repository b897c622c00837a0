//! `rdpdoctor host`: the server by its own account.

mod check;
mod input;
mod snapshot;

use clap::{Args, Subcommand};

use super::Failure;
use crate::exit::Exit;
use crate::output::Output;

pub(super) use self::input::{Input, evidence_of};

/// Look at the server itself: here, on a disk, or in a snapshot
#[derive(Debug, Args)]
#[command(arg_required_else_help = false)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Arguments),
    Snapshot(snapshot::Arguments),
}

impl Arguments {
    pub(super) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        match self.command {
            Command::Check(arguments) => arguments.run(output),
            Command::Snapshot(arguments) => arguments.run(output),
        }
    }
}
