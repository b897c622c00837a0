//! What would be changed, in which order, and what would not and why.

use rdpdoctor_diagnosis::evidence::Snapshot;
use rdpdoctor_machine::change::Unchanged;
use rdpdoctor_machine::{Machine, Way};
use schemars::JsonSchema;
use serde::Serialize;
use thiserror::Error;

use crate::State;
use crate::action::{self, Action, Ground, Options, Restart};
use crate::note;
use crate::step::Step;

/// The services in the order in which they can be stopped.
const SERVICES: [&str; 3] = ["UmRdpService", "TermService", "SessionEnv"];

/// A repair that can be shown, made and taken back.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What is stopped first, in order.
    pub stops: Vec<Planned>,
    /// What is done, in order.
    pub measures: Vec<Measure>,
    /// What is started at the end, in order.
    pub starts: Vec<Planned>,
    /// What is not in it, and why.
    pub refused: Vec<Refused>,
}

/// An action with the steps that it takes on this machine.
#[derive(Debug, Clone)]
pub struct Measure {
    /// The action.
    pub action: &'static Action,
    /// The causes that it mends.
    pub causes: Vec<String>,
    /// Its steps.
    pub steps: Vec<Planned>,
}

/// A step with what the machine showed in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What is done.
    pub step: Step,
    /// What is there before.
    pub before: State,
    /// Which policy may write it again, where one may.
    pub note: Option<String>,
}

/// A cause of which nothing is in the plan, or not all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Refused {
    /// The cause, or the bridge.
    pub cause: String,
    /// Why, in a word.
    pub reason: Reason,
    /// Why, and what to do instead.
    pub why: String,
}

/// Why something is not in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// A person has to mend it, here or everywhere.
    ByPerson,
    /// Everything that would be set is set.
    AlreadySo,
    /// It was not found on this machine.
    NotFound,
    /// It may be so, which is too little to change anything.
    NotProven,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{step}: {why}")]
pub struct Unplanned {
    /// What could not be looked at.
    pub step: Box<Step>,
    /// Why not.
    pub why: Unchanged,
}

impl Plan {
    /// Plans what mends these causes, in the order of the actions: in whichever order the causes are named.
    pub fn make(causes: &[&str], machine: &dyn Machine, host: &Snapshot, options: &Options) -> Result<Self, Unplanned> {
        let ground = Ground { machine, host, options, planned: &[] };
        let mut plan = Self { stops: Vec::new(), measures: Vec::new(), starts: Vec::new(), refused: Vec::new() };
        for action in action::all() {
            let mends: Vec<&str> = causes.iter().copied().filter(|cause| action.is_for(cause)).collect();
            if !mends.is_empty() {
                plan.add(action, &mends, &ground)?;
            }
        }
        for cause in causes {
            plan.explain(cause);
        }
        plan.refused.sort_by_key(|refused| causes.iter().position(|cause| *cause == refused.cause));
        plan.spare_gone();
        plan.around(machine)?;
        Ok(plan)
    }

    /// Notes that nothing is planned for this cause.
    pub fn leave(&mut self, cause: &str, reason: Reason, why: impl Into<String>) {
        self.refused.push(Refused { cause: cause.to_owned(), reason, why: why.into() });
    }

    /// All steps in the order in which they are made.
    pub fn steps(&self) -> impl Iterator<Item = &Planned> {
        let measures = self.measures.iter().flat_map(|measure| &measure.steps);
        self.stops.iter().chain(measures).chain(&self.starts)
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.measures.iter().all(|measure| measure.steps.is_empty())
    }

    /// The most that the actions ask for.
    pub fn restart(&self) -> Restart {
        self.measures.iter().map(|measure| measure.action.restart).max().unwrap_or(Restart::Nothing)
    }

    /// What the running firewall gives no answer to: it counts when Windows starts.
    pub fn unanswered(&self) -> impl Iterator<Item = &Step> {
        self.steps().filter(|planned| planned.before == State::Rule(None)).map(|planned| &planned.step)
    }

    fn add(&mut self, action: &'static Action, causes: &[&str], ground: &Ground<'_>) -> Result<(), Unplanned> {
        let planned: Vec<_> = self.measures.iter().map(|measure| measure.action).collect();
        match (action.steps)(&Ground { planned: &planned, ..*ground }) {
            Ok(steps) => {
                let steps = self.planned(steps, ground)?;
                if !steps.is_empty() {
                    let causes = causes.iter().map(|&cause| cause.to_owned()).collect();
                    self.measures.push(Measure { action, causes, steps });
                }
            }
            Err(why) => causes.iter().for_each(|cause| self.refuse(cause, why.clone())),
        }
        Ok(())
    }

    /// Several actions of a cause may be refused for one reason.
    fn refuse(&mut self, cause: &str, why: String) {
        let refused = Refused { cause: cause.to_owned(), reason: Reason::ByPerson, why };
        if !self.refused.contains(&refused) {
            self.refused.push(refused);
        }
    }

    /// Says why nothing is done for a cause, where nothing is.
    fn explain(&mut self, cause: &str) {
        let is_met = self.measures.iter().any(|measure| measure.causes.iter().any(|known| known == cause))
            || self.refused.iter().any(|refused| refused.cause == cause);
        if action::for_cause(cause).next().is_none() {
            self.refuse(cause, action::why_not(cause));
        } else if !is_met {
            self.leave(cause, Reason::AlreadySo, action::already(cause));
        }
    }

    /// Only steps that change something, and each place once.
    fn planned(&self, steps: Vec<Step>, ground: &Ground<'_>) -> Result<Vec<Planned>, Unplanned> {
        let mut planned: Vec<Planned> = Vec::new();
        for step in steps {
            let is_known = |known: &&Planned| known.step.place() == step.place();
            if self.steps().chain(&planned).any(|known| is_known(&known)) {
                continue;
            }
            let before = State::read(ground.machine, &step);
            let before = before.map_err(|why| Unplanned { step: step.clone().into(), why })?;
            if !before.is(&before.after(&step)) || step.only_watches() {
                let note = note::of(&step, ground.host);
                planned.push(Planned { step, before, note });
            }
        }
        Ok(planned)
    }

    /// What is moved aside or deleted keeps its permissions: an undo finds it as it was, and a new one has its own.
    fn spare_gone(&mut self) {
        let places: Vec<String> = self.steps().filter_map(|planned| gone(&planned.step)).collect();
        let is_spared = |planned: &Planned| match &planned.step {
            Step::SetDescriptor { path: place, .. } | Step::SetKeyDescriptor { key: place, .. } => {
                places.contains(&place.to_lowercase())
            }
            _ => false,
        };
        let mut causes = Vec::new();
        for measure in &mut self.measures {
            measure.steps.retain(|planned| !is_spared(planned));
            if measure.steps.is_empty() {
                causes.append(&mut measure.causes);
            }
        }
        self.measures.retain(|measure| !measure.steps.is_empty());
        let moves = |measure: &&mut Measure| measure.steps.iter().any(|it| gone(&it.step).is_some());
        if let Some(mover) = self.measures.iter_mut().find(moves) {
            causes.retain(|cause| !mover.causes.contains(cause));
            mover.causes.append(&mut causes);
        }
    }

    /// Services that use what is changed are stopped before and started after; a disk has none that run.
    fn around(&mut self, machine: &dyn Machine) -> Result<(), Unplanned> {
        if machine.way() == Way::Disk || self.restart() != Restart::Services {
            return Ok(());
        }
        for service in SERVICES {
            let step = Step::StopService { service: service.to_owned() };
            let before = match State::read(machine, &step) {
                Ok(before) => before,
                Err(Unchanged::Absent) => continue,
                Err(why) => return Err(Unplanned { step: step.into(), why }),
            };
            if before == State::Running(true) {
                let start = Step::StartService { service: service.to_owned() };
                self.stops.push(Planned { step, before, note: None });
                self.starts.insert(0, Planned { step: start, before: State::Running(false), note: None });
            }
        }
        Ok(())
    }
}

/// The file or key that a step takes away.
fn gone(step: &Step) -> Option<String> {
    match step {
        Step::MoveAside { path } => Some(path.to_lowercase()),
        Step::DeleteKey { key } => Some(key.to_lowercase()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rdpdoctor_diagnosis::testing::CertificateMaker;
    use rdpdoctor_sources::host::snapshot;

    use super::*;
    use crate::apply::apply;
    use crate::testing::{Paper, Power, RDP_TCP, TERMINAL_SERVER, World};
    use crate::undo::undo;

    #[test]
    fn a_key_that_is_moved_aside_keeps_its_permissions() {
        let ended = CertificateMaker::windows("TS01").valid(-200, -17);
        let broken = World::server().holds(&ended).key_rights("O:SYG:SYD:PAI(A;;FA;;;SY)").renewing();
        let before = broken.bytes();
        let both = ["machine-keys-permissions", "certificate-not-renewed"];
        for causes in [both, [both[1], both[0]]] {
            let host = snapshot(&broken, jiff::Timestamp::UNIX_EPOCH);
            let plan = Plan::make(&causes, &broken, &host, &Options::default()).unwrap();
            assert!(!plan.steps().any(|planned| matches!(planned.step, Step::SetDescriptor { .. })), "{causes:?}");
            assert_eq!((plan.measures.len(), &plan.refused[..]), (1, &[][..]));
            assert!(both.iter().all(|cause| plan.measures[0].causes.iter().any(|known| known == cause)));
            let (made, paper) = (broken.clone(), Paper::default());
            let mut journal = paper.begin(&Power::endless()).unwrap();
            apply(&plan, &made, &mut journal, &mut |_| ()).unwrap();
            assert_ne!(made.bytes(), before);
            undo(&mut journal, &made, false, &mut |_| ()).unwrap();
            assert_eq!(made.bytes(), before);
        }
    }

    #[test]
    fn the_order_in_which_causes_are_named_means_nothing() {
        let broken = World::server().value(RDP_TCP, "SecurityLayer", 0).value(RDP_TCP, "UserAuthentication", 0);
        let broken = broken.value(TERMINAL_SERVER, "fDenyTSConnections", 1);
        let host = snapshot(&broken, jiff::Timestamp::UNIX_EPOCH);
        let steps_for = |causes: &[&str]| {
            let plan = Plan::make(causes, &broken, &host, &Options::default()).unwrap();
            assert_eq!(plan.refused, [], "{causes:?}");
            plan.steps().map(|planned| planned.step.to_string()).collect::<Vec<_>>()
        };
        let steps = steps_for(&["rdp-disabled", "security-layer-weak", "nla-disabled"]);
        assert_eq!(steps_for(&["nla-disabled", "security-layer-weak", "rdp-disabled"]), steps);
        assert_eq!(steps_for(&["security-layer-weak", "rdp-disabled", "nla-disabled"]), steps);
        let at = |name: &str| steps.iter().position(|step| step.contains(name)).unwrap();
        assert!(at("fDenyTSConnections") < at("SecurityLayer") && at("SecurityLayer") < at("UserAuthentication"));
    }

    #[test]
    fn what_is_refused_stands_in_the_order_of_the_causes() {
        let world = World::server();
        let host = snapshot(&world, jiff::Timestamp::UNIX_EPOCH);
        let causes = ["service-stopped", "fips-mode", "rdp-disabled", "nla-disabled"];
        let plan = Plan::make(&causes, &world, &host, &Options::default()).unwrap();
        let refused: Vec<&str> = plan.refused.iter().map(|refused| refused.cause.as_str()).collect();
        assert_eq!((refused, plan.is_empty()), (causes.to_vec(), true));
    }
}
