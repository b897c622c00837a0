//! What is left to do after a repair that stopped half-way.

use rdpdoctor_repair::Subject;
use rdpdoctor_repair::apply::Surprise;
use rdpdoctor_repair::journal::Journal;
use rdpdoctor_repair::undo::undo;

use super::planned::tell;
use super::{Failure, consent, way_back};
use crate::exit::Exit;
use crate::output::complain;

/// Says what happened, and offers to take back what was done until then. Where nobody can be asked, it stays as it is:
/// whoever comes decides, by what is typed for this machine (`whose`).
pub(super) fn offer_undo(
    surprise: &Surprise,
    journal: &mut Journal,
    subject: &dyn Subject,
    (is_unattended, whose): (bool, &str),
) -> Result<Exit, Failure> {
    let id = journal.record().header.id.clone();
    complain(&format!("stopped: {surprise}"));
    let is_wanted =
        !is_unattended && consent::is_somebody_there() && consent::asked("Take back what was done until then?", false)?;
    if !is_wanted {
        complain(&format!("what was done until then is taken back by: rdpdoctor host undo {id}{whose}"));
        return Ok(Exit::Unsettled);
    }
    undo(journal, subject, false, &mut tell)?;
    way_back::cancel(&journal.record().header);
    complain(&format!("{id} was taken back: the machine is as it was before"));
    Ok(Exit::Unsettled)
}
