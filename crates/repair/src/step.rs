//! The smallest changes, each of which is made whole or not at all.

use std::fmt;

use rdpdoctor_machine::change::Start;
use rdpdoctor_machine::hex;
use rdpdoctor_machine::registry::{Data, REG_DWORD, REG_EXPAND_SZ, REG_MULTI_SZ, REG_SZ};
use rdpdoctor_machine::security::Descriptor;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::printed::{DataShape, StartShape};

/// Characters of a value or descriptor that are shown.
const SHOWN: usize = 160;

/// A change, or something that Windows will change in its course. Paths are those of [`rdpdoctor_machine::Machine`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Step {
    /// Writes a value of a key that exists.
    SetValue {
        /// The key.
        key: String,
        /// The value's name.
        name: String,
        /// What it holds then.
        #[schemars(with = "DataShape")]
        data: Data,
    },
    /// Removes a value.
    DeleteValue {
        /// The key.
        key: String,
        /// The value's name.
        name: String,
    },
    /// Makes a key below one that exists.
    CreateKey {
        /// The key.
        key: String,
    },
    /// Removes a key that has neither values nor keys.
    DeleteKey {
        /// The key.
        key: String,
    },
    /// Sets when a service starts.
    SetStart {
        /// Its short name.
        service: String,
        /// When.
        #[schemars(with = "StartShape")]
        start: Start,
    },
    /// Sets the account that a service runs as, to one that needs no password.
    SetAccount {
        /// Its short name.
        service: String,
        /// The account.
        account: String,
    },
    /// Stops a service.
    StopService {
        /// Its short name.
        service: String,
    },
    /// Starts a service.
    StartService {
        /// Its short name.
        service: String,
    },
    /// Sets owner, group and access list of a file or folder, and of nothing below it.
    SetDescriptor {
        /// The file or folder.
        path: String,
        /// The descriptor, self-relative ([MS-DTYP] 2.4.6).
        #[serde(with = "hex")]
        #[schemars(with = "String")]
        descriptor: Vec<u8>,
    },
    /// Sets owner, group and access list of a registry key, and of none below it.
    SetKeyDescriptor {
        /// The key.
        key: String,
        /// The descriptor, self-relative ([MS-DTYP] 2.4.6).
        #[serde(with = "hex")]
        #[schemars(with = "String")]
        descriptor: Vec<u8>,
    },
    /// Moves a file into the journal's folder; a plan does not know that folder's name yet.
    MoveAside {
        /// The file.
        path: String,
    },
    /// Moves a file.
    MoveFile {
        /// From where.
        from: String,
        /// To where.
        to: String,
    },
    /// Has the running firewall switch a rule, whose value was written before; it keeps its rules in memory.
    SwitchRule {
        /// The name of its value.
        name: String,
        /// The rule, as its value has it.
        rule: String,
        /// On or off.
        on: bool,
    },
    /// Changes nothing: Windows will write this value anew, and an undo puts the old one back.
    WatchValue {
        /// The key.
        key: String,
        /// The value's name.
        name: String,
    },
    /// Changes nothing: Windows will make keys below this one, and an undo removes those that are new.
    WatchKeys {
        /// The key.
        key: String,
    },
    /// Changes nothing: Windows will make this file, and an undo moves it aside.
    WatchFile {
        /// The file, which is not there yet.
        path: String,
        /// Where an undo moves it; a plan does not know the journal's folder yet.
        aside: Option<String>,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetValue { key, name, data } => write!(f, "set {key}, value {}, to {}", named(name), shown(data)),
            Self::DeleteValue { key, name } => write!(f, "delete {key}, value {}", named(name)),
            Self::CreateKey { key } => write!(f, "make the key {key}"),
            Self::DeleteKey { key } => write!(f, "delete the empty key {key}"),
            Self::SetStart { service, start } => write!(f, "have the service {service} start {}", when(*start)),
            Self::SetAccount { service, account } => write!(f, "have the service {service} run as {account}"),
            Self::StopService { service } => write!(f, "stop the service {service}"),
            Self::StartService { service } => write!(f, "start the service {service}"),
            Self::SetDescriptor { path, descriptor } => {
                write!(f, "set the permissions of {path} to {}", sddl(descriptor))
            }
            Self::SetKeyDescriptor { key, descriptor } => {
                write!(f, "set the permissions of the key {key} to {}", sddl(descriptor))
            }
            Self::MoveAside { path } => write!(f, "move {path} aside, into the journal's folder"),
            Self::MoveFile { from, to } => write!(f, "move {from} to {to}"),
            Self::SwitchRule { name, on, .. } => {
                write!(f, "have the running firewall switch its rule {name} {}", if *on { "on" } else { "off" })
            }
            Self::WatchValue { key, name } => write!(f, "note {key}, value {}: Windows writes it anew", named(name)),
            Self::WatchKeys { key } => write!(f, "note the keys below {key}: Windows adds to them"),
            Self::WatchFile { path, .. } => write!(f, "note that there is no {path}: Windows makes it"),
        }
    }
}

/// When a service starts, in words.
pub(crate) fn when(start: Start) -> &'static str {
    match start {
        Start::Automatic => "with Windows",
        Start::Demand => "on demand",
        Start::Disabled => "never",
    }
}

/// A descriptor as SDDL, or as digits where it has none.
pub(crate) fn sddl(bytes: &[u8]) -> String {
    Descriptor::read(bytes).map_or_else(|_| hex::of(bytes), |descriptor| descriptor.to_string())
}

fn named(name: &str) -> &str {
    if name.is_empty() { "(default)" } else { name }
}

/// What a value holds, in a few words.
pub(crate) fn shown(data: &Data) -> String {
    let text = match data.kind {
        REG_DWORD => data.dword().map(|number| number.to_string()),
        REG_SZ | REG_EXPAND_SZ => data.text().map(|text| format!("\"{text}\"")),
        REG_MULTI_SZ => data.list().map(|items| items.join(",")),
        _ => None,
    };
    let text = text.unwrap_or_else(|| hex::of(&data.bytes));
    let short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

impl Step {
    /// What it changes: two steps of one place cannot both be what is found there later.
    pub(crate) fn place(&self) -> (u8, String, String) {
        let place = |kind, path: &str, name: &str| (kind, path.to_lowercase(), name.to_lowercase());
        match self {
            Self::SetValue { key, name, .. } | Self::DeleteValue { key, name } | Self::WatchValue { key, name } => {
                place(0, key, name)
            }
            Self::CreateKey { key } | Self::DeleteKey { key } => place(1, key, ""),
            Self::WatchKeys { key } => place(2, key, ""),
            Self::SetStart { service, .. } => place(3, service, ""),
            Self::StopService { service } | Self::StartService { service } => place(4, service, ""),
            Self::SetDescriptor { path, .. } => place(5, path, ""),
            Self::MoveAside { path } | Self::WatchFile { path, .. } => place(6, path, ""),
            Self::MoveFile { from, .. } => place(6, from, ""),
            Self::SetKeyDescriptor { key, .. } => place(7, key, ""),
            Self::SetAccount { service, .. } => place(8, service, ""),
            Self::SwitchRule { name, .. } => place(9, name, ""),
        }
    }

    /// Whether it changes nothing by itself.
    pub(crate) fn only_watches(&self) -> bool {
        matches!(self, Self::WatchValue { .. } | Self::WatchKeys { .. } | Self::WatchFile { .. })
    }
}
