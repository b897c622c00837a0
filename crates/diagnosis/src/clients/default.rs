//! What a client could expect of the releases that the server may be, as they come.

use super::Fate;
use crate::catalogue::{Abilities, Interop, Profile, judge_tls, profile, releases_with_build};
use crate::evidence::Evidence;
use crate::server::challenge;

/// The releases that the server calls itself by in NTLM, where each is a Windows with a known default.
pub(crate) fn servers(evidence: &Evidence) -> Vec<&'static Profile> {
    let Some(version) = challenge(evidence).and_then(|(_, challenge)| challenge.version) else { return Vec::new() };
    let releases = releases_with_build(version.major, version.minor, version.build);
    let known = releases.iter().map(|release| profile(release).filter(|profile| profile.server.is_some()));
    known.collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// Adds to what was not measured what the defaults of all these releases would do.
pub(super) fn expect(client: &Profile, evidence: &Evidence, mut fate: Fate) -> Fate {
    let servers = servers(evidence);
    let agree = |server: &&'static Profile| {
        let abilities = Abilities::of_server(server);
        abilities.is_some_and(|abilities| matches!(judge_tls(client, &abilities), Interop::Ok { .. }))
    };
    if !servers.is_empty() && super::deviations(evidence).is_empty() && servers.iter().all(agree) {
        fate.reason.push_str("; as the server's build comes, it connects");
    }
    fate
}
