//! `rdpdoctor host`: the server by its own account.

mod check;
mod choosing;
mod confirm;
mod consent;
mod fix;
mod forget;
mod history;
mod input;
mod looking;
mod planned;
mod proposing;
mod renewal;
mod schtasks;
mod snapshot;
mod subject;
mod surprise;
mod undo;
mod way_back;

use clap::{Args, Subcommand};

use super::Failure;
use crate::exit::Exit;
use crate::output::Output;

pub(super) use self::input::{Input, LONGEST_SNAPSHOT, decoded, of_disk, of_text};
pub(super) use self::proposing::{Whose, propose};
pub(super) use self::snapshot::Writing;

/// Look at the server itself, here, on a disk or in a snapshot, and mend it
#[derive(Debug, Args)]
#[command(arg_required_else_help = false)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Arguments),
    Fix(fix::Arguments),
    Undo(undo::Arguments),
    Confirm(confirm::Arguments),
    History(history::Arguments),
    Forget(forget::Arguments),
    Snapshot(snapshot::Arguments),
}

impl Arguments {
    pub(super) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        match self.command {
            Command::Check(arguments) => arguments.run(output),
            Command::Fix(arguments) => arguments.run(output),
            Command::Undo(arguments) => arguments.run(output),
            Command::Confirm(arguments) => arguments.run(output),
            Command::History(arguments) => arguments.run(output),
            Command::Forget(arguments) => arguments.run(output),
            Command::Snapshot(arguments) => arguments.run(output),
        }
    }
}
