//! `rdpdoctor client`: the machine that one connects from, by its own account.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use rdpdoctor_diagnosis::evidence::snapshot::{ReadBy, Reading, SavedConnection};
use rdpdoctor_diagnosis::evidence::{Evidence, Snapshot, Target};
use rdpdoctor_diagnosis::report::build;
use rdpdoctor_sources::host::{self, LARGEST_RDP_FILE};

use super::Failure;
use super::host::Input;
use super::presenting::Presenting;
use super::probe::Measuring;
use crate::exit::Exit;
use crate::output::Output;

/// Look at the machine that one connects from, and at connection files
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(Check),
}

/// Say what on this side stops Remote Desktop, and what is wrong with connection files
#[derive(Debug, Args)]
struct Check {
    #[command(flatten)]
    input: Input,
    /// Read this connection file, instead of those that users of the machine keep
    #[arg(long = "rdp", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Probe this server too, and say what contradicts it
    #[arg(long, value_name = "HOST")]
    server: Option<Target>,
    #[command(flatten)]
    presenting: Presenting,
    #[command(flatten, next_help_heading = "For the probe")]
    measuring: Measuring,
}

impl Arguments {
    pub(super) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let Command::Check(check) = self.command;
        check.run(output)
    }
}

impl Check {
    fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let begun = Instant::now();
        let origin = self.origin()?;
        let (mut evidence, interrupted) = match self.server {
            Some(server) => self.measuring.evidence(server)?,
            None => (Evidence::new(Target::unnamed(), Timestamp::now()), false),
        };
        evidence.origin = Some(Box::new(origin));
        let took = begun.elapsed().as_secs_f64() * 1000.0;
        self.presenting.print(vec![build(evidence, took)], interrupted, output)
    }

    /// The machine; where only connection files are to be looked at, nothing but them.
    fn origin(&self) -> Result<Snapshot, Failure> {
        let files = self.files.iter().map(|path| connection(path)).collect::<Result<Vec<_>, _>>()?;
        let only_files = !files.is_empty() && self.input.is_here() && !cfg!(windows);
        let mut origin = if only_files {
            Snapshot::new(ReadBy::Running, Timestamp::now())
        } else {
            self.input.read(host::origin)?
        };
        if !files.is_empty() {
            origin.connections = Reading::Observed(files);
        }
        Ok(origin)
    }
}

fn connection(path: &Path) -> Result<SavedConnection, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::Usage(format!("{}: {error}", path.display()));
    let bytes = bytes(path).map_err(|error| wrong(&error))?;
    if bytes.len() > LARGEST_RDP_FILE {
        return Err(wrong(&format!("larger than any connection file ({} kB)", LARGEST_RDP_FILE >> 10)));
    }
    let file = SavedConnection::read(path.display().to_string(), &bytes);
    if file.settings.is_empty() {
        return Err(wrong(&"no connection file: not one line is name:type:value"));
    }
    Ok(file)
}

/// One byte more than a file may have tells that it is too large.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(LARGEST_RDP_FILE).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}
