use std::net::{IpAddr, SocketAddr};

use crate::causes::CAUSES;
use crate::evidence::{Ending, Evidence, Offer, SystemAnswer};
use crate::judge::{Verdict, judge};
use crate::{Certainty, Detection, Severity};

/// One measurement that would tell more. The driver gives it to a source that can make it.
#[derive(Debug, Clone, PartialEq)]
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
        }
    }

    /// TCP connections that it costs.
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
}

impl Default for Budget {
    /// A broken server costs at most 20 connections; a healthy one is settled after at most 4.
    fn default() -> Self {
        Self { connections: 20, depth: Depth::Gentle }
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
    affordable(wants, evidence, budget)
}

/// The connection that a client would make: name, first address that takes one, negotiation, TLS.
fn way_in(evidence: &Evidence) -> Vec<Want> {
    if evidence.target.literal().is_none() {
        match evidence.resolution.system.observed() {
            None => return vec![Want::SystemResolver],
            Some(SystemAnswer::Addresses { .. }) => {}
            Some(SystemAnswer::NoSuchName | SystemAnswer::Failed { .. }) => return vec![Want::NameServers],
        }
    }
    let mut wants = Vec::new();
    let mut client_is_in = false;
    for endpoint in evidence.endpoints() {
        let offer = if client_is_in { further() } else { Offer::mstsc() };
        let tried = evidence.attempts_at(endpoint).next();
        wants.push(Want::attempt(endpoint, tried.map_or(offer, |(_, attempt)| attempt.offer.clone())));
        // A client takes the next address only after this one has failed to connect.
        client_is_in |= tried.is_none_or(|(_, attempt)| attempt.connected.is_some());
    }
    wants
}

/// What a further address is asked: TCP and X.224.
fn further() -> Offer {
    Offer { tls: None, ..Offer::mstsc() }
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
