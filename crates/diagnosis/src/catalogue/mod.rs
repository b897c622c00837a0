//! What is known beforehand: reviewed tables, compiled in, and pure judgements over them.

pub mod codes;
pub mod folklore;
pub mod remedies;

mod abilities;
mod client_flags;
mod host_builds;
mod interop;
mod profiles;
mod rdp_settings;
mod settings;
pub(crate) mod table;

pub use abilities::{Abilities, ServerKey};
pub use client_flags::ClientSetting;
pub(crate) use client_flags::{Trouble, client_settings};
pub use host_builds::releases_with_build;
pub use interop::{Interop, common_suites, judge_tls};
pub use profiles::{CertificateHabit, Confidence, Profile, SecurityProtocol, VersionRange, profile, profiles};
pub use rdp_settings::{RdpFileSetting, rdp_file_setting, rdp_file_settings};
pub use settings::{HostSetting, setting, settings};
