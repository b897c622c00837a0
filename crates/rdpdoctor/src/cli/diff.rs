use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use clap::{Args, ValueEnum};
use rdpdoctor_diagnosis::Verdict;
use rdpdoctor_diagnosis::evidence::{Target, Told};
use rdpdoctor_diagnosis::redact::redact;
use rdpdoctor_diagnosis::report::diff::{Comparison, Difference, diff};
use rdpdoctor_diagnosis::report::{LONGEST_REPORT, Report, read};
use rdpdoctor_render::diff;

use super::Failure;
use super::probe::{Judged, Measuring};
use crate::exit::Exit;
use crate::output::Output;

const EXIT_CODES: &str = "\
Exit codes: 0 AFTER works and is no worse than BEFORE, 1 it is worse or something stops a connection, \
2 wrong usage or no report, 3 the question could not be settled.";

/// Say what differs between two reports, or between a host that works and its twin that does not
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Arguments {
    /// A report that `--format json` printed, or a host to probe now
    #[arg(value_name = "BEFORE")]
    before: String,
    /// Another one
    #[arg(value_name = "AFTER")]
    after: String,
    /// In which form to print
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: DiffFormat,
    /// Replace names, addresses, users and keys by pseudonyms
    #[arg(long)]
    redact: bool,
    #[command(flatten, next_help_heading = "For hosts")]
    measuring: Measuring,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum DiffFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// For tickets and chats
    Markdown,
}

/// One of the two sides.
enum Side {
    Report(Box<Report>),
    Host(Target),
}

impl Arguments {
    pub(super) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let sides = [side(&self.before)?, side(&self.after)?];
        let Judged { reports, interrupted } = self.judge(&sides)?;
        let mut judged = reports.into_iter();
        let mut reports = sides.into_iter().filter_map(|side| match side {
            Side::Report(report) => Some(*report),
            Side::Host(_) => judged.next(),
        });
        let (Some(before), Some(after)) = (reports.next(), reports.next()) else {
            return Err(Failure::Work(anyhow::anyhow!("a host was not probed")));
        };
        let difference = self.compare([before, after])?;
        let text = match self.format {
            DiffFormat::Text => diff::text(&difference, output.style()),
            DiffFormat::Json => diff::json(&difference)?,
            DiffFormat::Markdown => diff::markdown(&difference),
        };
        output.print(&text)?;
        Ok(if interrupted { Exit::Interrupted } else { exit(&difference) })
    }

    fn judge(&self, sides: &[Side]) -> Result<Judged, Failure> {
        let hosts = sides.iter().filter_map(|side| match side {
            Side::Host(target) => Some(target.clone()),
            Side::Report(_) => None,
        });
        let hosts: Vec<Target> = hosts.collect();
        if hosts.is_empty() {
            return Ok(Judged { reports: Vec::new(), interrupted: false });
        }
        let runtime = tokio::runtime::Runtime::new()?;
        let judged = runtime.block_on(self.measuring.judge(hosts, &Told::default()));
        // A look-up of the system may hang on in its thread; nobody waits for its answer any more.
        runtime.shutdown_background();
        judged
    }

    /// Pseudonyms are given to both at once, or equal names would look different.
    fn compare(&self, both: [Report; 2]) -> Result<Difference, Failure> {
        let reports = if self.redact { redact(&both)? } else { both.into() };
        match reports.as_slice() {
            [before, after] => Ok(diff(before, after)),
            _ => Err(Failure::Work(anyhow::anyhow!("a report was lost"))),
        }
    }
}

/// A file is whatever exists as one, and what can be nothing else.
fn side(operand: &str) -> Result<Side, Failure> {
    let path = Path::new(operand);
    let looks_like_a_file = operand.to_lowercase().ends_with(".json") || operand.contains(['/', '\\']);
    if looks_like_a_file && !operand.contains("://") || path.is_file() {
        let report = bytes(path).map_err(|error| Failure::Usage(format!("{operand}: {error}")))?;
        let report = read(&report).map_err(|error| Failure::Usage(format!("{operand}: {error}")))?;
        return Ok(Side::Report(Box::new(report)));
    }
    operand.parse().map(Side::Host).map_err(|error| Failure::Usage(format!("{error}")))
}

/// One byte more than a report may have tells that it is too long.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(LONGEST_REPORT).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn exit(difference: &Difference) -> Exit {
    match (difference.after.verdict, difference.outcome) {
        (Verdict::Inconclusive, _) => Exit::Unsettled,
        (Verdict::Broken | Verdict::Unreachable, _) | (_, Comparison::Worse) => Exit::Stopped,
        _ => Exit::Good,
    }
}
