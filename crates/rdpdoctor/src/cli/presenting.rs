use clap::{Args, ValueEnum};
use rdpdoctor_diagnosis::Verdict;
use rdpdoctor_diagnosis::redact::redact;
use rdpdoctor_diagnosis::report::Report;

use super::Failure;
use super::format::Format;
use crate::exit::Exit;
use crate::output::Output;

/// How reports are printed, and what they are worth to the shell.
#[derive(Debug, Args)]
pub(super) struct Presenting {
    /// In which form to print
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
    /// Replace names, addresses, users and keys by pseudonyms, and leave certificates out
    #[arg(long)]
    redact: bool,
    /// From which verdict on to end with exit code 1
    #[arg(long, value_enum, value_name = "VERDICT", default_value_t)]
    fail_on: FailOn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum FailOn {
    /// A warning too
    Warning,
    /// Only where something stops a connection
    #[default]
    Broken,
}

impl Presenting {
    /// Prints the reports, after ^C too.
    pub(super) fn print(&self, reports: Vec<Report>, interrupted: bool, output: &mut Output) -> Result<Exit, Failure> {
        let reports = if self.redact { redact(&reports)? } else { reports };
        self.format.print(&reports, output)?;
        if interrupted {
            return Ok(Exit::Interrupted);
        }
        let verdicts: Vec<Verdict> = reports.iter().map(|report| report.verdict).collect();
        Ok(Exit::of(&verdicts, self.fail_on == FailOn::Warning))
    }
}
