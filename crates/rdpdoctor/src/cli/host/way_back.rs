//! That nobody saws off the branch that they sit on.

use std::path::PathBuf;
use std::process::Command;

use anyhow::anyhow;
use jiff::Timestamp;
use rdpdoctor_protocol::text::safe_text;
use rdpdoctor_repair::action::Restart;
use rdpdoctor_repair::journal::{Folder, Header};
use rdpdoctor_repair::plan::Plan;
use rdpdoctor_repair::schedule::{Task, name};

use super::Failure;

/// Characters of what schtasks said.
const LONGEST_WORDS: usize = 300;

/// Whether the plan cuts off the session that it would be made in.
pub(super) fn cuts_us_off(plan: &Plan) -> bool {
    plan.restart() == Restart::Services && !plan.stops.is_empty() && is_in_remote_session()
}

/// Refuses to cut off the only way in that is known, unless it is taken back by itself.
pub(super) fn check(plan: &Plan, is_taken_back: bool, other_ways_in: &[&str]) -> Result<(), Failure> {
    if !cuts_us_off(plan) || is_taken_back || !other_ways_in.is_empty() {
        return Ok(());
    }
    let message = "this plan cuts off the Remote Desktop session that you are in, and no other way in is known (SSH, \
        WinRM): add --confirm-within 10m, which takes it back unless you get in again and confirm, or type it on the \
        console";
    Err(Failure::Work(anyhow!(message)))
}

/// Has Windows take the repair back at this time, by a copy of this program beside the journals.
pub(super) fn arrange(folder: &Folder, id: &str, at: Timestamp) -> Result<(), Failure> {
    let task = Task::revert(id, program(folder)?.display().to_string(), at);
    register(folder, id, &task)
}

/// Has Windows make the repair outside the session that it cuts off, at once.
pub(super) fn detach(folder: &Folder, arguments: String) -> Result<(), Failure> {
    let now = Timestamp::now();
    let id = format!("detached-{}", folder.new_id(now));
    let task = Task { name: name(&id), program: program(folder)?.display().to_string(), arguments, at: now };
    register(folder, &id, &task)?;
    schtasks(&["/run".to_owned(), "/tn".to_owned(), task.name])
}

/// Forgets the task that would take a repair back; it may have run already.
pub(super) fn cancel(header: &Header) {
    if header.revert.is_some() {
        let arguments = ["/delete", "/tn", &name(&header.id), "/f"].map(str::to_owned);
        let _ = schtasks(&arguments);
    }
}

fn register(folder: &Folder, id: &str, task: &Task) -> Result<(), Failure> {
    let description = folder.path().join(format!("{id}.xml"));
    std::fs::write(&description, task.xml())?;
    let registered = schtasks(&task.register(&description.display().to_string()));
    std::fs::remove_file(&description)?;
    registered
}

/// A copy of this program that nobody moves away.
fn program(folder: &Folder) -> Result<PathBuf, Failure> {
    let (ours, copy) = (std::env::current_exe()?, folder.path().join("rdpdoctor.exe"));
    if ours != copy {
        std::fs::copy(&ours, &copy)?;
    }
    Ok(copy)
}

fn schtasks(arguments: &[String]) -> Result<(), Failure> {
    let ended = Command::new("schtasks").args(arguments).output().map_err(|error| anyhow!("schtasks: {error}"))?;
    if ended.status.success() {
        return Ok(());
    }
    let words = [ended.stderr, ended.stdout].concat();
    Err(Failure::Work(anyhow!("schtasks did not take the task: {}", safe_text(words.trim_ascii(), LONGEST_WORDS))))
}

#[cfg(windows)]
fn is_in_remote_session() -> bool {
    rdpdoctor_machine::live::is_in_remote_session()
}

#[cfg(not(windows))]
fn is_in_remote_session() -> bool {
    false
}
