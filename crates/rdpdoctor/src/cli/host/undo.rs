use anyhow::anyhow;
use clap::Args;
use rdpdoctor_protocol::text::safe_text;
use rdpdoctor_repair::journal::{Folder, Record, Standing};
use rdpdoctor_repair::step::Step;
use rdpdoctor_repair::undo::{preview, undo};

use super::planned::{shown, tell};
use super::subject::Whose;
use super::{Failure, consent, way_back};
use crate::exit::Exit;
use crate::output::{Output, complain};

/// Characters of the causes on the screen.
const LONGEST_CAUSES: usize = 400;

/// Take a repair back, as its journal says; also one that was cut short by a crash
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(in crate::cli) struct Arguments {
    /// Which, as `host history` names it; by default the last one that was not taken back
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Also where the machine was changed since, and is then what it was before the repair
    #[arg(long)]
    force: bool,
    /// Only say what would be done
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Do nothing where the repair was confirmed; for the task that takes it back
    #[arg(long, hide = true)]
    unless_confirmed: bool,
    #[command(flatten)]
    whose: Whose,
}

impl Arguments {
    pub(in crate::cli) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let folder = Folder::at(self.whose.journals()?);
        let id = match &self.id {
            Some(id) => id.clone(),
            None => last(&folder)?,
        };
        let mut journal = folder.resume(&id)?;
        if self.unless_confirmed && journal.record().confirmed && !journal.record().header.temporary {
            output.print(&format!("{id} was confirmed and stays.\n"))?;
            return Ok(Exit::Good);
        }
        let subject = self.whose.subject()?;
        let steps = preview(&journal, &*subject, self.force)?;
        output.print(&text(&id, journal.record(), &steps))?;
        if self.dry_run {
            return Ok(Exit::Good);
        }
        if !consent::asked("Take it back?", self.yes)? {
            complain("nothing was changed");
            return Ok(Exit::Unsettled);
        }
        let _lock = folder.lock()?;
        undo(&mut journal, &*subject, self.force, &mut tell)?;
        way_back::cancel(&journal.record().header);
        output.print(&format!("{id} was taken back: the machine is as it was before.\n"))?;
        Ok(Exit::Good)
    }
}

/// The last repair that was not taken back.
fn last(folder: &Folder) -> Result<String, Failure> {
    let is_open = |record: &Record| record.standing() != Standing::Undone;
    let last = folder.list()?.into_iter().rev().find(|(_, record)| record.as_ref().is_ok_and(is_open));
    last.map(|(id, _)| id)
        .ok_or_else(|| Failure::Work(anyhow!("there is no repair to take back in {}", folder.path().display())))
}

fn text(id: &str, record: &Record, steps: &[Step]) -> String {
    let begun = record.header.begun;
    let causes = safe_text(record.header.causes.join(", "), LONGEST_CAUSES);
    let mut lines = vec![format!("Repair {id} of {begun}: {causes}")];
    if steps.is_empty() {
        lines.push("  nothing of it is left to take back".to_owned());
    }
    lines.extend(steps.iter().map(|step| format!("  - {}", shown(step))));
    lines.push(String::new());
    lines.join("\n")
}
