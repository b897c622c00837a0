use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use thiserror::Error;

use crate::event::{Event, Summary, Wanted};
use crate::registry::Key;
use crate::version::FileVersion;

/// What a machine answers: the thing, that there is none, or why it could not be read.
pub type Answer<T> = Result<Option<T>, Unreadable>;

/// Why something could not be read. It is never taken for "there is none".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// The account that we run as may not.
    #[error("access is denied")]
    Denied,
    /// Only a running system could tell.
    #[error("not knowable on a disk that is not running")]
    NotRunning,
    /// The interface is there and gives no answer.
    #[error("this Windows does not answer")]
    NoAnswer,
    /// What was read makes no sense.
    #[error("damaged: {0}")]
    Damaged(String),
    /// It is larger than anything sensible.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The most that would have been read.
        limit: usize,
    },
    /// The operating system's own words.
    #[error("{0}")]
    System(String),
    /// Whoever collected it did not look there.
    #[error("it was not collected")]
    NotCollected,
}

/// How a machine is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The running system.
    Running,
    /// A disk that is not running.
    Disk,
    /// What somebody collected before.
    Collected,
}

/// A Windows machine. Paths of files begin below the system drive (`Windows\System32\…`), those of keys with the hive
/// (`HKLM\SYSTEM\CurrentControlSet\…`, where CurrentControlSet is the one in use; `HKU\<SID>\…` of users).
pub trait Machine {
    /// How it is read.
    fn way(&self) -> Way;

    /// What whoever reads the answers should know of them: that the disk sleeps, that a hive was not closed.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// A registry key.
    fn key(&self, path: &str) -> Answer<Key>;

    /// The security descriptor of a registry key, self-relative ([MS-DTYP] 2.4.6).
    fn key_descriptor(&self, _path: &str) -> Answer<Vec<u8>> {
        Err(Unreadable::NoAnswer)
    }

    /// What a service does now.
    fn service_status(&self, name: &str) -> Answer<ServiceStatus>;

    /// A file or folder.
    fn file(&self, path: &str) -> Answer<FileInfo>;

    /// What is in a folder.
    fn folder(&self, path: &str) -> Answer<Vec<FileInfo>>;

    /// The first entries of a folder, however many it holds. Their descriptors need not be read.
    fn entries(&self, path: &str, most: usize) -> Answer<Vec<FileInfo>> {
        let mut entries = self.folder(path)?;
        if let Some(entries) = &mut entries {
            entries.truncate(most);
        }
        Ok(entries)
    }

    /// The bytes of a file, of which there may be `limit`.
    fn read(&self, path: &str, limit: usize) -> Answer<Vec<u8>>;

    /// The version of a program or library; none where there is no such file, or no version in it.
    fn version(&self, path: &str) -> Answer<FileVersion> {
        const LARGEST: usize = 32 << 20;
        Ok(self.read(path, LARGEST)?.and_then(|file| FileVersion::of(&file)))
    }

    /// Passes the wanted events of a channel to `each`, in the order of the log.
    fn events(&self, channel: &str, wanted: &Wanted, each: &mut dyn FnMut(Event)) -> Answer<Summary>;

    /// TCP ports that somebody listens on.
    fn listeners(&self) -> Answer<Vec<Listener>>;

    /// Accounts with rights to log on over the network or through Remote Desktop, or without.
    fn rights(&self) -> Answer<Vec<RightHolder>>;

    /// Memory and disk.
    fn resources(&self) -> Answer<Resources>;

    /// Targets of stored credentials with their users; never what is stored.
    fn credentials(&self) -> Answer<Vec<(String, Option<String>)>>;

    /// What the cache of the machine's resolver has of a name; none where it has nothing. No packet is sent for it.
    fn cached_name(&self, _name: &str) -> Answer<CachedName> {
        Err(Unreadable::NoAnswer)
    }

    /// Firewall profiles that are in force: bits 1 domain, 2 private, 4 public.
    fn active_profiles(&self) -> Answer<u32>;

    /// Whether the running firewall has a rule switched on that the registry writes so ([MS-GPFAS] 2.2.2); none where it has
    /// no such rule, or several that cannot be told apart.
    fn rule_in_force(&self, _rule: &str) -> Answer<bool> {
        Err(Unreadable::NoAnswer)
    }
}

/// What a service does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceStatus {
    /// SERVICE_STOPPED 1 to SERVICE_PAUSED 7.
    pub state: u32,
    /// Its process, where it runs.
    pub process: Option<u32>,
}

/// A file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// Its name without the path.
    pub name: String,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Bytes.
    pub size: u64,
    /// When it was last written.
    pub modified: Option<Timestamp>,
    /// Its security descriptor, self-relative ([MS-DTYP] 2.4.6).
    pub descriptor: Result<Vec<u8>, Unreadable>,
}

/// Somebody who listens on a TCP port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Where.
    pub address: SocketAddr,
    /// The process, where the system says.
    pub process: Option<u32>,
    /// The program's file name, where it could be read.
    pub program: Option<String>,
}

/// What the cache of a resolver has of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CachedName {
    /// Its addresses, at least one.
    Addresses(Vec<CachedAddress>),
    /// That the name does not exist, or has no address.
    Denied,
}

/// An address in the cache of a resolver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CachedAddress {
    /// The address.
    pub address: IpAddr,
    /// For how many seconds more it is kept.
    pub seconds: u32,
}

/// A right that concerns logons through Remote Desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogonRight {
    /// SeRemoteInteractiveLogonRight.
    RemoteInteractive,
    /// SeDenyRemoteInteractiveLogonRight.
    DenyRemoteInteractive,
    /// SeNetworkLogonRight.
    Network,
    /// SeDenyNetworkLogonRight.
    DenyNetwork,
}

/// An account that holds a right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightHolder {
    /// Which right.
    pub right: LogonRight,
    /// Who, as S-1-….
    pub sid: String,
}

/// Memory and disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resources {
    /// Physical memory that is free.
    pub memory_free: Option<u64>,
    /// Memory that may still be committed.
    pub commit_free: Option<u64>,
    /// The system's disk: free and in all.
    pub system_disk: Option<(u64, u64)>,
    /// Handles open in all processes.
    pub handles: Option<u64>,
}

impl LogonRight {
    /// The right of this name, as Windows writes it.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "SeRemoteInteractiveLogonRight" => Some(Self::RemoteInteractive),
            "SeDenyRemoteInteractiveLogonRight" => Some(Self::DenyRemoteInteractive),
            "SeNetworkLogonRight" => Some(Self::Network),
            "SeDenyNetworkLogonRight" => Some(Self::DenyNetwork),
            _ => None,
        }
    }
}
