use std::net::{IpAddr, SocketAddr};

use rdpdoctor_protocol::rdp_file::{RdpFile, RdpSetting, RdpValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::Target;

/// Somebody who listens on a TCP port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Listener {
    /// Where.
    pub address: SocketAddr,
    /// The process; null where the system does not say.
    pub process: Option<u32>,
    /// The program's file name, where it could be read.
    pub program: Option<String>,
    /// The services of that process.
    #[serde(default)]
    pub services: Vec<String>,
}

/// A saved connection of a user: what its .rdp file asks for. No password is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SavedConnection {
    /// Where it was found.
    pub place: String,
    /// Its settings in order, repeated ones included.
    pub settings: Vec<SavedSetting>,
    /// Lines that are no settings.
    #[serde(default)]
    pub damage: Vec<SavedDamage>,
    /// Whether the file went on after what was read.
    #[serde(default)]
    pub cut: bool,
}

/// One line of a saved connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SavedSetting {
    /// The number of the line, from 1.
    pub line: usize,
    /// The name as it is spelt there; case does not matter.
    pub name: String,
    /// Its type.
    pub kind: SettingKind,
    /// The value; empty for secrets.
    pub value: String,
}

/// The type of a setting in a .rdp file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SettingKind {
    /// `i`.
    Integer,
    /// `s`.
    Text,
    /// `b`.
    Binary,
    /// A password or a token, whatever its type: that there is one, never what it is.
    Secret,
}

/// A line that is no setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SavedDamage {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: String,
}

impl SavedConnection {
    /// Reads a .rdp file; any bytes make one.
    pub fn read(place: impl Into<String>, bytes: &[u8]) -> Self {
        let file = RdpFile::parse(bytes);
        Self {
            place: place.into(),
            settings: file.settings.into_iter().map(SavedSetting::from).collect(),
            damage: file
                .damage
                .into_iter()
                .map(|damaged| SavedDamage { line: damaged.line, fault: damaged.fault.to_string() })
                .collect(),
            cut: file.cut,
        }
    }

    /// Whom it connects to; none where it names nobody, or nobody who can be connected to.
    pub fn target(&self) -> Option<Target> {
        let mut target: Target = self.text("full address")?.parse().ok()?;
        let own = target.input.ends_with(&format!(":{}", target.port));
        if let Some(port) = self.number("server port").filter(|_| !own) {
            target.port = port.try_into().ok().filter(|port| *port != 0)?;
        }
        Some(target)
    }

    /// The setting of this name, in whatever case. Of repeated ones the last counts.
    pub fn get(&self, name: &str) -> Option<&SavedSetting> {
        self.settings.iter().rfind(|setting| setting.name.eq_ignore_ascii_case(name))
    }

    /// The number of this name.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.get(name).filter(|setting| setting.kind == SettingKind::Integer)?.value.parse().ok()
    }

    /// The text of this name without spaces around it; none where it is empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        let setting = self.get(name).filter(|setting| setting.kind == SettingKind::Text)?;
        Some(setting.value.trim()).filter(|text| !text.is_empty())
    }
}

impl From<RdpSetting> for SavedSetting {
    fn from(RdpSetting { line, name, value }: RdpSetting) -> Self {
        let (kind, value) = match value {
            RdpValue::Integer(number) => (SettingKind::Integer, number.to_string()),
            RdpValue::Text(text) => (SettingKind::Text, text),
            RdpValue::Binary(hex) => (SettingKind::Binary, hex),
            RdpValue::Secret { .. } => (SettingKind::Secret, String::new()),
        };
        Self { line, name, kind, value }
    }
}

/// A stored credential for Remote Desktop: that there is one, never what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredCredential {
    /// The server that it is for (`ts01` of `TERMSRV/ts01`).
    pub server_name: String,
    /// The user.
    pub user: Option<String>,
}

/// A server that mstsc remembers of an earlier connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CachedServer {
    /// As it was typed.
    pub server_name: String,
    /// The user that is proposed (`UsernameHint`).
    pub user: Option<String>,
    /// Whose list it is in, by the folder of the profile; null for whoever took the snapshot.
    #[serde(default)]
    pub account: Option<String>,
}

/// A name in the hosts file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostsEntry {
    /// The number of the line, from 1.
    pub line: usize,
    /// The name.
    pub hostname: String,
    /// The address as it is written there.
    pub address: String,
}

/// What the cache of the machine's resolver has of a name that connections name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CachedLookup {
    /// The name.
    pub hostname: String,
    /// Its addresses; empty where the cache has that there is no such name, or that it has no address.
    pub addresses: Vec<CachedAddress>,
}

/// An address in the cache of a resolver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CachedAddress {
    /// The address.
    pub address: IpAddr,
    /// For how many seconds after the snapshot it is kept.
    pub seconds: u32,
}
