//! A machine in memory: what a collector printed, or what a test describes in a few lines.

mod answers;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What somebody collected of a machine, as JSON or TOML. A `null` says that there is none.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Collection {
    /// The version of this layout: 1.
    #[serde(default)]
    pub collection: u32,
    /// When it was collected.
    #[serde(default)]
    pub taken: Option<Timestamp>,
    /// Whether what is not listed is known to be absent: so in descriptions, not in what a collector prints.
    #[serde(default)]
    pub complete: bool,
    /// Whether it is of a machine that one connects from, with what its user keeps for that.
    #[serde(default)]
    pub client: bool,
    /// Registry keys by path.
    #[serde(default)]
    pub registry: BTreeMap<String, Collected<CollectedKey>>,
    /// Services by short name.
    #[serde(default)]
    pub services: BTreeMap<String, Collected<CollectedService>>,
    /// Files and folders by path below the system drive.
    #[serde(default)]
    pub files: BTreeMap<String, Collected<CollectedFile>>,
    /// Event log channels by name.
    #[serde(default)]
    pub channels: BTreeMap<String, Collected<CollectedChannel>>,
    /// Who listens on TCP ports.
    #[serde(default)]
    pub listeners: Option<Collected<Vec<CollectedListener>>>,
    /// Rights by their Windows name, with the accounts that hold them.
    #[serde(default)]
    pub rights: Option<Collected<BTreeMap<String, Vec<String>>>>,
    /// Memory and disk.
    #[serde(default)]
    pub resources: Option<Collected<CollectedResources>>,
    /// Targets of stored credentials with their users.
    #[serde(default)]
    pub credentials: Option<Collected<Vec<CollectedCredential>>>,
    /// What the resolver's cache has of names that were looked for: their addresses, or none where it has that there is no
    /// such name. A name that is not listed is not cached.
    #[serde(default)]
    pub resolver_cache: Option<Collected<BTreeMap<String, Vec<CollectedAddress>>>>,
    /// Firewall profiles in force: bits 1 domain, 2 private, 4 public.
    #[serde(default)]
    pub active_profiles: Option<Collected<u32>>,
}

/// Something collected: there, absent (`null`), or unreadable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Collected<T> {
    /// It could not be read.
    Unreadable {
        /// Why not.
        unreadable: String,
    },
    /// It is there, or not.
    Found(Option<T>),
}

/// A key: its values by name, and under `@keys` and `@written` what is not a value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CollectedKey {
    /// Names of the keys below; none where only listed paths tell.
    #[serde(rename = "@keys", default)]
    pub keys: Option<Vec<String>>,
    /// When it was last written.
    #[serde(rename = "@written", default)]
    pub written: Option<Timestamp>,
    /// Its security descriptor.
    #[serde(rename = "@sddl", default)]
    pub sddl: Option<String>,
    /// Its values.
    #[serde(flatten)]
    pub values: BTreeMap<String, CollectedValue>,
}

/// A value in short: a number is a REG_DWORD, a text a REG_SZ, a list a REG_MULTI_SZ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CollectedValue {
    /// REG_DWORD.
    Dword(u32),
    /// REG_SZ.
    Text(String),
    /// REG_MULTI_SZ.
    List(Vec<String>),
    /// REG_EXPAND_SZ.
    Expand {
        /// Its text, not expanded.
        expand: String,
    },
    /// REG_BINARY.
    Binary {
        /// The bytes in hexadecimal.
        binary: String,
    },
    /// Any other type.
    Other {
        /// Its number.
        kind: u32,
        /// The bytes in hexadecimal.
        hex: String,
    },
}

/// What a service does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectedService {
    /// SERVICE_STOPPED 1 to SERVICE_PAUSED 7.
    pub state: u32,
    /// Its process.
    #[serde(default)]
    pub process: Option<u32>,
}

/// A file or folder.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CollectedFile {
    /// Bytes.
    #[serde(default)]
    pub size: u64,
    /// Whether it is a folder.
    #[serde(default)]
    pub folder: bool,
    /// When it was last written.
    #[serde(default)]
    pub modified: Option<Timestamp>,
    /// Its security descriptor.
    #[serde(default)]
    pub sddl: Option<String>,
    /// Its version, where it is a program or library that matters: `10.0.17763.1`.
    #[serde(default)]
    pub version: Option<String>,
    /// What is in it, where that matters and is text.
    #[serde(default)]
    pub text: Option<String>,
    /// What is in it in hexadecimal, where that matters and is none.
    #[serde(default)]
    pub hex: Option<String>,
}

/// A channel of the event log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CollectedChannel {
    /// The time of its oldest record.
    #[serde(default)]
    pub oldest: Option<Timestamp>,
    /// The time of its newest.
    #[serde(default)]
    pub newest: Option<Timestamp>,
    /// How many records it holds.
    #[serde(default)]
    pub records: u64,
    /// Those that matter.
    #[serde(default)]
    pub events: Vec<CollectedEvent>,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectedEvent {
    /// When.
    pub time: Timestamp,
    /// Who wrote it.
    pub provider: String,
    /// Its id.
    pub id: u16,
    /// The number of its record.
    #[serde(default)]
    pub record: u64,
    /// Its data as (name, value).
    #[serde(default)]
    pub data: Vec<(String, String)>,
}

/// Somebody who listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectedListener {
    /// Where.
    pub address: SocketAddr,
    /// The process.
    #[serde(default)]
    pub process: Option<u32>,
    /// The program's file name.
    #[serde(default)]
    pub program: Option<String>,
}

/// A stored credential, never what is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectedCredential {
    /// The target (`TERMSRV/ts01`).
    pub target: String,
    /// The user.
    #[serde(default)]
    pub user: Option<String>,
}

/// An address in the resolver's cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectedAddress {
    /// The address, as the cmdlet prints it.
    pub address: String,
    /// For how many seconds more it is kept.
    pub seconds: u32,
}

/// Memory and disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CollectedResources {
    /// Physical memory that is free.
    #[serde(default)]
    pub memory_free: Option<u64>,
    /// Memory that may still be committed.
    #[serde(default)]
    pub commit_free: Option<u64>,
    /// The system's disk: free and in all.
    #[serde(default)]
    pub system_disk: Option<(u64, u64)>,
    /// Handles open in all processes.
    #[serde(default)]
    pub handles: Option<u64>,
}
