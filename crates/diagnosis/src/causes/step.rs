use crate::{Place, Remedy, Safety};

/// A remedy whose words do not depend on the evidence.
pub(super) struct Step {
    pub(super) title: &'static str,
    pub(super) place: Place,
    pub(super) safety: Safety,
    pub(super) interrupts: &'static str,
    pub(super) commands: &'static [&'static str],
    pub(super) cmd: &'static [&'static str],
    pub(super) undo: &'static str,
}

/// A step that only reads; the base of the others.
pub(super) const READ: Step = Step {
    title: "",
    place: Place::Server,
    safety: Safety::Safe,
    interrupts: "",
    commands: &[],
    cmd: &[],
    undo: "nothing is changed",
};

/// The steps as remedies, in this order.
pub(super) fn remedies(steps: &[&Step]) -> Vec<Remedy> {
    steps.iter().map(|step| step.remedy()).collect()
}

impl Step {
    fn remedy(&self) -> Remedy {
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        Remedy {
            title: self.title.to_owned(),
            place: self.place,
            safety: self.safety,
            interrupts: self.interrupts.to_owned(),
            commands: lines(self.commands),
            cmd: lines(self.cmd),
            undo: self.undo.to_owned(),
        }
    }
}
