use clap::Args;
use rdpdoctor_repair::journal::Folder;

use super::subject::Whose;
use super::{Failure, consent, way_back};
use crate::exit::Exit;
use crate::output::{Output, complain};

/// Remove the journal of a repair and what was kept for it; it cannot be taken back after that
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// Which, as `host history` names it
    #[arg(value_name = "ID", required_unless_present = "all")]
    id: Option<String>,
    /// All of them, with the folder and what else of rdpdoctor lies in it
    #[arg(long, conflicts_with = "id")]
    all: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    whose: Whose,
}

impl Arguments {
    pub(in crate::cli) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let folder = Folder::at(self.whose.journals()?);
        if let Some(id) = &self.id {
            folder.read(id)?;
        }
        if !consent::asked("It cannot be taken back after that.", self.yes)? {
            complain("nothing was removed");
            return Ok(Exit::Unsettled);
        }
        if let Some(id) = &self.id {
            let _lock = folder.lock()?;
            way_back::cancel(&folder.read(id)?.header);
            folder.forget(id)?;
            output.print(&format!("{id} is forgotten.\n"))?;
        } else {
            let records = folder.list()?.into_iter().filter_map(|(_, record)| record.ok());
            records.for_each(|record| way_back::cancel(&record.header));
            folder.remove()?;
            output.print("All repairs are forgotten, and the folder is gone.\n")?;
        }
        Ok(Exit::Good)
    }
}
