use clap::{Args, ValueEnum};
use rdpdoctor_protocol::text::safe_text;
use rdpdoctor_render::json;
use rdpdoctor_repair::journal::{Folder, Listed, Record, Standing};
use serde::Serialize;

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

/// One repair.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    standing: &'static str,
    begun: Option<String>,
    causes: Vec<String>,
    titles: Vec<String>,
    steps: usize,
    reverts: Option<String>,
    error: Option<String>,
}

impl Arguments {
    pub(in crate::cli) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let rows: Vec<Row> = Folder::at(self.whose.journals()?).list()?.into_iter().map(row).collect();
        match self.format {
            Format::Json => output.print(&json::object(&rows)?)?,
            Format::Text if rows.is_empty() => output.print("Nothing was repaired here.\n")?,
            Format::Text => rows.iter().try_for_each(|row| output.print(&line(row)))?,
        }
        Ok(Exit::Good)
    }
}

fn row((id, read): Listed) -> Row {
    match read {
        Ok(record) => Row {
            standing: standing(&record),
            begun: Some(record.header.begun.to_string()),
            steps: record.entries.len(),
            reverts: record.header.revert.filter(|_| !record.confirmed).map(|at| at.to_string()),
            causes: record.header.causes,
            titles: record.header.titles,
            error: None,
            id,
        },
        Err(error) => Row {
            id,
            standing: "unreadable",
            begun: None,
            causes: Vec::new(),
            titles: Vec::new(),
            steps: 0,
            reverts: None,
            error: Some(error.to_string()),
        },
    }
}

fn standing(record: &Record) -> &'static str {
    match record.standing() {
        Standing::Made => "made",
        Standing::CutShort => "cut short",
        Standing::UndoCutShort => "undo cut short",
        Standing::Undone => "taken back",
    }
}

fn line(row: &Row) -> String {
    let what = row.error.clone().unwrap_or_else(|| row.causes.join(", "));
    let reverts = row.reverts.as_ref().map(|at| format!(", taken back at {at} by itself")).unwrap_or_default();
    let line = format!("{}  {:14}  {what} ({} steps{reverts})", row.id, row.standing, row.steps);
    format!("{}\n", safe_text(line, LONGEST_LINE))
}
