//! Healthy servers at the end of slow, narrow and lossy cables.

use std::time::Duration;

use rdpdoctor_testbed::certificate::{Certificate, Key, KeyFile};
use rdpdoctor_testbed::freerdp_shadow::{self, Security};
use rdpdoctor_testbed::xrdp::Xrdp;
use rdpdoctor_testbed::{Network, Policy, SERVER_V4, Server, Site, Unavailable, on_hand};

use crate::run::{BROKEN, Diagnosis, HEALTHY, diagnose_in};

/// Runs over a lossy cable, each with a seed of its own.
const LOSSY_RUNS: u64 = 50;
/// They wait most of the time: together they take less than a minute on two cores.
const AT_ONCE: usize = 12;
/// Round trips from the first packet to the last.
const ROUND_TRIPS: f64 = 12.0;
/// A run may be held up by the machine: the fastest of these counts.
const TIMED_RUNS: usize = 4;
/// A round trip so long that the moods of a busy machine count for little.
const ROUND_TRIP_MS: u16 = 200;

fn over(policy: Policy, start: impl Fn(&Site) -> Result<Server, Unavailable>) -> Option<Diagnosis> {
    let network = on_hand(Network::new(policy))?;
    let _server = on_hand(start(&network.site()))?;
    Some(diagnose_in(&network, &SERVER_V4.to_string()))
}

fn delayed_by(milliseconds: u64) -> Policy {
    Policy { delay: Duration::from_millis(milliseconds), ..Policy::default() }
}

/// How long the fastest diagnosis takes over the cable, in milliseconds.
fn fastest(policy: Policy, start: &impl Fn(&Site) -> Result<Server, Unavailable>) -> Option<f64> {
    let network = on_hand(Network::new(policy))?;
    let _server = on_hand(start(&network.site()))?;
    let runs = (0..TIMED_RUNS).map(|_| {
        let diagnosis = diagnose_in(&network, &SERVER_V4.to_string());
        diagnosis.expect("healthy", None, HEALTHY);
        diagnosis.duration_ms()
    });
    runs.min_by(f64::total_cmp)
}

/// What a delay adds to the same diagnosis without it, in round trips: the server's own time drops out.
fn expect_few_round_trips(start: impl Fn(&Site) -> Result<Server, Unavailable>) {
    let Some(near) = fastest(Policy::default(), &start) else { return };
    let Some(far) = fastest(delayed_by(u64::from(ROUND_TRIP_MS) / 2), &start) else { return };
    let round_trips = (far - near) / f64::from(ROUND_TRIP_MS);
    assert!(round_trips <= ROUND_TRIPS, "{round_trips:.1} round trips: {far:.0} ms, and {near:.0} ms without");
}

#[test]
fn a_round_trip_of_300_ms_is_healthy() {
    let Some(diagnosis) = over(delayed_by(150), |site| Xrdp::default().start(site)) else { return };
    diagnosis.expect("healthy", None, HEALTHY);
}

/// As over a geostationary satellite, and worse.
#[test]
fn a_round_trip_of_a_second_is_healthy() {
    for delay in [300, 475, 600] {
        let Some(diagnosis) = over(delayed_by(delay), |site| Xrdp::default().start(site)) else { return };
        diagnosis.expect("healthy", None, HEALTHY);
    }
}

#[test]
fn nla_over_a_round_trip_of_300_ms_is_healthy() {
    let Some(diagnosis) = over(delayed_by(150), |site| freerdp_shadow::start(Security::Nla, site)) else { return };
    diagnosis.expect("healthy", None, HEALTHY);
}

#[test]
fn a_narrow_path_that_says_so_is_healthy() {
    for longest in [1280, 576] {
        let Some(network) = on_hand(Network::new(Policy::default())) else { return };
        network.limit_packets(longest).unwrap();
        let certificate = Certificate { key: Key::Rsa(4096), ..Certificate::LONG };
        let Some(_server) = on_hand(Xrdp { certificate, ..Xrdp::default() }.start(&network.site())) else { return };
        diagnose_in(&network, &SERVER_V4.to_string()).expect("healthy", None, HEALTHY);
    }
}

#[test]
fn xrdp_takes_few_round_trips() {
    expect_few_round_trips(|site| Xrdp::default().start(site));
}

#[test]
fn nla_takes_few_round_trips() {
    expect_few_round_trips(|site| freerdp_shadow::start(Security::Nla, site));
}

/// A healthy server on a bad cable is never called broken.
#[test]
fn a_fifth_of_the_packets_is_lost() {
    let seeds: Vec<u64> = (1..=LOSSY_RUNS).collect();
    for batch in seeds.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            let running: Vec<_> = batch
                .iter()
                .map(|seed| scope.spawn(|| expect_not_broken(*seed, |site| Xrdp::default().start(site))))
                .collect();
            for run in running {
                run.join().unwrap();
            }
        });
    }
}

/// Packets lost everywhere say nothing of the listener's queue.
#[test]
fn lost_packets_are_not_called_a_full_queue() {
    let expect = |seed: u64| {
        let policy = Policy { loss_percent: 20, seed, ..Policy::default() };
        let Some(diagnosis) = over(policy, |site| Xrdp::default().start(site)) else { return };
        let root = diagnosis.root_cause();
        assert!([None, Some("unstable-path")].contains(&root), "seed {seed}: {}", diagnosis.summary());
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (1..=24).map(|seed| scope.spawn(move || expect(seed))).collect();
        for run in running {
            run.join().unwrap();
        }
    });
}

#[test]
fn a_fifth_is_lost_before_nla() {
    std::thread::scope(|scope| {
        let run = |seed| move || expect_not_broken(seed, |site| freerdp_shadow::start(Security::Nla, site));
        let running: Vec<_> = (101..=108).map(|seed| scope.spawn(run(seed))).collect();
        for run in running {
            run.join().unwrap();
        }
    });
}

/// Far away, the same causes are found in the same time limit.
#[test]
fn faults_behind_a_round_trip_of_300_ms() {
    let certificate = Certificate { key_file: KeyFile::OfAnother, ..Certificate::PLAIN };
    let no_key = Xrdp { certificate, ..Xrdp::default() };
    let old = Xrdp { ssl_protocols: "TLSv1", tls_ciphers: "ALL:@SECLEVEL=0", ..Xrdp::default() };
    for (xrdp, verdict, cause) in [(no_key, "broken", "private-key-unusable"), (old, "warning", "tls-version-mismatch")]
    {
        let Some(diagnosis) = over(delayed_by(150), |site| xrdp.start(site)) else { return };
        diagnosis.expect(verdict, Some(cause), BROKEN);
        assert!(diagnosis.duration_ms() < 30_000.0, "the default time limit: {} ms", diagnosis.duration_ms());
    }
}

/// A bad cable hides no fault either.
#[test]
fn a_fifth_is_lost_before_a_server_without_its_key() {
    let certificate = Certificate { key_file: KeyFile::OfAnother, ..Certificate::PLAIN };
    let xrdp = Xrdp { certificate, ..Xrdp::default() };
    let expect = |seed: u64| {
        let policy = Policy { loss_percent: 20, seed, ..Policy::default() };
        let Some(diagnosis) = over(policy, |site| xrdp.start(site)) else { return };
        let verdict = diagnosis.verdict();
        assert!(!["healthy", "warning"].contains(&verdict), "seed {seed}: {}", diagnosis.summary());
        assert!(diagnosis.connections() <= BROKEN, "seed {seed}: {}", diagnosis.summary());
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (1..=8).map(|seed| scope.spawn(move || expect(seed))).collect();
        for run in running {
            run.join().unwrap();
        }
    });
}

fn expect_not_broken(seed: u64, start: impl Fn(&Site) -> Result<Server, Unavailable>) {
    let policy = Policy { loss_percent: 20, seed, ..Policy::default() };
    let Some(diagnosis) = over(policy, start) else { return };
    assert_ne!(diagnosis.verdict(), "broken", "seed {seed}: {}", diagnosis.summary());
    assert!(diagnosis.connections() <= BROKEN, "seed {seed}: {}", diagnosis.summary());
}
