use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Reading;

/// A service as it is configured, and what it does now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// When it starts; null where the value is missing or means nothing.
    pub start: Option<StartType>,
    /// The account that it runs as (`ObjectName`).
    #[serde(default)]
    pub account: Option<String>,
    /// The program (`ImagePath`).
    #[serde(default)]
    pub image: Option<String>,
    /// The library that svchost loads (`Parameters\ServiceDll`).
    #[serde(default)]
    pub library: Option<String>,
    /// Services that must run before it.
    #[serde(default)]
    pub depends_on: Vec<String>,
    /// What it does now; not obtained where the system does not run.
    #[serde(default)]
    pub state: Reading<ServiceState>,
    /// Its process.
    #[serde(default)]
    pub process: Option<u32>,
}

/// When a service starts (`Start`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StartType {
    /// 0: by the boot loader.
    Boot,
    /// 1: by the kernel.
    System,
    /// 2: with the system.
    Automatic,
    /// 3: on demand.
    Manual,
    /// 4: never.
    Disabled,
}

impl StartType {
    /// The type behind the registry's number.
    pub fn from_number(number: u64) -> Option<Self> {
        [Self::Boot, Self::System, Self::Automatic, Self::Manual, Self::Disabled]
            .get(usize::try_from(number).ok()?)
            .copied()
    }
}

/// What a service does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceState {
    /// Stopped.
    Stopped,
    /// Starting, stopping, pausing or going on.
    Pending,
    /// Running.
    Running,
    /// Paused.
    Paused,
}
