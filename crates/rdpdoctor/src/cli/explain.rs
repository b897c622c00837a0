use clap::Args;
use rdpdoctor_diagnosis::causes::{self, CAUSES};
use rdpdoctor_diagnosis::{Cause, Severity};
use rdpdoctor_render::{Style, list, page};

use super::Failure;
use crate::exit::Exit;
use crate::output::Output;

/// Ids that differ by more letters than this are not what was meant.
const FARTHEST: usize = 4;
const MOST_PROPOSALS: usize = 3;

/// What a root cause means, how it is proven and how it is mended
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The id of a root cause, such as certificate-missing
    #[arg(value_name = "CAUSE-ID", required_unless_present = "list")]
    cause: Option<String>,
    /// List every root cause by the stage of the connection
    #[arg(long, conflicts_with = "cause")]
    list: bool,
}

impl Arguments {
    pub(super) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let Some(id) = self.cause else {
            let text = list(output.style());
            output.print(&text)?;
            return Ok(Exit::Good);
        };
        let cause = causes::find(&id).ok_or_else(|| Failure::Usage(unknown(&id)))?;
        let text = page::page(cause.page, output.style());
        output.print(&text)?;
        Ok(Exit::Good)
    }
}

fn list(style: &Style) -> String {
    let mut text = String::new();
    for causes in CAUSES.chunk_by(|one, next| one.stage == next.stage) {
        let Some(first) = causes.first() else { continue };
        let gap = if text.is_empty() { "" } else { "\n" };
        let described = causes.iter().map(|cause| (cause.id, format!("{} ({})", cause.title, severity(cause))));
        text.extend([gap, &list::heading(&first.stage.to_string(), style), &list::rows(2, described, style)]);
    }
    text
}

fn severity(cause: &Cause) -> &'static str {
    match cause.severity {
        Severity::Blocks => "blocks",
        Severity::Degrades => "degrades",
        Severity::Informs => "informs",
    }
}

/// One line that names what may have been meant.
pub(super) fn unknown(id: &str) -> String {
    let near = near(id, CAUSES.iter().map(|cause| cause.id));
    match near.as_slice() {
        [] => format!("no root cause is called \"{id}\"; \"rdpdoctor explain --list\" names them all"),
        near => format!("no root cause is called \"{id}\"; did you mean {}?", near.join(" or ")),
    }
}

/// The ids that differ least from what was typed, or that hold it.
pub(super) fn near<'a>(typed: &str, ids: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let typed = typed.to_lowercase().replace(['_', ' '], "-");
    let distance = |id: &'a str| {
        let holds = typed.len() > 2 && (id.contains(&typed) || typed.contains(id));
        (if holds { 1 } else { edits(&typed, id) }, id)
    };
    let mut ranked: Vec<_> = ids.map(distance).filter(|(distance, _)| *distance <= FARTHEST).collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|(_, id)| id).take(MOST_PROPOSALS).collect()
}

/// Letters to insert, delete or replace (Levenshtein), by one row of the table at a time.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().take(100).collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.chars().take(100).enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        let mut next = vec![left];
        for (above, other) in row.iter().skip(1).zip(&to) {
            left = (diagonal + usize::from(letter != *other)).min(left + 1).min(above + 1);
            next.push(left);
            diagonal = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("abc", "abc"), 0);
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("port-close", "port-closed"), 1);
    }

    #[test]
    fn near_misses_are_named_and_far_ones_not() {
        let ids = ["certificate-missing", "port-closed", "port-filtered"];
        assert_eq!(near("certificate-mising", ids.into_iter()), ["certificate-missing"]);
        assert_eq!(near("port", ids.into_iter()), ["port-closed", "port-filtered"]);
        assert_eq!(near("Port_Closed", ids.into_iter()), ["port-closed"]);
        assert!(near("nonsense", ids.into_iter()).is_empty());
    }

    #[test]
    fn the_list_holds_every_cause() {
        let list = list(&Style::plain());
        assert!(CAUSES.iter().all(|cause| list.contains(&format!("\n  {} ", cause.id))));
        assert!(list.lines().all(|line| line.len() <= 80));
    }
}
