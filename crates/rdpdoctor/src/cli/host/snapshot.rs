use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use rdpdoctor_diagnosis::evidence::Snapshot;
use rdpdoctor_diagnosis::redact::redact_snapshot;
use rdpdoctor_render::json;
use rdpdoctor_sources::host::{Role, collector_script};

use super::Input;
use crate::cli::Failure;
use crate::exit::Exit;
use crate::output::{Output, complain};

/// Write down everything on the server that decides Remote Desktop, to be judged anywhere
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    writing: Writing,
}

/// How a snapshot is written.
#[derive(Debug, Args)]
pub(in crate::cli) struct Writing {
    /// Write it to this file, which must not exist yet, instead of printing it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace names, addresses, users and keys by pseudonyms, and leave certificates out
    #[arg(long)]
    redact: bool,
    /// The snapshot, or a script that collects one where this program may not run
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// The snapshot
    #[default]
    Json,
    /// A script that only reads, for Windows PowerShell 2 and later; its output is read by `host check`, or `client check`
    Powershell,
}

impl Arguments {
    pub(in crate::cli) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        self.writing.write(|| self.input.snapshot(), Role::Server, output)
    }
}

impl Writing {
    /// Writes the snapshot, which is taken only where it is wanted, or the script.
    pub(in crate::cli) fn write(
        &self,
        take: impl FnOnce() -> Result<Snapshot, Failure>,
        role: Role<'_>,
        output: &mut Output,
    ) -> Result<Exit, Failure> {
        let text = match self.format {
            Format::Powershell => collector_script(role),
            Format::Json => {
                let snapshot = take()?;
                snapshot.notes.iter().for_each(|note| complain(note));
                json::object(&if self.redact { redact_snapshot(snapshot)? } else { snapshot })?
            }
        };
        match &self.output {
            Some(path) => write(path, &text).map_err(|error| anyhow!("{}: {error}", path.display()))?,
            None => output.print(&text)?,
        }
        Ok(Exit::Good)
    }
}

/// Names of users and machines are in it: on Unix nobody else may read it.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
