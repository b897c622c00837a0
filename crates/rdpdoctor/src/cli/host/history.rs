use clap::{Args, ValueEnum};
use rdpdoctor_protocol::text::safe_text;
use rdpdoctor_render::json;
use rdpdoctor_repair::journal::Folder;
use rdpdoctor_repair::printed::{History, RepairRow};

use super::Failure;
use super::subject::Whose;
use crate::exit::Exit;
use crate::output::Output;

/// Characters of a line.
const LONGEST_LINE: usize = 400;

/// List the repairs that were made here, and how each stands
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    whose: Whose,
    /// In which form to print it
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

impl Arguments {
    pub(in crate::cli) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let listed = Folder::at(self.whose.journals()?).list()?;
        let history = History::of(listed);
        match self.format {
            Format::Json => output.print(&json::object(&history)?)?,
            Format::Text if history.repairs.is_empty() => output.print("Nothing was repaired here.\n")?,
            Format::Text => history.repairs.iter().try_for_each(|row| output.print(&line(row)))?,
        }
        Ok(Exit::Good)
    }
}

fn line(row: &RepairRow) -> String {
    let what = row.error.clone().unwrap_or_else(|| row.causes.join(", "));
    let reverts = row.reverts.map(|at| format!(", taken back at {at} by itself")).unwrap_or_default();
    let steps = if row.steps == 1 { "1 step".to_owned() } else { format!("{} steps", row.steps) };
    let line = format!("{}  {:14}  {what} ({steps}{reverts})", row.id, row.standing.word());
    format!("{}\n", safe_text(line, LONGEST_LINE))
}
