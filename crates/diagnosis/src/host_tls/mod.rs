//! What a machine's own settings leave it in TLS as a server, beside what its build comes with.

mod deviation;
mod protocols;
mod schannel;
mod suites;

pub use deviation::deviations;
pub(crate) use protocols::{Protocol, State, protocols};
pub(crate) use suites::{SuiteList, curves, left, switched_off};

use crate::catalogue::{Profile, profiles};
use crate::evidence::Snapshot;

/// What the machine's build does in TLS as a server as it comes, that of the release before it where the build is not
/// known; none where the machine does not say which build it is.
pub fn defaults(host: &Snapshot) -> Option<&'static Profile> {
    let build = host.build.observed()?;
    let servers = || profiles().iter().filter(|profile| profile.server.is_some());
    let newest = servers().flat_map(|profile| &profile.builds).filter(|known| **known <= build.number).max()?;
    let is_server = build.is_server().unwrap_or_default();
    let fits = |profile: &&Profile| profile.ids.iter().any(|id| id.starts_with("windows-server")) == is_server;
    let of_build = || servers().filter(|profile| profile.builds.contains(newest));
    // Windows 7 and Server 2008 R2 have two: what an update added is not held against them.
    let widest = |profile: &&Profile| profile.server.map(|range| range.to);
    of_build().filter(fits).max_by_key(widest).or_else(|| of_build().max_by_key(widest))
}
