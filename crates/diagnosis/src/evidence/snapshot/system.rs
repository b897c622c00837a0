use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which Windows it is (`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Build {
    /// The build (`CurrentBuild`), such as 17763.
    pub number: u32,
    /// The update build revision (`UBR`).
    pub revision: Option<u32>,
    /// `ProductName`. Windows 11 calls itself Windows 10 there.
    pub product: Option<String>,
    /// `InstallationType`: `Client`, `Server`, `Server Core`.
    pub installation: Option<String>,
}

impl Build {
    /// Whether it is a server edition; none where the machine does not say.
    pub fn is_server(&self) -> Option<bool> {
        let text = self.installation.as_deref().or(self.product.as_deref())?;
        Some(text.contains("Server"))
    }
}

/// An installed update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Update {
    /// `KB5034123`, or `the cumulative update 17763.5458` where its package has no such number.
    pub id: String,
    /// When it was installed.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub installed: Option<Timestamp>,
}

/// A file of the system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SystemFile {
    /// Bytes.
    pub size: u64,
    /// When it was last written.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub modified: Option<Timestamp>,
    /// The version in its resources, `10.0.17763.1`.
    #[serde(default)]
    pub version: Option<String>,
    /// SHA-256 in lower-case hexadecimal, where it was computed.
    #[serde(default)]
    pub sha256: Option<String>,
}

/// Memory and disk, in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resources {
    /// Physical memory that is free.
    pub memory_free: Option<u64>,
    /// Memory that may still be committed.
    pub commit_free: Option<u64>,
    /// The system's disk.
    pub system_disk: Option<Disk>,
    /// Handles open in all processes.
    #[serde(default)]
    pub handles: Option<u64>,
}

/// A disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disk {
    /// Free.
    pub free: u64,
    /// In all.
    pub total: u64,
}

/// Accounts (SIDs) with rights that concern Remote Desktop.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Rights {
    /// SeRemoteInteractiveLogonRight.
    pub remote_logon: Vec<String>,
    /// SeDenyRemoteInteractiveLogonRight.
    pub deny_remote_logon: Vec<String>,
    /// SeNetworkLogonRight: NLA logs on over the network first.
    pub network_logon: Vec<String>,
    /// SeDenyNetworkLogonRight.
    pub deny_network_logon: Vec<String>,
}
