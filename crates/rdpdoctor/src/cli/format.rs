use std::io;

use clap::ValueEnum;
use rdpdoctor_diagnosis::report::Report;
use rdpdoctor_render::{json, text};

use crate::output::Output;

/// In which form reports are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Text,
    /// One object; an array for several targets
    Json,
    /// One object a line, as the targets are done
    Jsonl,
}

/// Prints reports in the order of the targets, each as soon as the format allows.
pub(super) struct Printer<'a> {
    output: &'a mut Output,
    format: Format,
    reports: Vec<Option<Report>>,
    printed: usize,
}

impl<'a> Printer<'a> {
    pub(super) fn new(output: &'a mut Output, format: Format, targets: usize) -> Self {
        Self { output, format, reports: std::iter::repeat_with(|| None).take(targets).collect(), printed: 0 }
    }

    /// Takes the report of one target, by its place in the arguments.
    pub(super) fn take(&mut self, place: usize, report: Report) -> io::Result<()> {
        if self.format == Format::Jsonl {
            self.output.print(&json::line(&report)?)?;
        }
        if let Some(slot) = self.reports.get_mut(place) {
            *slot = Some(report);
        }
        if self.format == Format::Text { self.print_texts() } else { Ok(()) }
    }

    /// Prints what had to wait for the last target, and gives the reports back.
    pub(super) fn finish(self) -> io::Result<Vec<Report>> {
        let several = self.reports.len() > 1;
        let reports: Vec<Report> = self.reports.into_iter().flatten().collect();
        match self.format {
            Format::Text if several => {
                let table = text::summary(&reports, self.output.style());
                self.output.print(&format!("\n{table}"))?;
            }
            Format::Json => self.output.print(&json::pretty(&reports)?)?,
            Format::Text | Format::Jsonl => {}
        }
        Ok(reports)
    }

    fn print_texts(&mut self) -> io::Result<()> {
        while let Some(Some(report)) = self.reports.get(self.printed) {
            let text = text::report(report, self.output.style());
            let gap = if self.printed > 0 { "\n" } else { "" };
            self.output.print(&format!("{gap}{text}"))?;
            self.printed += 1;
        }
        Ok(())
    }
}
