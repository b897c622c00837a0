//! `rdpdoctor client`: the machine that one connects from, by its own account.

use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use rdpdoctor_diagnosis::evidence::snapshot::{ReadBy, Reading, SavedConnection};
use rdpdoctor_diagnosis::evidence::{Evidence, Snapshot, Target};
use rdpdoctor_diagnosis::report::build;
use rdpdoctor_sources::host::{self, Role};

use super::host::{Input, Writing};
use super::presenting::Presenting;
use super::probe::Measuring;
use super::{Failure, connection};
use crate::exit::Exit;
use crate::output::{Output, complain};

/// Look at the machine that one connects from, and at connection files
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(Check),
    Snapshot(Snap),
}

/// Write down the same of this side, to be judged anywhere: saved connections without their passwords, the names of servers
/// and users in stored credentials, and the hosts file are in it
#[derive(Debug, Args)]
struct Snap {
    #[command(flatten)]
    input: Input,
    /// Write down too what the DNS cache has of this server; of those that connections name it is written anyway
    #[arg(long, value_name = "HOST")]
    server: Option<Target>,
    #[command(flatten)]
    writing: Writing,
}

/// Say what on this side stops Remote Desktop, and what is wrong with connection files
#[derive(Debug, Args)]
struct Check {
    #[command(flatten)]
    input: Input,
    /// Read this connection file, instead of those that users of the machine keep
    #[arg(long = "rdp", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Probe this server too, and say what contradicts it; by default the one that the connection files name
    #[arg(long, value_name = "HOST")]
    server: Option<Target>,
    /// Probe nothing
    #[arg(long, conflicts_with = "server")]
    no_probe: bool,
    #[command(flatten)]
    presenting: Presenting,
    #[command(flatten, next_help_heading = "For the probe")]
    measuring: Measuring,
}

impl Arguments {
    pub(super) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        match self.command {
            Command::Check(check) => check.run(output),
            Command::Snapshot(snap) => snap.run(output),
        }
    }
}

impl Snap {
    fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let server = self.server.as_ref();
        let take = || self.input.read(&|machine, now| host::origin(machine, now, server));
        self.writing.write(take, Role::Client(server), output)
    }
}

impl Check {
    fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let begun = Instant::now();
        let files = connection::read_all(&self.files)?;
        let server = self.server(&files);
        let origin = self.origin(files, server.as_ref())?;
        let (mut evidence, interrupted) = match server {
            Some(server) => self.measuring.evidence(server)?,
            None => (Evidence::new(Target::unnamed(), Timestamp::now()), false),
        };
        evidence.origin = Some(Box::new(origin));
        if !self.files.is_empty() {
            connection::say_whose(&evidence);
        }
        let took = begun.elapsed().as_secs_f64() * 1000.0;
        self.presenting.print(vec![build(evidence, took)], interrupted, output)
    }

    /// Who is probed: whoever was named, or whom the connection files name where they are for this machine.
    fn server(&self, files: &[SavedConnection]) -> Option<Target> {
        if self.no_probe {
            return None;
        }
        let named = || self.input.is_here().then(|| connection::target(files))?;
        self.server.clone().or_else(named)
    }

    /// The machine; where only connection files are to be looked at, nothing but them.
    fn origin(&self, files: Vec<SavedConnection>, server: Option<&Target>) -> Result<Snapshot, Failure> {
        let only_files = !files.is_empty() && self.input.is_here() && !cfg!(windows);
        let mut origin = if only_files {
            Snapshot::new(ReadBy::Running, Timestamp::now())
        } else {
            self.input.read(&|machine, now| host::origin(machine, now, server))?
        };
        if files.is_empty() && !origin.is_of_client() {
            complain(
                "this snapshot was taken of a server: it says nothing of saved connections and credentials; \"rdpdoctor client snapshot\" takes them along",
            );
        }
        if !files.is_empty() {
            origin.connections = Reading::Observed(files);
        }
        Ok(origin)
    }
}
