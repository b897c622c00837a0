//! The pages of the book that are written from the catalogue: causes, and the table of contents around them.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use rdpdoctor_diagnosis::causes::CAUSES;
use rdpdoctor_diagnosis::{Cause, Severity};

use crate::metadata;

/// The chapters that people write, before those that are generated.
const CHAPTERS: &str = "docs/chapters.md";
/// Folders that hold generated pages and nothing else.
pub(crate) const FOLDERS: [&str; 1] = ["docs/src/causes"];

/// Every generated page, by its path in the workspace.
pub(crate) fn pages() -> Result<Vec<(String, String)>> {
    let mut pages = vec![("docs/src/SUMMARY.md".to_owned(), summary()?), ("docs/src/causes.md".to_owned(), causes())];
    pages.extend(CAUSES.iter().map(|cause| (format!("docs/src/causes/{}.md", cause.id), cause_page(cause))));
    Ok(pages)
}

fn summary() -> Result<String> {
    let chapters = std::fs::read_to_string(metadata::workspace().join(CHAPTERS)).context(CHAPTERS)?;
    let mut text = chapters.trim_end().to_owned();
    text.push_str("\n- [Causes](causes.md)\n");
    for cause in CAUSES {
        let _ = writeln!(text, "  - [{}](causes/{}.md)", cause.id, cause.id);
    }
    Ok(text)
}

fn causes() -> String {
    let mut text = "# Causes\n\nEvery root cause that `rdpdoctor` knows, in the order of a connection.\n".to_owned();
    for causes in CAUSES.chunk_by(|one, next| one.stage == next.stage) {
        let Some(first) = causes.first() else { continue };
        let _ = write!(text, "\n## {}\n\n| cause | what is wrong | what it does |\n| --- | --- | --- |\n", first.stage);
        for cause in causes {
            let _ = writeln!(text, "| {} | {} | {} |", link(cause.id), cause.title, severity(cause.severity));
        }
    }
    text
}

/// The page of `explain`, included where it lies, and what only the tables know.
fn cause_page(cause: &Cause) -> String {
    let source = format!("../../../crates/diagnosis/src/causes/{}/{}.md", cause.stage, cause.id);
    let mut text = format!("{{{{#include {source}}}}}\n\n## In the report\n\n");
    let _ = writeln!(text, "`{}`, stage {}, {}.", cause.id, cause.stage, severity(cause.severity));
    let symptoms: Vec<String> = cause.explains.iter().map(|id| format!("[{id}]({id}.md)")).collect();
    if !symptoms.is_empty() {
        let _ = writeln!(text, "Where it is found, these are its symptoms: {}.", symptoms.join(", "));
    }
    text
}

fn link(id: &str) -> String {
    format!("[{id}](causes/{id}.md)")
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Blocks => "blocks",
        Severity::Degrades => "degrades",
        Severity::Informs => "informs",
    }
}
