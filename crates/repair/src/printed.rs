//! What `rdpdoctor host fix` and `host history` print for programs (`schemas/plan.json`, `schemas/history.json`).

use jiff::Timestamp;
use rdpdoctor_diagnosis::Verdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::State;
use crate::action::Restart;
use crate::journal::{Listed, Standing};
use crate::plan::{Measure, Plan, Planned, Refused};
use crate::step::Step;
use crate::undo::opposite;

/// The version of [`PlanPage`] and of [`History`]; readers ignore fields that they do not know within one version.
pub const SCHEMA_VERSION: u32 = 1;

/// A plan, before anything is changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlanPage<'a> {
    /// The version of this layout.
    pub schema_version: u32,
    /// The verdict on the machine as it is.
    pub verdict: Verdict,
    /// The cause to mend first; null where nothing is wrong.
    pub root_cause: Option<String>,
    /// What is done, in order; empty where nothing would be changed.
    pub measures: Vec<MeasurePage<'a>>,
    /// Services that are stopped before, in order.
    pub stops: Vec<StepPage<'a>>,
    /// Services that are started after, in order.
    pub starts: Vec<StepPage<'a>>,
    /// What has to begin anew for it to take effect.
    pub restart: Restart,
    /// What is not in the plan, and why.
    pub refused: &'a [Refused],
    /// What to type to make it; null where nothing would be changed, or where it cannot be made from here.
    pub apply: Option<String>,
    /// What takes it back after that.
    pub undo: Option<String>,
}

/// One repair in a plan.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MeasurePage<'a> {
    /// Its id: `rdpdoctor explain <id>` tells more.
    pub action: &'static str,
    /// What it does, in the imperative.
    pub title: &'static str,
    /// The causes that it mends here.
    pub causes: &'a [String],
    /// What stops working while it is done; empty where nothing does.
    pub interrupts: &'static str,
    /// What may be worse afterwards.
    pub risk: &'static str,
    /// Its steps, in order.
    pub steps: Vec<StepPage<'a>>,
}

/// One step of a plan.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StepPage<'a> {
    /// What is done, in words.
    pub text: String,
    /// What is there now, in words.
    pub now: String,
    /// What is done.
    pub step: &'a Step,
    /// What is there now.
    pub before: &'a State,
    /// Which policy may write it again; null where none may.
    pub note: Option<&'a str>,
    /// The same as lines for cmd.exe; empty where nothing is done.
    pub cmd: Vec<String>,
    /// Lines for cmd.exe that take it back.
    pub undo_cmd: Vec<String>,
}

/// The repairs of a machine, oldest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct History {
    /// The version of this layout.
    pub schema_version: u32,
    /// Empty where none was made, or all are forgotten.
    pub repairs: Vec<RepairRow>,
}

/// One repair.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RepairRow {
    /// Its name, as `host undo` and `host forget` take it.
    pub id: String,
    /// How it stands.
    pub standing: RepairStanding,
    /// When it was begun; null where its journal cannot be read.
    #[schemars(with = "Option<String>")]
    pub begun: Option<Timestamp>,
    /// What it was to mend.
    pub causes: Vec<String>,
    /// What it does, in words.
    pub titles: Vec<String>,
    /// How many steps were begun.
    pub steps: usize,
    /// When it is taken back by itself; null where it stays.
    #[schemars(with = "Option<String>")]
    pub reverts: Option<Timestamp>,
    /// Why its journal cannot be read; null where it can.
    pub error: Option<String>,
}

/// How a repair stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RepairStanding {
    /// All steps were made.
    Made,
    /// It ended before all were made.
    CutShort,
    /// It was being taken back, and that ended early.
    UndoCutShort,
    /// Everything was taken back.
    TakenBack,
    /// Its journal cannot be read.
    Unreadable,
}

/// The form of a registry value.
#[derive(Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "Data")]
pub(crate) struct DataShape {
    /// The type (REG_…) as a number.
    kind: u32,
    /// The bytes, as hexadecimal digits.
    bytes: String,
}

/// The form of a service's start.
#[derive(Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "Start")]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StartShape {
    /// SERVICE_AUTO_START.
    Automatic,
    /// SERVICE_DEMAND_START.
    Demand,
    /// SERVICE_DISABLED.
    Disabled,
}

impl<'a> PlanPage<'a> {
    /// The plan for programs; what to type for it is not known here.
    pub fn of(plan: &'a Plan, verdict: Verdict, root_cause: Option<String>) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            verdict,
            root_cause,
            measures: plan.measures.iter().map(measure).collect(),
            stops: plan.stops.iter().map(step).collect(),
            starts: plan.starts.iter().map(step).collect(),
            restart: plan.restart(),
            refused: &plan.refused,
            apply: None,
            undo: None,
        }
    }
}

impl History {
    /// What the journals say.
    pub fn of(listed: Vec<Listed>) -> Self {
        Self { schema_version: SCHEMA_VERSION, repairs: listed.into_iter().map(row).collect() }
    }
}

impl RepairStanding {
    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::CutShort => "cut short",
            Self::UndoCutShort => "undo cut short",
            Self::TakenBack => "taken back",
            Self::Unreadable => "unreadable",
        }
    }
}

impl From<Standing> for RepairStanding {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Made => Self::Made,
            Standing::CutShort => Self::CutShort,
            Standing::UndoCutShort => Self::UndoCutShort,
            Standing::Undone => Self::TakenBack,
        }
    }
}

fn measure(measure: &Measure) -> MeasurePage<'_> {
    MeasurePage {
        action: measure.action.id,
        title: measure.action.title,
        causes: &measure.causes,
        interrupts: measure.action.interrupts,
        risk: measure.action.risk,
        steps: measure.steps.iter().map(step).collect(),
    }
}

fn step(planned: &Planned) -> StepPage<'_> {
    let back = opposite(&planned.step, &planned.before);
    StepPage {
        text: planned.step.to_string(),
        now: planned.before.to_string(),
        step: &planned.step,
        before: &planned.before,
        note: planned.note.as_deref(),
        cmd: planned.step.by_hand(),
        undo_cmd: back.iter().flat_map(Step::by_hand).collect(),
    }
}

fn row((id, read): Listed) -> RepairRow {
    match read {
        Ok(record) => RepairRow {
            id,
            standing: record.standing().into(),
            begun: Some(record.header.begun),
            steps: record.entries.len(),
            reverts: record.header.revert.filter(|_| !record.confirmed && !record.undone),
            causes: record.header.causes,
            titles: record.header.titles,
            error: None,
        },
        Err(error) => RepairRow {
            id,
            standing: RepairStanding::Unreadable,
            begun: None,
            causes: Vec::new(),
            titles: Vec::new(),
            steps: 0,
            reverts: None,
            error: Some(error.to_string()),
        },
    }
}
