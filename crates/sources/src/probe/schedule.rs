//! How many connections may be open at once, and which wants are not asked for again.

use std::net::SocketAddr;

use rdpdoctor_diagnosis::Want;
use rdpdoctor_diagnosis::evidence::{Attempt, Ending, Evidence};

/// From here on a SYN was lost or dropped: the first retransmission comes after a second.
const SLOW_SYN_MS: f64 = 900.0;

/// Decides what may begin now.
#[derive(Debug)]
pub(super) struct Schedule {
    parallel: usize,
    open: Vec<SocketAddr>,
    begun: Vec<Want>,
}

impl Schedule {
    pub(super) fn new(parallel: usize) -> Self {
        Self { parallel: parallel.max(1), open: Vec::new(), begun: Vec::new() }
    }

    /// The wants that were not begun as often as they may be: the rest would repeat for ever.
    pub(super) fn fresh(&self, wants: Vec<Want>) -> Vec<Want> {
        wants.into_iter().filter(|want| self.times_begun(want) < limit(want)).collect()
    }

    pub(super) fn may_begin(&self, want: &Want) -> bool {
        want.connections() == 0 || self.open.len() < self.parallel
    }

    pub(super) fn begin(&mut self, want: &Want) {
        if let Want::Attempt { endpoint, .. } = want {
            self.open.push(*endpoint);
        }
        self.begun.push(want.clone());
    }

    /// A connection is closed. Once a SYN was slow, or lost beside another connection, one at a time is enough: xrdp
    /// holds back no more than two.
    pub(super) fn end(&mut self, attempt: &Attempt, evidence: &Evidence) {
        if let Some(place) = self.open.iter().position(|endpoint| *endpoint == attempt.endpoint) {
            self.open.swap_remove(place);
        }
        let slow = attempt.connected.as_ref().is_some_and(|connected| connected.after_ms >= SLOW_SYN_MS);
        let lost = attempt.connected.is_none() && attempt.ending == Ending::Silent;
        if slow || (lost && self.had_company(attempt, evidence)) {
            self.parallel = 1;
        }
    }

    fn had_company(&self, attempt: &Attempt, evidence: &Evidence) -> bool {
        let beside = |other: &Attempt| {
            other != attempt
                && other.started_ms <= attempt.started_ms + attempt.ended_ms
                && other.started_ms + other.ended_ms >= attempt.started_ms
        };
        self.open.contains(&attempt.endpoint) || evidence.attempts_at(attempt.endpoint).any(|(_, other)| beside(other))
    }

    fn times_begun(&self, want: &Want) -> usize {
        self.begun.iter().filter(|begun| *begun == want).count()
    }
}

fn limit(want: &Want) -> usize {
    match want {
        Want::Attempt { times, .. } => *times,
        _ => 1,
    }
}
