use std::io;

use clap::ValueEnum;
use rdpdoctor_diagnosis::report::Report;
use rdpdoctor_render::{html, json, markdown, text};

use crate::output::Output;

/// In which form reports are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Text,
    /// One object; an array for several targets
    Json,
    /// One object a line
    Jsonl,
    /// One page that is complete in itself, to read, send and print
    Html,
    /// For tickets and chats
    Markdown,
}

impl Format {
    /// Prints the reports, in the order of the targets.
    pub(super) fn print(self, reports: &[Report], output: &mut Output) -> io::Result<()> {
        match self {
            Self::Text => print_texts(reports, output),
            Self::Json => output.print(&json::pretty(reports)?),
            Self::Jsonl => reports.iter().try_for_each(|report| output.print(&json::line(report)?)),
            Self::Html => {
                let page = html::report(reports, output.style().local()).map_err(io::Error::other)?;
                output.print(&page)
            }
            Self::Markdown => {
                let markdown = markdown::report(reports, output.style().local());
                output.print(&markdown)
            }
        }
    }
}

fn print_texts(reports: &[Report], output: &mut Output) -> io::Result<()> {
    for (place, report) in reports.iter().enumerate() {
        let text = text::report(report, output.style());
        let gap = if place > 0 { "\n" } else { "" };
        output.print(&format!("{gap}{text}"))?;
    }
    if reports.len() > 1 {
        let table = text::summary(reports, output.style());
        output.print(&format!("\n{table}"))?;
    }
    Ok(())
}
