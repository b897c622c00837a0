use std::net::{IpAddr, SocketAddr};

use rdpdoctor_protocol::negotiation::Protocols;

use crate::catalogue::profile;
use crate::causes::CAUSES;
use crate::clients;
use crate::evidence::{Ending, Evidence, Offer, RemoteService, SystemAnswer};
use crate::judge::{Verdict, judge};
use crate::{Certainty, Detection, Severity};

/// One measurement that would tell more. The driver gives it to a source that can make it.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly every want is an attempt, and there are few of them")]
pub enum Want {
    /// The system's resolver.
    SystemResolver,
    /// The same name asked of each name server directly.
    NameServers,
    /// A TCP connection with this offer, until there are so many of the same.
    Attempt {
        /// To which endpoint.
        endpoint: SocketAddr,
        /// With what.
        offer: Offer,
        /// How many equal attempts there must be in all.
        times: usize,
    },
    /// One ICMP echo.
    Echo {
        /// To which address.
        address: IpAddr,
    },
    /// A service by which the machine could be reached otherwise.
    Service {
        /// Where.
        endpoint: SocketAddr,
        /// Which.
        service: RemoteService,
    },
}

impl Want {
    /// One attempt with this offer.
    pub fn attempt(endpoint: SocketAddr, offer: Offer) -> Self {
        Self::Attempt { endpoint, offer, times: 1 }
    }

    /// The same attempt once more than the first.
    pub fn repeat(endpoint: SocketAddr, offer: Offer) -> Self {
        Self::Attempt { endpoint, offer, times: 2 }
    }

    /// Whether the evidence already holds what this asks for, or why it cannot be had.
    pub fn is_met(&self, evidence: &Evidence) -> bool {
        match self {
            Self::SystemResolver => !evidence.resolution.system.is_not_tried(),
            Self::NameServers => !evidence.resolution.name_servers.is_not_tried(),
            Self::Attempt { endpoint, offer, times } => evidence.tries(*endpoint, offer).count() >= *times,
            Self::Echo { address } => evidence.echo(*address).is_some(),
            Self::Service { endpoint, service } => {
                evidence.services.iter().any(|seen| seen.service == *service && seen.endpoint == *endpoint)
            }
        }
    }

    /// TCP connections that it costs. Those to other services are not counted: they are four at most, and asked for.
    pub fn connections(&self) -> usize {
        usize::from(matches!(self, Self::Attempt { .. }))
    }
}

/// How thoroughly to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Verdict and root cause only: for fleets.
    Scan,
    /// What one machine's report needs.
    Gentle,
    /// Everything that can be told apart.
    Deep,
}

/// What may be spent on one target. Time is the driver's to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// TCP connections in all.
    pub connections: usize,
    /// How thoroughly to look.
    pub depth: Depth,
    /// Whether to ask by which other services the machine can be reached: one more connection each.
    pub services: bool,
    /// The id of a client whose own hello is worth connections, where one was asked about.
    pub client: Option<&'static str>,
}

impl Default for Budget {
    /// A broken server costs at most 20 connections; a healthy one is settled after at most 4.
    fn default() -> Self {
        Self { connections: 20, depth: Depth::Gentle, services: false, client: None }
    }
}

/// What is worth measuring next: empty once nothing affordable would change verdict or root cause.
///
/// The same evidence and budget always give the same wants, in the order of a connection's stages.
pub fn next(evidence: &Evidence, budget: &Budget) -> Vec<Want> {
    let mut wants = way_in(evidence);
    if wants.iter().all(|want| want.is_met(evidence)) && !is_settled(evidence) {
        wants.extend(CAUSES.iter().filter(|cause| Some(cause.severity) > floor(budget)).flat_map(|cause| {
            match (cause.detect)(evidence) {
                Detection::Unknown(wants) => wants,
                Detection::Likely(proof) => proof.wants,
                Detection::Confirmed(_) | Detection::RuledOut => Vec::new(),
            }
        }));
    }
    if budget.depth == Depth::Deep {
        wants.extend(enumeration(evidence));
        wants.extend(clients::for_all(evidence, &judge(evidence).findings));
    }
    if let Some(client) = budget.client.and_then(profile) {
        wants.extend(clients::for_one(client, evidence, &judge(evidence).findings));
    }
    if budget.services {
        wants.extend(services(evidence));
    }
    affordable(wants, evidence, budget)
}

/// The connection that a client would make: name, addresses, negotiation and TLS at the first that takes one.
fn way_in(evidence: &Evidence) -> Vec<Want> {
    if evidence.target.literal().is_none() {
        match evidence.resolution.system.observed() {
            None => return vec![Want::SystemResolver],
            Some(SystemAnswer::Addresses { .. }) => {}
            Some(SystemAnswer::NoSuchName | SystemAnswer::Failed { .. }) => return vec![Want::NameServers],
        }
    }
    let endpoints = evidence.endpoints();
    let further = Offer { tls: None, ..Offer::mstsc() };
    let (first, others) = (endpoints.first(), endpoints.iter().skip(1));
    let mut wants: Vec<Want> = first.map(|endpoint| Want::attempt(*endpoint, Offer::mstsc())).into_iter().collect();
    wants.extend(others.map(|endpoint| Want::attempt(*endpoint, further.clone())));
    // A client goes on to the next address when one does not connect.
    if wants.iter().all(|want| want.is_met(evidence)) {
        wants.extend(evidence.client_endpoint().map(|endpoint| Want::attempt(endpoint, Offer::mstsc())));
    }
    wants
}

/// Every protocol asked for alone, where the server speaks RDP.
fn enumeration(evidence: &Evidence) -> Vec<Want> {
    let Some(endpoint) = evidence.client_endpoint() else { return Vec::new() };
    if !evidence.attempts_at(endpoint).any(|(_, attempt)| attempt.spoke_rdp()) {
        return Vec::new();
    }
    let alone =
        [Protocols::RDP, Protocols::SSL, Protocols::HYBRID, Protocols::HYBRID_EX, Protocols::RDSTLS, Protocols::RDSAAD];
    alone.into_iter().map(|protocols| Want::attempt(endpoint, Offer::negotiate(protocols))).collect()
}

/// They answer whatever becomes of Remote Desktop, so they are asked beside it.
fn services(evidence: &Evidence) -> Vec<Want> {
    let Some(address) = evidence.addresses().first().copied() else { return Vec::new() };
    let want = |service: RemoteService| Want::Service { endpoint: SocketAddr::new(address, service.port()), service };
    RemoteService::ALL.map(want).into()
}

/// A proven wall needs no more connections.
fn is_settled(evidence: &Evidence) -> bool {
    let diagnosis = judge(evidence);
    let stopped = matches!(diagnosis.verdict, Verdict::Broken | Verdict::Unreachable);
    let root = diagnosis.root();
    let ours = evidence.attempts.iter().all(|attempt| matches!(attempt.ending, Ending::OurSystem { .. }));
    (stopped && root.is_some_and(|finding| finding.certainty == Certainty::Confirmed))
        || (ours && !evidence.attempts.is_empty())
}

/// Causes of this severity and below are not worth a connection of their own.
fn floor(budget: &Budget) -> Option<Severity> {
    (budget.depth == Depth::Scan).then_some(Severity::Informs)
}

fn affordable(wants: Vec<Want>, evidence: &Evidence, budget: &Budget) -> Vec<Want> {
    let mut left = budget.connections.saturating_sub(evidence.connections());
    let mut chosen: Vec<Want> = Vec::new();
    for want in wants {
        if want.is_met(evidence) || chosen.contains(&want) || want.connections() > left {
            continue;
        }
        left -= want.connections();
        chosen.push(want);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::FailureCode;

    use super::*;
    use crate::evidence::{ServiceAnswer, ServiceSeen};
    use crate::testing::{Scene, Script};

    const SCAN: Budget = Budget { connections: 20, depth: Depth::Scan, services: false, client: None };
    const DEEP: Budget = Budget { connections: 20, depth: Depth::Deep, services: false, client: None };

    fn offers(wants: &[Want]) -> Vec<Offer> {
        let offer = |want: &Want| match want {
            Want::Attempt { offer, .. } => Some(offer.clone()),
            _ => None,
        };
        wants.iter().filter_map(offer).collect()
    }

    fn healthy_nla() -> Scene {
        let required = FailureCode::HYBRID_REQUIRED_BY_SERVER;
        Scene::at("10.0.0.5")
            .client(|a| a.selects(Protocols::HYBRID_EX).completes_tls())
            .asks(Protocols::SSL, |a| a.fails(required))
            .asks(Protocols::RDP, |a| a.fails(required))
    }

    #[test]
    fn a_name_is_resolved_before_anything_is_connected() {
        assert_eq!(next(&Scene::unresolved("ts01").evidence(), &Budget::default()), [Want::SystemResolver]);
        let failed = Scene::unresolved("ts01").system(SystemAnswer::NoSuchName).evidence();
        assert_eq!(next(&failed, &Budget::default()), [Want::NameServers]);
    }

    #[test]
    fn every_address_is_asked_and_only_the_first_in_full() {
        let wants = next(&Scene::named("ts01", &["10.0.0.5", "10.0.0.6"]).evidence(), &Budget::default());
        assert_eq!(offers(&wants), [Offer::mstsc(), Offer { tls: None, ..Offer::mstsc() }]);
    }

    #[test]
    fn the_next_address_is_asked_in_full_when_the_first_does_not_connect() {
        let further = Offer { tls: None, ..Offer::mstsc() };
        let scene = Scene::named("ts01", &["10.0.0.5", "10.0.0.6"])
            .client(|a| a.ends(Ending::Refused))
            .tries(further, |a| a.to("10.0.0.6:3389").selects(Protocols::SSL));
        let wants = next(&scene.evidence(), &Budget::default());
        let second = "10.0.0.6:3389".parse().unwrap();
        assert!(wants.contains(&Want::attempt(second, Offer::mstsc())), "{wants:?}");
    }

    #[test]
    fn a_healthy_server_is_settled_after_three_connections() {
        assert_eq!(next(&healthy_nla().evidence(), &Budget::default()), []);
    }

    #[test]
    fn a_scan_asks_nothing_that_only_informs() {
        let scene = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::HYBRID_EX).completes_tls());
        assert_eq!(next(&scene.evidence(), &SCAN), []);
    }

    #[test]
    fn deep_asks_for_every_protocol_alone() {
        let asked = offers(&next(&healthy_nla().evidence(), &DEEP)).into_iter().filter(|offer| offer.tls.is_none());
        let asked: Vec<Offer> = asked.collect();
        let alone = [Protocols::HYBRID, Protocols::HYBRID_EX, Protocols::RDSTLS, Protocols::RDSAAD];
        assert_eq!(asked, alone.map(Offer::negotiate));
    }

    #[test]
    fn other_services_are_asked_for_once_and_only_when_wanted() {
        let all = Budget { services: true, ..Budget::default() };
        let asked = |wants: Vec<Want>| wants.iter().filter(|want| matches!(want, Want::Service { .. })).count();
        let refused = |a: Script| a.ends(Ending::Refused);
        let mut evidence = Scene::at("10.0.0.5").client(refused).client(refused).evidence();
        assert_eq!(asked(next(&evidence, &Budget::default())), 0);
        assert_eq!(asked(next(&evidence, &all)), 4);
        assert_eq!(asked(next(&Scene::unresolved("ts01").evidence(), &all)), 0);
        let endpoint = "10.0.0.5:22".parse().unwrap();
        let answer = ServiceAnswer::Refused;
        evidence.services.push(ServiceSeen { service: RemoteService::Ssh, endpoint, answer, after_ms: 1.0 });
        assert_eq!(asked(next(&evidence, &all)), 3);
        assert_eq!(evidence.connections(), 2, "they are counted apart");
    }

    #[test]
    fn a_proven_wall_costs_no_more_connections() {
        let refused = |a: Script| a.ends(Ending::Refused);
        let scene = Scene::at("10.0.0.5").client(refused).client(refused);
        assert_eq!(next(&scene.evidence(), &Budget::default()), []);
    }

    #[test]
    fn the_budget_is_never_exceeded() {
        let one = Budget { connections: 1, depth: Depth::Gentle, services: false, client: None };
        assert_eq!(next(&Scene::named("ts01", &["10.0.0.5", "10.0.0.6"]).evidence(), &one).len(), 1);
        assert_eq!(next(&Scene::at("10.0.0.5").client(|a| a.ends(Ending::Refused)).evidence(), &one), []);
    }
}
