use anyhow::anyhow;
use clap::Args;
use rdpdoctor_repair::journal::{Folder, Line, Record, Standing};

use super::subject::Whose;
use super::{Failure, way_back};
use crate::exit::Exit;
use crate::output::Output;

/// Say that a repair with --confirm-within may stay
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// Which, as `host history` names it; by default the last one that waits for it
    #[arg(value_name = "ID")]
    id: Option<String>,
    #[command(flatten)]
    whose: Whose,
}

impl Arguments {
    pub(in crate::cli) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let folder = Folder::at(self.whose.journals()?);
        let id = match self.id {
            Some(id) => id,
            None => waiting(&folder)?,
        };
        let mut journal = folder.resume(&id)?;
        if !waits(journal.record()) {
            return Err(Failure::Work(anyhow!("{id} does not wait to be confirmed")));
        }
        let _lock = folder.lock()?;
        journal.write(Line::Confirmed)?;
        way_back::cancel(&journal.record().header);
        output.print(&format!("{id} stays. To take it back all the same: rdpdoctor host undo {id}\n"))?;
        Ok(Exit::Good)
    }
}

fn waiting(folder: &Folder) -> Result<String, Failure> {
    let waiting = folder.list()?.into_iter().rev().find(|(_, record)| record.as_ref().is_ok_and(waits));
    waiting.map(|(id, _)| id).ok_or_else(|| Failure::Work(anyhow!("no repair waits to be confirmed")))
}

fn waits(record: &Record) -> bool {
    let (header, standing) = (&record.header, record.standing());
    header.revert.is_some() && !header.temporary && !record.confirmed && standing != Standing::Undone
}
