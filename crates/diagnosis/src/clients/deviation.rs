//! What was seen of the server beside the defaults of the releases that it may be.

use rdpdoctor_protocol::tls::{CipherSuite, ProtocolVersion};

use super::default::servers;
use super::known::{Pick, TlsKnown, is_usable};
use crate::Certainty;
use crate::catalogue::Profile;
use crate::evidence::Evidence;
use crate::host_tls;
use crate::report::Deviation;
use crate::view::client_address;

/// Suites that are named one by one; the rest is counted.
const NAMED: usize = 4;

/// What differs from the defaults of the server's release: by its own settings where the machine was looked at, and by
/// what was seen of it.
pub(crate) fn deviations(evidence: &Evidence) -> Vec<Deviation> {
    let Some(host) = evidence.host.as_deref() else { return hinted(seen(evidence)) };
    let mut found = host_tls::deviations(host);
    found.extend(seen(evidence));
    found
}

fn hinted(mut found: Vec<Deviation>) -> Vec<Deviation> {
    if !found.is_empty() {
        let text = "a policy (SSL Configuration Settings), SCHANNEL keys or a hardening tool may have done this; \
                    `rdpdoctor host check` on the server tells";
        found.push(Deviation { text: text.to_owned(), certainty: Certainty::Possible, facts: Vec::new() });
    }
    found
}

/// What differs from the defaults of all releases that the server may be; empty where its release is not known.
fn seen(evidence: &Evidence) -> Vec<Deviation> {
    let servers = servers(evidence);
    let Some(address) = client_address(evidence).filter(|_| !servers.is_empty()) else { return Vec::new() };
    let known = TlsKnown::at(address);
    let defaults = Defaults { servers: &servers, known: &known };
    let mut found: Vec<Deviation> = defaults.versions();
    found.extend(defaults.suites());
    found
}

struct Defaults<'a> {
    servers: &'a [&'static Profile],
    known: &'a TlsKnown<'a>,
}

impl Defaults<'_> {
    fn versions(&self) -> Vec<Deviation> {
        use ProtocolVersion as V;
        let mut found: Vec<Deviation> = [V::TLS13, V::TLS12, V::TLS11, V::TLS10]
            .into_iter()
            .filter_map(|version| self.version_gone(version))
            .collect();
        let added = self.known.picks.iter().find(|pick| !self.any_has(pick.version));
        found.extend(added.map(|pick| {
            let text = format!("{} is off in {}; the server picked it", pick.version, self.names());
            likely(text, pick)
        }));
        found
    }

    /// Offered and passed over, or offered alone and refused.
    fn version_gone(&self, version: ProtocolVersion) -> Option<Deviation> {
        if !self.all_have(version) {
            return None;
        }
        let names = self.names();
        let over = |pick: &&Pick<'_>| pick.version < version && pick.offered.versions.contains(&version);
        if let Some(pick) = self.known.picks.iter().find(over) {
            let text = format!("{version} is on in {names}; it was offered, and the server picked {}", pick.version);
            // Whether the RDP listener uses TLS 1.3 in every release that has it is not settled.
            let open = version >= ProtocolVersion::TLS13;
            return Some(if open {
                Deviation { certainty: Certainty::Possible, ..likely(text, pick) }
            } else {
                likely(text, pick)
            });
        }
        let spoken = self.known.picks.iter().any(|pick| pick.version == version);
        let alone = self.known.refusals.iter().find(|refusal| {
            let suites = &refusal.offered.suites;
            refusal.offered.versions == [version] && self.usable(version).iter().all(|suite| suites.contains(suite))
        });
        let refusal = alone.filter(|_| !spoken && !self.known.picks.is_empty())?;
        let text = format!("{version} is on in {names}; offered alone, it was refused");
        Some(Deviation { text, certainty: Certainty::Likely, facts: vec![refusal.fact()] })
    }

    fn suites(&self) -> Vec<Deviation> {
        let mut seen: Vec<(ProtocolVersion, CipherSuite)> = Vec::new();
        let mut found = Vec::new();
        for pick in &self.known.picks {
            let Some(suite) = pick.suite.filter(|_| self.all_have(pick.version)) else { continue };
            if !seen.contains(&(pick.version, suite)) {
                seen.push((pick.version, suite));
                found.extend(self.suite(pick, suite));
            }
        }
        found
    }

    fn suite(&self, pick: &Pick<'_>, suite: CipherSuite) -> Option<Deviation> {
        let releases = self.names();
        if !self.servers.iter().any(|server| server.suites.contains(&suite)) {
            return Some(likely(format!("{suite} is off in {releases}; the server picked it"), pick));
        }
        let earlier: Vec<CipherSuite> = self.earlier(pick, suite);
        let (shown, more) = earlier.split_at(earlier.len().min(NAMED));
        if shown.is_empty() {
            return None;
        }
        let list = shown.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        let text = format!(
            "{releases} prefers {list}{more}: offered, and the server picked {suite}; they are off or come later"
        );
        Some(likely(text, pick))
    }

    /// What each of the releases would have picked before this, and was offered.
    fn earlier(&self, pick: &Pick<'_>, suite: CipherSuite) -> Vec<CipherSuite> {
        let before = |server: &&'static Profile| {
            let place = server.suites.iter().position(|known| *known == suite).unwrap_or(server.suites.len());
            server.suites.iter().take(place).copied().collect::<Vec<_>>()
        };
        let lists: Vec<Vec<CipherSuite>> = self.servers.iter().map(before).collect();
        let common = lists.first().into_iter().flatten().copied();
        let usable = common.filter(|known| is_usable(*known, pick.version, self.known.key));
        usable
            .filter(|known| pick.offered.suites.contains(known) && lists.iter().all(|list| list.contains(known)))
            .collect()
    }

    fn usable(&self, version: ProtocolVersion) -> Vec<CipherSuite> {
        let all = self.servers.iter().flat_map(|server| &server.suites).copied();
        all.filter(|suite| is_usable(*suite, version, self.known.key)).collect()
    }

    fn any_has(&self, version: ProtocolVersion) -> bool {
        self.servers.iter().any(|server| server.server.is_some_and(|range| range.contains(version)))
    }

    fn all_have(&self, version: ProtocolVersion) -> bool {
        self.servers.iter().all(|server| server.server.is_some_and(|range| range.contains(version)))
    }

    fn names(&self) -> String {
        let mut names: Vec<&str> = self.servers.iter().map(|server| server.name.as_str()).collect();
        names.dedup();
        names.join(" or ")
    }
}

fn likely(text: String, pick: &Pick<'_>) -> Deviation {
    Deviation { text, certainty: Certainty::Likely, facts: vec![pick.fact()] }
}
