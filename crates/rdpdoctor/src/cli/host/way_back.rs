//! That nobody saws off the branch that they sit on.

use std::path::PathBuf;

use anyhow::anyhow;
use jiff::Timestamp;
use rdpdoctor_repair::action::Restart;
use rdpdoctor_repair::journal::{Folder, Header};
use rdpdoctor_repair::plan::Plan;
use rdpdoctor_repair::schedule::{Task, When, name};

use super::Failure;
use super::schtasks::schtasks;
use crate::output::complain;

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
pub(super) fn arrange(folder: &Folder, id: &str, at: Timestamp) -> Result<Task, Failure> {
    let task = Task::revert(id, program(folder)?.display().to_string(), at);
    register(folder, id, &task)?;
    Ok(task)
}

/// Has Windows make the repair outside the session that it cuts off, at once.
pub(super) fn detach(folder: &Folder, arguments: String) -> Result<(), Failure> {
    let now = Timestamp::now();
    let id = format!("detached-{}", folder.new_id(now));
    let program = program(folder)?.display().to_string();
    let task = Task { name: name(&id), program, arguments, when: When::Asked(now) };
    register(folder, &id, &task)?;
    schtasks(&["/run".to_owned(), "/tn".to_owned(), task.name])?;
    Ok(())
}

/// Forgets the task that would take a repair back; it may have run already.
pub(super) fn cancel(header: &Header) {
    if header.revert.is_some() {
        delete(&name(&header.id));
    }
}

fn delete(name: &str) {
    let _ = schtasks(&["/delete", "/tn", name, "/f"].map(str::to_owned));
}

fn register(folder: &Folder, id: &str, task: &Task) -> Result<(), Failure> {
    let description = folder.path().join(format!("{id}.xml"));
    std::fs::write(&description, task.xml())?;
    let registered = schtasks(&task.register(&description.display().to_string()));
    std::fs::remove_file(&description)?;
    registered?;
    look_at(task).inspect_err(|_| delete(&task.name))
}

/// That Windows has the task which it said it took.
fn look_at(task: &Task) -> Result<(), Failure> {
    let shown = schtasks(&task.query())?;
    if shown.trim_ascii().is_empty() {
        complain(&format!("schtasks shows nothing of the task {}: nobody knows whether it will run", task.name));
    } else if !task.is_shown_by(&shown) {
        return Err(Failure::Work(anyhow!("schtasks took the task {}, and shows another one", task.name)));
    }
    Ok(())
}

/// A copy of this program that nobody moves away.
fn program(folder: &Folder) -> Result<PathBuf, Failure> {
    let (ours, copy) = (std::env::current_exe()?, folder.path().join("rdpdoctor.exe"));
    if ours != copy {
        std::fs::copy(&ours, &copy)?;
    }
    Ok(copy)
}

#[cfg(windows)]
fn is_in_remote_session() -> bool {
    rdpdoctor_machine::live::is_in_remote_session()
}

#[cfg(not(windows))]
fn is_in_remote_session() -> bool {
    false
}
