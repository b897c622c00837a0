//! Takes a repair back, also one that was cut off between any two writes.

use std::io;

use rdpdoctor_machine::Machine;
use rdpdoctor_machine::change::{Start, Unchanged};
use rdpdoctor_machine::key::machine_guid;
use thiserror::Error;

use crate::apply::{kept, perform};
use crate::journal::{Entry, Journal, Line};
use crate::step::Step;
use crate::{State, Subject};

/// Why a repair was not taken back, or not wholly. What is left can be taken back later.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UndoError {
    /// Somebody changed it since.
    #[error("{step}: there is {now} now, neither what the repair left nor what it found")]
    Changed {
        /// What was done.
        step: Box<Step>,
        /// What is there.
        now: Box<State>,
    },
    /// Another machine's journal.
    #[error("the journal is of another machine")]
    OtherMachine,
    /// It was taken back already.
    #[error("it was taken back already")]
    Undone,
    /// A step was not made.
    #[error("{step}: {why}")]
    Failed {
        /// What was to be done.
        step: Box<Step>,
        /// Why it was not.
        why: Unchanged,
    },
    /// The journal could not be written: nothing is changed without it.
    #[error("the journal could not be written: {0}")]
    Journal(#[from] io::Error),
}

/// What an undo would do, in order. With `force`, also where the machine was changed since.
pub fn preview(journal: &Journal, machine: &dyn Machine, force: bool) -> Result<Vec<Step>, UndoError> {
    check(journal, machine)?;
    let mut steps = Vec::new();
    for (_, entry) in left(journal) {
        steps.extend(inverse(entry, machine, force)?);
    }
    Ok(steps)
}

/// Takes back what was made, the last first. `told` hears of each step before it is made.
pub fn undo(
    journal: &mut Journal,
    subject: &dyn Subject,
    force: bool,
    told: &mut dyn FnMut(&Step),
) -> Result<(), UndoError> {
    // All of it is looked at before any of it is touched.
    preview(journal, subject, force)?;
    let numbers: Vec<usize> = left(journal).map(|(number, _)| number).collect();
    for number in numbers {
        let Some(entry) = journal.record().entries.get(number).cloned() else { continue };
        for step in inverse(&entry, subject, force)? {
            told(&step);
            take_back(number, &step, subject, journal)?;
        }
        journal.write(Line::Undone { number })?;
    }
    journal.write(Line::UndoFinished)?;
    Ok(())
}

fn check(journal: &Journal, machine: &dyn Machine) -> Result<(), UndoError> {
    if journal.record().undone {
        return Err(UndoError::Undone);
    }
    let wanted = journal.record().header.machine.as_deref();
    let is_other = wanted.is_some_and(|wanted| machine_guid(machine).is_some_and(|found| found != wanted));
    if is_other { Err(UndoError::OtherMachine) } else { Ok(()) }
}

fn left(journal: &Journal) -> impl Iterator<Item = (usize, &Entry)> {
    journal.record().entries.iter().enumerate().rev().filter(|(_, entry)| !entry.undone)
}

fn take_back(number: usize, step: &Step, subject: &dyn Subject, journal: &mut Journal) -> Result<(), UndoError> {
    let failed = |why| UndoError::Failed { step: step.clone().into(), why };
    let before = State::read(subject, step).map_err(failed)?;
    journal.write(Line::Undoing { number, step: step.clone(), before: before.clone() })?;
    perform(step, subject).and_then(|()| kept(step, &before, subject)).map_err(failed)
}

/// The steps that lead from what there is to what there was before.
fn inverse(entry: &Entry, machine: &dyn Machine, force: bool) -> Result<Vec<Step>, UndoError> {
    let now =
        State::read(machine, &entry.step).map_err(|why| UndoError::Failed { step: entry.step.clone().into(), why })?;
    if let Step::SwitchRule { on, .. } = &entry.step {
        // Also where it did not tell before: only rules that differ are switched.
        let is_made = now == State::Rule(Some(*on));
        return Ok(opposite(&entry.step, &entry.before).filter(|_| is_made).into_iter().collect());
    }
    let was = |state: &State| now.is(state);
    if was(&entry.before) {
        return Ok(Vec::new());
    }
    // What is gone since has no permissions to be taken back: Windows replaces its certificates.
    if matches!((&entry.step, &now), (Step::SetKeyDescriptor { .. }, State::Key(false))) {
        return Ok(Vec::new());
    }
    let is_known = was(&entry.before.after(&entry.step)) || comes_and_goes(&entry.step, &now);
    if !is_known && !force {
        return Err(UndoError::Changed { step: entry.step.clone().into(), now: now.into() });
    }
    Ok(match (&entry.step, &entry.before) {
        (Step::WatchKeys { key }, State::Keys(old)) => new_keys(key, old, machine),
        (Step::WatchFile { path, aside: Some(aside) }, State::File { from: false, .. }) => {
            moved_aside(path, aside, machine).into_iter().collect()
        }
        (Step::MoveFile { from, to }, State::File { .. }) => moved_back(from, to, &now, machine),
        (step, before) => opposite(step, before).into_iter().collect(),
    })
}

/// The step that leads back to this state, where the step alone tells it.
pub fn opposite(step: &Step, before: &State) -> Option<Step> {
    match (step, before) {
        (
            Step::SetValue { key, name, .. } | Step::DeleteValue { key, name } | Step::WatchValue { key, name },
            State::Value(old),
        ) => {
            let (key, name) = (key.clone(), name.clone());
            Some(match old {
                Some(data) => Step::SetValue { key, name, data: data.clone() },
                None => Step::DeleteValue { key, name },
            })
        }
        (Step::CreateKey { key }, State::Key(false)) => Some(Step::DeleteKey { key: key.clone() }),
        (Step::DeleteKey { key }, State::Key(true)) => Some(Step::CreateKey { key: key.clone() }),
        (Step::SetStart { service, .. }, State::Start(number)) => {
            Start::of(*number).map(|start| Step::SetStart { service: service.clone(), start })
        }
        (Step::StopService { service }, State::Running(true)) => Some(Step::StartService { service: service.clone() }),
        (Step::StartService { service }, State::Running(false)) => Some(Step::StopService { service: service.clone() }),
        (Step::SetAccount { service, .. }, State::Account(old)) => {
            Some(Step::SetAccount { service: service.clone(), account: old.clone() })
        }
        (Step::SetDescriptor { path, .. }, State::Descriptor(old)) => {
            Some(Step::SetDescriptor { path: path.clone(), descriptor: old.clone() })
        }
        (Step::SetKeyDescriptor { key, .. }, State::Descriptor(old)) => {
            Some(Step::SetKeyDescriptor { key: key.clone(), descriptor: old.clone() })
        }
        (Step::SwitchRule { name, rule, on }, _) => {
            Some(Step::SwitchRule { name: name.clone(), rule: rule.clone(), on: !on })
        }
        _ => None,
    }
}

/// What Windows itself changes between a repair and its undo.
fn comes_and_goes(step: &Step, now: &State) -> bool {
    match step {
        Step::StopService { .. } | Step::StartService { .. } => true,
        step if step.only_watches() => true,
        // Windows made a new key of the same name.
        Step::MoveFile { .. } => matches!(now, State::File { to: true, .. }),
        _ => false,
    }
}

/// Removes what was made below a key since: Windows' new certificate, whose key goes with it.
fn new_keys(key: &str, old: &[String], machine: &dyn Machine) -> Vec<Step> {
    let now = machine.key(key).ok().flatten().unwrap_or_default().keys;
    let new = now.into_iter().filter(|name| !old.iter().any(|old| old.eq_ignore_ascii_case(name)));
    new.flat_map(|name| {
        let key = format!("{key}\\{name}");
        let values = machine.key(&key).ok().flatten().unwrap_or_default().values;
        let emptied = values.into_iter().map({
            let key = key.clone();
            move |value| Step::DeleteValue { key: key.clone(), name: value.name }
        });
        emptied.chain([Step::DeleteKey { key }]).collect::<Vec<_>>()
    })
    .collect()
}

/// Nothing is overwritten: what came into its place is moved aside too.
fn moved_back(from: &str, to: &str, now: &State, machine: &dyn Machine) -> Vec<Step> {
    let back = Step::MoveFile { from: to.to_owned(), to: from.to_owned() };
    match now {
        State::File { from: true, to: true } => moved_aside(from, to, machine).into_iter().chain([back]).collect(),
        State::File { to: true, .. } => vec![back],
        _ => Vec::new(),
    }
}

/// Beside what is there under this name.
fn moved_aside(from: &str, to: &str, machine: &dyn Machine) -> Option<Step> {
    let free = |name: &String| machine.file(name).is_ok_and(|file| file.is_none());
    let aside = (1..100).map(|number| format!("{to}.{number}")).find(free)?;
    Some(Step::MoveFile { from: from.to_owned(), to: aside })
}
