//! Makes the steps of a plan, one by one, each with a journal entry before it.

use std::io;
use std::time::Duration;

use rdpdoctor_machine::change::Unchanged;
use thiserror::Error;

use crate::journal::{Journal, Line, PLACE};
use crate::plan::{Plan, Planned};
use crate::step::Step;
use crate::{State, Subject};

/// How long a service may take to start or stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// Why a repair stopped. What was made until then stands in the journal and can be taken back.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Surprise {
    /// The machine is not what the plan was made for.
    #[error("{step}: there is {now} now, and the plan was made for {planned}")]
    Changed {
        /// What was to be done.
        step: Box<Step>,
        /// What is there.
        now: Box<State>,
        /// What was there when the plan was made.
        planned: Box<State>,
    },
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

/// Makes all steps. `told` hears of each before it is made.
pub fn apply(
    plan: &Plan,
    subject: &dyn Subject,
    journal: &mut Journal,
    told: &mut dyn FnMut(&Step),
) -> Result<(), Surprise> {
    let mut stopped = Vec::new();
    for planned in plan.steps() {
        let step = resolved(&planned.step, &journal.record().header.id);
        // What the plan did not know of: Windows stops no service that others need.
        if let Step::StopService { service } = &step {
            for service in subject.running_dependents(service).map_err(failed(&step))? {
                stopped.push(service.clone());
                make(&Step::StopService { service }, None, subject, journal, told)?;
            }
        }
        make(&step, Some(planned), subject, journal, told)?;
    }
    for service in stopped.into_iter().rev() {
        make(&Step::StartService { service }, None, subject, journal, told)?;
    }
    journal.write(Line::Finished)?;
    Ok(())
}

/// Announces a step, makes it and reads it back.
fn make(
    step: &Step,
    planned: Option<&Planned>,
    subject: &dyn Subject,
    journal: &mut Journal,
    told: &mut dyn FnMut(&Step),
) -> Result<(), Surprise> {
    told(step);
    let before = State::read(subject, step).map_err(failed(step))?;
    if let Some(planned) = planned.filter(|planned| !fits(&planned.before, &before)) {
        let (step, now, planned) = (step.clone().into(), before.into(), planned.before.clone().into());
        return Err(Surprise::Changed { step, now, planned });
    }
    let number = journal.record().entries.len();
    journal.write(Line::Doing { number, step: step.clone(), before: before.clone() })?;
    let result = perform(step, subject).and_then(|()| kept(step, &before, subject));
    if let Err(why) = result {
        journal.write(Line::Failed { number, why: why.to_string() })?;
        return Err(failed(step)(why));
    }
    journal.write(Line::Done { number })?;
    Ok(())
}

/// Services come and go by themselves, and the firewall takes up rules when it starts.
fn fits(planned: &State, now: &State) -> bool {
    matches!(planned, State::Running(_) | State::Keys(_) | State::Rule(_)) || planned.is(now)
}

/// Whether what a step was to bring about can be read.
pub(crate) fn kept(step: &Step, before: &State, subject: &dyn Subject) -> Result<(), Unchanged> {
    if step.only_watches() {
        return Ok(());
    }
    let now = State::read(subject, step)?;
    let is_silent = (before, &now) == (&State::Rule(None), &State::Rule(None));
    if is_silent || now.is(&before.after(step)) { Ok(()) } else { Err(Unchanged::NotKept) }
}

pub(crate) fn perform(step: &Step, subject: &dyn Subject) -> Result<(), Unchanged> {
    match step {
        Step::SetValue { key, name, data } => subject.set_value(key, name, data),
        Step::DeleteValue { key, name } => subject.delete_value(key, name).map(drop),
        Step::CreateKey { key } => subject.create_key(key).map(drop),
        Step::DeleteKey { key } => subject.delete_key(key).map(drop),
        Step::SetStart { service, start } => subject.set_start(service, *start),
        Step::StopService { service } => subject.stop_service(service, PATIENCE),
        Step::StartService { service } => subject.start_service(service, PATIENCE),
        Step::SetAccount { service, account } => subject.set_account(service, account),
        Step::SetDescriptor { path, descriptor } => subject.set_descriptor(path, descriptor),
        Step::SetKeyDescriptor { key, descriptor } => subject.set_key_descriptor(key, descriptor),
        Step::MoveFile { from, to } => subject.move_file(from, to),
        Step::SwitchRule { .. } if State::read(subject, step)? == State::Rule(None) => Ok(()),
        Step::SwitchRule { rule, on, .. } => subject.switch_rule(rule, *on),
        // Resolved before, as only the journal knows where to.
        Step::MoveAside { .. } => Err(Unchanged::Absent),
        Step::WatchValue { .. } | Step::WatchKeys { .. } | Step::WatchFile { .. } => Ok(()),
    }
}

/// The step with the journal's folder in it.
fn resolved(step: &Step, id: &str) -> Step {
    let aside = |path: &str| format!(r"{PLACE}\{id}\{}", path.rsplit('\\').next().unwrap_or(path));
    match step {
        Step::MoveAside { path } => Step::MoveFile { from: path.clone(), to: aside(path) },
        Step::WatchFile { path, .. } => Step::WatchFile { path: path.clone(), aside: Some(aside(path)) },
        step => step.clone(),
    }
}

fn failed(step: &Step) -> impl Fn(Unchanged) -> Surprise {
    let step = step.clone();
    move |why| Surprise::Failed { step: step.clone().into(), why }
}
