//! A Windows machine by subject: registry, services, certificates, key files, firewall, event log.
//!
//! Each subject can be read from the running system, from an offline disk, or from memory. Nothing is judged here.

pub mod change;
pub mod event;
pub mod evtx;
pub mod filetime;
pub mod firewall;
pub mod hex;
pub mod hive;
pub mod key;
#[cfg(windows)]
#[expect(unsafe_code, reason = "the running Windows answers through its C interfaces")]
pub mod live;
pub mod memory;
pub mod offline;
pub mod policy_file;
pub mod registry;
pub mod security;
pub mod version;

mod subject;

pub use subject::{
    Answer, CachedAddress, CachedName, FileInfo, Listener, LogonRight, Machine, Resources, RightHolder, ServiceStatus,
    Unreadable, Way,
};
