//! What one Windows machine shows of itself: the running system, an offline disk, or a collector's output.

mod events;
mod firewall;
mod keys;
mod network;
mod policies;
mod reading;
mod registry;
mod services;
mod system;
mod traces;

pub use events::{Channel, HostEvent, LoggedAct, LoggedClient, LoggedLogon, LoggedTrace, logged_address};
pub use firewall::{Firewall, FirewallProfile, FirewallRule, Outbound, OutboundRule, ProfileKind, RuleAction};
pub use keys::{KeyFile, KeyFolder, KeyReference, KeyStore, StoreKey, StoredCertificate};
pub use network::{
    CachedAddress, CachedLookup, CachedServer, HostsEntry, Listener, SavedConnection, SavedDamage, SavedSetting,
    SettingKind, StoredCredential,
};
pub use policies::{Author, PolicyLink, PolicyObject, PolicyValue, is_policy_place};
pub use reading::Reading;
pub use registry::{Authority, InForce, RegistryKey, RegistryValue, ValueSeen};
pub use services::{Service, ServiceState, StartType};
pub use system::{Build, Disk, Resources, Rights, SystemFile, Update};
pub use traces::Probed;

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalogue::HostSetting;

/// The version of [`Snapshot`] as JSON; readers ignore fields that they do not know within one version.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything on one machine that decides whether Remote Desktop works. Nothing in it is judged, and no secret is in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// The version of this layout.
    pub schema_version: u32,
    /// When it was taken.
    #[schemars(with = "String")]
    pub taken: Timestamp,
    /// How it was read.
    pub way: ReadBy,
    /// What to know of the reading as a whole: that the disk sleeps, that a hive was not closed.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The computer's name.
    #[serde(default)]
    pub computer: Reading<Option<String>>,
    /// Which Windows it is.
    #[serde(default)]
    pub build: Reading<Build>,
    /// Installed updates, the newest first.
    #[serde(default)]
    pub updates: Reading<Vec<Update>>,
    /// Registry keys with their values, by path; `HKLM\SYSTEM\CurrentControlSet` is the control set in use.
    #[serde(default)]
    pub registry: BTreeMap<String, Reading<Option<RegistryKey>>>,
    /// Group Policy objects of the machine in the order in which they are applied: the last one wins.
    #[serde(default)]
    pub policies: Reading<Vec<PolicyObject>>,
    /// Services by their short name.
    #[serde(default)]
    pub services: BTreeMap<String, Reading<Option<Service>>>,
    /// Certificates by the name of the store.
    #[serde(default)]
    pub certificates: BTreeMap<String, Reading<Vec<StoredCertificate>>>,
    /// The registry keys of the store of Windows' own Remote Desktop certificate, by path; null where absent.
    #[serde(default)]
    pub store_keys: BTreeMap<String, Reading<Option<StoreKey>>>,
    /// The folders of machine keys, the older one (MachineKeys) first.
    #[serde(default)]
    pub key_folders: Vec<KeyFolder>,
    /// The Windows firewall.
    #[serde(default)]
    pub firewall: Reading<Firewall>,
    /// TCP ports that somebody listens on.
    #[serde(default)]
    pub listeners: Reading<Vec<Listener>>,
    /// Who may and may not log on through Remote Desktop.
    #[serde(default)]
    pub rights: Reading<Rights>,
    /// Files of the system that matter, by path.
    #[serde(default)]
    pub files: BTreeMap<String, Reading<Option<SystemFile>>>,
    /// Memory and disk.
    #[serde(default)]
    pub resources: Reading<Resources>,
    /// Event log channels by name.
    #[serde(default)]
    pub channels: BTreeMap<String, Reading<Option<Channel>>>,
    /// Clients that the event log shows, put together over all channels.
    #[serde(default)]
    pub clients: Vec<LoggedClient>,
    /// Names of scheduled tasks that touch Remote Desktop, its certificate or its keys.
    #[serde(default)]
    pub tasks: Reading<Vec<String>>,
    /// Saved connections of users, where this is the machine that one connects from.
    #[serde(default)]
    pub connections: Reading<Vec<SavedConnection>>,
    /// Targets for which credentials are stored; never what they are.
    #[serde(default)]
    pub credentials: Reading<Vec<StoredCredential>>,
    /// Servers that mstsc remembers, of every user whose part of the registry could be read.
    #[serde(default)]
    pub cached_servers: Reading<Vec<CachedServer>>,
    /// Names in the hosts file, in its order.
    #[serde(default)]
    pub hosts_file: Reading<Vec<HostsEntry>>,
    /// What the resolver's cache has of the servers that connections name, and of no other name.
    #[serde(default)]
    pub resolver_cache: Reading<Vec<CachedLookup>>,
}

/// How a snapshot was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReadBy {
    /// On the running system.
    Running,
    /// From a disk that is not running.
    Disk,
    /// From what the collector script printed.
    Collector,
}

impl Snapshot {
    /// A snapshot in which nothing has been read yet.
    pub fn new(way: ReadBy, taken: Timestamp) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            taken,
            way,
            notes: Vec::new(),
            computer: Reading::NotTried,
            build: Reading::NotTried,
            updates: Reading::NotTried,
            registry: BTreeMap::new(),
            policies: Reading::NotTried,
            services: BTreeMap::new(),
            certificates: BTreeMap::new(),
            store_keys: BTreeMap::new(),
            key_folders: Vec::new(),
            firewall: Reading::NotTried,
            listeners: Reading::NotTried,
            rights: Reading::NotTried,
            files: BTreeMap::new(),
            resources: Reading::NotTried,
            channels: BTreeMap::new(),
            clients: Vec::new(),
            tasks: Reading::NotTried,
            connections: Reading::NotTried,
            credentials: Reading::NotTried,
            cached_servers: Reading::NotTried,
            hosts_file: Reading::NotTried,
            resolver_cache: Reading::NotTried,
        }
    }

    /// One value of the registry. Absent and unread are different answers.
    pub fn value(&self, path: &str, name: &str) -> ValueSeen<'_> {
        match self.registry.get(path) {
            Some(Reading::Observed(key)) => {
                key.as_ref().and_then(|key| key.value(name)).map_or(ValueSeen::Absent, ValueSeen::Value)
            }
            Some(Reading::NotObtained(_) | Reading::NotTried) | None => ValueSeen::Unread,
        }
    }

    /// What a setting amounts to: policy before the local value, and that before the built-in default.
    pub fn in_force(&self, setting: &HostSetting) -> InForce<'_> {
        let default = setting.default;
        if let Some(policy) = setting.policy_path {
            match self.value(policy, setting.value) {
                ValueSeen::Absent => {}
                seen => return InForce { seen, by: Authority::Policy, default },
            }
        }
        match self.value(setting.path, setting.value) {
            ValueSeen::Absent => InForce { seen: ValueSeen::Absent, by: Authority::Default, default },
            seen => InForce { seen, by: Authority::Local, default },
        }
    }

    /// Whether it was taken of a machine as the one that somebody connects from.
    pub fn is_of_client(&self) -> bool {
        let tried = [
            self.connections.is_tried(),
            self.credentials.is_tried(),
            self.hosts_file.is_tried(),
            self.cached_servers.is_tried(),
        ];
        tried.contains(&true)
    }

    /// Takes over what another account of the same machine has of the event log, where this one has nothing.
    pub fn add_log(&mut self, other: Self) {
        for (name, channel) in other.channels {
            let known = self.channels.entry(name).or_insert(Reading::NotTried);
            if !matches!(known, Reading::Observed(Some(_))) && matches!(channel, Reading::Observed(Some(_))) {
                *known = channel;
            }
        }
        for client in other.clients {
            if self.clients.iter().all(|known| known.address != client.address) {
                self.clients.push(client);
            }
        }
    }

    /// A service: `None` where it was not read, `Some(None)` where the machine has none of this name.
    pub fn service(&self, name: &str) -> Option<Option<&Service>> {
        self.services.get(name)?.observed().map(Option::as_ref)
    }

    /// Events of one provider with this id, over all channels, in order of time.
    pub fn events(&self, provider: &str, id: u32) -> Vec<&HostEvent> {
        let all = self.channels.values().filter_map(Reading::observed).flatten().flat_map(|channel| &channel.events);
        let mut found: Vec<&HostEvent> = all.filter(|event| event.id == id && event.provider == provider).collect();
        found.sort_by_key(|event| event.time);
        found
    }

    /// The certificates of a store; `None` where it was not read.
    pub fn store(&self, name: &str) -> Option<&[StoredCertificate]> {
        self.certificates.get(name)?.observed().map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Machine, logged_client};

    fn logged(machine: Machine, minutes_ago: i64) -> Machine {
        machine.event("System", "Schannel", 36874, minutes_ago, &[])
    }

    #[test]
    fn a_log_fills_what_another_account_lacks_and_replaces_nothing() {
        let mut known = logged(Machine::unread(), 5).client(logged_client("10.0.0.1", 5)).snapshot();
        known.channels.insert("Security".to_owned(), Reading::NotObtained("access is denied".to_owned()));
        let other = logged(logged(Machine::unread(), 1), 2).quiet("Security").client(logged_client("10.0.0.1", 1));
        known.add_log(other.client(logged_client("10.0.0.2", 1)).snapshot());
        assert_eq!(known.events("Schannel", 36874).len(), 1);
        assert!(matches!(known.channels["Security"], Reading::Observed(Some(_))));
        assert_eq!(known.clients.len(), 2);
    }

    #[test]
    fn whoever_was_asked_what_its_users_keep_is_a_client() {
        assert!(!Machine::healthy().snapshot().is_of_client());
        assert!(Machine::healthy().hosts_line("a", "10.0.0.1").snapshot().is_of_client());
    }
}
