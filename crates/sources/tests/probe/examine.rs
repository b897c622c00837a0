//! The whole loop.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use openssl::ssl::SslVersion;
use rdpdoctor_diagnosis::evidence::{Ending, Target};
use rdpdoctor_diagnosis::{Budget, Verdict, judge};
use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};
use rdpdoctor_sources::probe::{End, Outcome, Probe, Progress, Timeouts, examine};

use crate::server::{acceptor, challenge, confirm, failure, probe, request, serve, stay_silent, ts_request};

/// A way to `server` that takes so long in each direction.
fn at_a_distance(server: SocketAddr, delay: Duration) -> SocketAddr {
    serve(move |near| {
        let far = TcpStream::connect(server).unwrap();
        near.set_nodelay(true).unwrap();
        far.set_nodelay(true).unwrap();
        let (from, to) = (far.try_clone().unwrap(), near.try_clone().unwrap());
        thread::spawn(move || carry(from, to, delay));
        carry(near, far, delay);
    })
}

fn carry(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let (sender, receiver) = channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        for (due, bytes) in receiver {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            // Whoever closed first wants nothing more.
            let _closed = if bytes.is_empty() { to.shutdown(Shutdown::Write) } else { to.write_all(&bytes) };
        }
    });
    let mut buffer = [0; 8192];
    loop {
        let length = from.read(&mut buffer).unwrap_or_default();
        if sender.send((Instant::now() + delay, buffer[..length].to_vec())).is_err() || length == 0 {
            return;
        }
    }
}

fn target(address: SocketAddr) -> Target {
    address.to_string().parse().unwrap()
}

async fn run(address: SocketAddr, probe: &Probe) -> Outcome {
    examine(target(address), Budget::default(), probe, |_| {}, std::future::pending()).await
}

/// Demands NLA and has a certificate that works.
fn healthy() -> SocketAddr {
    let acceptor = acceptor(SslVersion::TLS1_2, SslVersion::TLS1_3).build();
    serve(move |mut stream| {
        let asked = request(&mut stream).negotiation.map_or(Protocols::RDP, |negotiation| negotiation.protocols);
        if !asked.contains(Protocols::HYBRID) {
            stream.write_all(&failure(FailureCode::HYBRID_REQUIRED_BY_SERVER)).unwrap();
            return;
        }
        stream.write_all(&confirm(Protocols::HYBRID)).unwrap();
        if let Ok(mut session) = acceptor.accept(stream) {
            ts_request(&mut session);
            session.write_all(&challenge(6, Vec::new())).unwrap();
            let mut sink = Vec::new();
            // Whatever ends it, the prober does.
            let _ended = session.read_to_end(&mut sink);
        }
    })
}

#[tokio::test]
async fn a_healthy_server_costs_at_most_four_connections() {
    let address = healthy();
    let mut begun = 0;
    let mut ended = 0;
    let count = |progress: Progress<'_>| match progress {
        Progress::Begins(want) => begun += want.connections(),
        Progress::Ended(_, evidence) => ended = evidence.connections(),
        _ => {}
    };
    let outcome = examine(target(address), Budget::default(), &probe(), count, std::future::pending()).await;
    assert_eq!(judge(&outcome.evidence).verdict, Verdict::Healthy, "{:#?}", outcome.evidence);
    assert_eq!(outcome.end, End::Settled);
    let connections = outcome.evidence.connections();
    assert!((1..=4).contains(&connections), "{connections}");
    assert_eq!((begun, ended), (connections, connections));
    let started: Vec<f64> = outcome.evidence.attempts.iter().map(|attempt| attempt.started_ms).collect();
    assert!(started.is_sorted(), "{started:?}");
}

#[tokio::test]
async fn a_healthy_server_costs_at_most_twelve_round_trips() {
    const ROUND_TRIP: Duration = Duration::from_millis(100);
    let far = at_a_distance(healthy(), ROUND_TRIP / 2);
    let outcome = run(far, &Probe::default()).await;
    assert_eq!(outcome.end, End::Settled);
    assert!(outcome.evidence.attempts.iter().any(|attempt| attempt.credssp.is_some()));
    // The proxy delays no SYN, and at most every connection has one.
    let connections = u32::try_from(outcome.evidence.connections()).unwrap();
    assert!(outcome.duration < ROUND_TRIP * (12 - connections), "{:?}", outcome.duration);
}

#[tokio::test]
async fn a_closed_port_settles_within_the_budget() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let outcome = run(closed, &probe()).await;
    assert_eq!(outcome.end, End::Settled);
    assert!(outcome.evidence.connections() <= 20);
    let endings: Vec<_> =
        outcome.evidence.attempts.iter().filter(|attempt| attempt.endpoint == closed).map(|a| &a.ending).collect();
    assert!(!endings.is_empty() && endings.iter().all(|ending| **ending == Ending::Refused), "{endings:?}");
}

#[tokio::test]
async fn stopping_keeps_what_was_seen() {
    let silent = serve(stay_silent);
    let timeouts = Timeouts { wait: Duration::from_mins(1), total: Duration::from_mins(1) };
    let probe = Probe { timeouts, ..Probe::default() };
    let stop = tokio::time::sleep(Duration::from_millis(300));
    let outcome = examine(target(silent), Budget::default(), &probe, |_| {}, stop).await;
    assert_eq!(outcome.end, End::Stopped);
    let [attempt] = &outcome.evidence.attempts[..] else { panic!("{:?}", outcome.evidence.attempts) };
    assert!(attempt.connected.is_some() && attempt.ending == Ending::Ours, "{attempt:?}");
    assert!(outcome.duration < Duration::from_secs(30), "{:?}", outcome.duration);
}

#[tokio::test]
async fn the_whole_run_is_bounded() {
    let silent = serve(stay_silent);
    let timeouts = Timeouts { wait: Duration::from_millis(300), total: Duration::from_secs(1) };
    let outcome = run(silent, &Probe { timeouts, ..Probe::default() }).await;
    assert_ne!(outcome.end, End::Stopped);
    assert!(outcome.evidence.attempts.iter().any(|attempt| attempt.ending == Ending::Silent));
    assert!(outcome.duration < Duration::from_secs(20), "{:?}", outcome.duration);
}

#[tokio::test]
async fn a_silent_server_costs_one_wait() {
    const WAIT: Duration = Duration::from_secs(7);
    let silent = serve(stay_silent);
    let timeouts = Timeouts { wait: WAIT, total: WAIT * 4 };
    let outcome = run(silent, &Probe { timeouts, ..Probe::default() }).await;
    assert_eq!(outcome.end, End::Settled);
    let attempts = &outcome.evidence.attempts;
    assert!(attempts.iter().all(|attempt| attempt.ending == Ending::Silent), "{attempts:#?}");
    let [first, second] = &attempts[..] else { panic!("{} attempts", attempts.len()) };
    assert!(second.started_ms > first.started_ms && second.started_ms < first.ended_ms, "{attempts:#?}");
    assert!(outcome.duration < WAIT + Duration::from_secs(2), "{:?}", outcome.duration);
}

#[tokio::test]
async fn no_more_connections_are_open_than_allowed() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let seen = Arc::clone(&most);
    let address = serve(move |mut stream| {
        let now = open.fetch_add(1, Ordering::SeqCst) + 1;
        seen.fetch_max(now, Ordering::SeqCst);
        request(&mut stream);
        thread::sleep(Duration::from_millis(50));
        open.fetch_sub(1, Ordering::SeqCst);
    });
    run(address, &Probe { parallel: 1, ..probe() }).await;
    assert_eq!(most.load(Ordering::SeqCst), 1);
}
