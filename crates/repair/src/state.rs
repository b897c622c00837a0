//! What a machine shows at the place that a step changes.

use std::fmt;

use rdpdoctor_machine::change::{Start, Unchanged};
use rdpdoctor_machine::hex;
use rdpdoctor_machine::registry::{Data, Key};
use rdpdoctor_machine::security::Descriptor;
use rdpdoctor_machine::{Machine, Unreadable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::is_same_rule;
use crate::printed::DataShape;
use crate::step::{Step, sddl, shown, when};

/// SERVICE_STOPPED.
const STOPPED: u32 = 1;

/// What is at the place of a step, before it or after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// What a value holds; none where it is absent.
    Value(#[schemars(with = "Option<DataShape>")] Option<Data>),
    /// Whether a key is there.
    Key(bool),
    /// The names of the keys below a key.
    Keys(Vec<String>),
    /// The number of a service's start.
    Start(u32),
    /// The account that a service runs as.
    Account(String),
    /// Whether a service does anything but stand still.
    Running(bool),
    /// The descriptor of a file, a folder or a registry key.
    Descriptor(
        #[serde(with = "hex")]
        #[schemars(with = "String")]
        Vec<u8>,
    ),
    /// Whether a file is where it is moved from, and where it is moved to.
    File {
        /// Where it was.
        from: bool,
        /// Where it goes.
        to: bool,
    },
    /// Whether the running firewall has a rule switched on; none where it does not tell.
    Rule(Option<bool>),
}

impl State {
    /// What the machine shows where this step would change it.
    pub fn read(machine: &dyn Machine, step: &Step) -> Result<Self, Unchanged> {
        match step {
            Step::SetValue { key, name, .. } | Step::DeleteValue { key, name } | Step::WatchValue { key, name } => {
                let found = machine.key(key)?;
                Ok(Self::Value(found.and_then(|found| found.value(name).map(|value| value.data.clone()))))
            }
            Step::CreateKey { key } | Step::DeleteKey { key } => Ok(Self::Key(machine.key(key)?.is_some())),
            Step::WatchKeys { key } => Ok(Self::Keys(machine.key(key)?.unwrap_or_default().keys)),
            Step::SetStart { service, .. } => start(machine, service),
            Step::SetAccount { service, .. } => account(machine, service),
            Step::StopService { service } | Step::StartService { service } => {
                let status = machine.service_status(service)?.ok_or(Unchanged::Absent)?;
                Ok(Self::Running(status.state != STOPPED))
            }
            Step::SetDescriptor { path, .. } => {
                Ok(Self::Descriptor(machine.file(path)?.ok_or(Unchanged::Absent)?.descriptor?))
            }
            Step::SetKeyDescriptor { key, .. } => {
                Ok(machine.key_descriptor(key)?.map_or(Self::Key(false), Self::Descriptor))
            }
            Step::MoveAside { path } | Step::WatchFile { path, .. } => {
                Ok(Self::File { from: machine.file(path)?.is_some(), to: false })
            }
            Step::MoveFile { from, to } => {
                Ok(Self::File { from: machine.file(from)?.is_some(), to: machine.file(to)?.is_some() })
            }
            // Without an answer the value alone counts, when Windows starts.
            Step::SwitchRule { rule, .. } => Ok(Self::Rule(machine.rule_in_force(rule).ok().flatten())),
        }
    }

    /// What it will show once the step was made.
    #[must_use]
    pub fn after(&self, step: &Step) -> Self {
        match step {
            Step::SetValue { data, .. } => Self::Value(Some(data.clone())),
            Step::DeleteValue { .. } => Self::Value(None),
            Step::CreateKey { .. } => Self::Key(true),
            Step::DeleteKey { .. } => Self::Key(false),
            Step::SetStart { start, .. } => Self::Start(start.number()),
            Step::StopService { .. } => Self::Running(false),
            Step::StartService { .. } => Self::Running(true),
            Step::SetAccount { account, .. } => Self::Account(account.clone()),
            Step::SetDescriptor { descriptor, .. } | Step::SetKeyDescriptor { descriptor, .. } => {
                Self::Descriptor(descriptor.clone())
            }
            Step::MoveAside { .. } | Step::MoveFile { .. } => Self::File { from: false, to: true },
            Step::SwitchRule { on, .. } => Self::Rule(Some(*on)),
            Step::WatchValue { .. } | Step::WatchKeys { .. } | Step::WatchFile { .. } => self.clone(),
        }
    }

    /// Whether both say the same, though a descriptor may be laid out otherwise, and the firewall writes a rule that it
    /// switches in the version of its own.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Descriptor(one), Self::Descriptor(two)) => one == two || says_the_same(one, two),
            (Self::Value(Some(one)), Self::Value(Some(two))) => one == two || is_same_rule(one, two),
            _ => self == other,
        }
    }
}

fn says_the_same(one: &[u8], two: &[u8]) -> bool {
    let (Ok(one), Ok(two)) = (Descriptor::read(one), Descriptor::read(two)) else { return false };
    let protection = one.is_protected() == two.is_protected();
    one.owner == two.owner && one.group == two.group && one.dacl == two.dacl && protection
}

fn settings(machine: &dyn Machine, service: &str) -> Result<Key, Unchanged> {
    machine.key(&format!(r"HKLM\SYSTEM\CurrentControlSet\Services\{service}"))?.ok_or(Unchanged::Absent)
}

fn account(machine: &dyn Machine, service: &str) -> Result<State, Unchanged> {
    let name = settings(machine, service)?.text("ObjectName");
    Ok(State::Account(name.ok_or_else(|| Unreadable::Damaged("a service without an account".to_owned()))?))
}

fn start(machine: &dyn Machine, service: &str) -> Result<State, Unchanged> {
    let key = settings(machine, service)?;
    let number = key.dword("Start").ok_or_else(|| Unreadable::Damaged("a service without a start type".to_owned()))?;
    Ok(State::Start(number))
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(Some(data)) => f.write_str(&shown(data)),
            Self::Value(None) | Self::Key(false) => f.write_str("absent"),
            Self::Key(true) => f.write_str("there"),
            Self::Keys(names) => write!(f, "{} keys", names.len()),
            Self::Start(number) => match Start::of(*number) {
                Some(start) => f.write_str(when(start)),
                None => write!(f, "start type {number}"),
            },
            Self::Account(account) => f.write_str(account),
            Self::Running(running) => f.write_str(if *running { "running" } else { "stopped" }),
            Self::Descriptor(bytes) => f.write_str(&sddl(bytes)),
            Self::File { from: true, .. } => f.write_str("in its place"),
            Self::File { to: true, .. } => f.write_str("moved aside"),
            Self::File { .. } => f.write_str("gone"),
            Self::Rule(Some(on)) => f.write_str(if *on { "on" } else { "off" }),
            Self::Rule(None) => f.write_str("not known: the running firewall does not tell"),
        }
    }
}
