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

    /// TCP connections begun so far.
    pub(super) fn connections(&self) -> usize {
        self.begun.iter().map(Want::connections).sum()
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

    /// Nothing is under way any more, whatever became of it.
    pub(super) fn all_closed(&mut self) {
        self.open.clear();
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

#[cfg(test)]
mod tests {
    use rdpdoctor_diagnosis::evidence::{Connected, Offer, Source, Target};

    use super::*;

    const ENDPOINT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 3389);

    fn attempt(connected_ms: Option<f64>, ending: Ending) -> Attempt {
        Attempt {
            source: Source::Probe,
            endpoint: ENDPOINT,
            local: None,
            offer: Offer::mstsc(),
            started_ms: 0.0,
            connected: connected_ms.map(|after_ms| Connected { after_ms }),
            negotiated: None,
            tls: None,
            credssp: None,
            received: 0,
            ending,
            ended_ms: 10_000.0,
        }
    }

    /// Two connections are begun; whether two still may be open after one ended like this.
    fn stays_at_two(begun: usize, ended: &Attempt) -> bool {
        let target: Target = ENDPOINT.to_string().parse().unwrap();
        let evidence = Evidence::new(target, jiff::Timestamp::UNIX_EPOCH);
        let want = Want::attempt(ENDPOINT, Offer::mstsc());
        let mut schedule = Schedule::new(2);
        for _ in 0..begun {
            assert!(schedule.may_begin(&want));
            schedule.begin(&want);
        }
        schedule.end(ended, &evidence);
        schedule.all_closed();
        schedule.begin(&want);
        schedule.may_begin(&want)
    }

    #[test]
    fn a_slow_syn_or_one_lost_in_company_makes_it_one_at_a_time() {
        assert!(stays_at_two(2, &attempt(Some(5.0), Ending::Ours)));
        assert!(!stays_at_two(2, &attempt(Some(1003.0), Ending::Ours)));
        assert!(!stays_at_two(2, &attempt(None, Ending::Silent)));
        assert!(stays_at_two(1, &attempt(None, Ending::Silent)), "it was alone");
        assert!(stays_at_two(2, &attempt(None, Ending::Refused)));
    }

    #[test]
    fn no_want_is_begun_more_often_than_it_asks_for() {
        let repeat = Want::repeat(ENDPOINT, Offer::mstsc());
        let mut schedule = Schedule::new(2);
        for _ in 0..2 {
            assert_eq!(schedule.fresh(vec![repeat.clone()]).len(), 1);
            schedule.begin(&repeat);
        }
        assert_eq!(schedule.fresh(vec![repeat.clone(), Want::NameServers]), [Want::NameServers]);
    }
}
