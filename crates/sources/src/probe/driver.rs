//! The loop: what the diagnosis wants, measured, until it wants nothing more.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use jiff::Timestamp;
use rdpdoctor_diagnosis::evidence::{
    Attempt, Echo, Ending, Evidence, NameServerAnswer, Seen, ServiceSeen, SystemAnswer, Target,
};
use rdpdoctor_diagnosis::{Budget, Want, next};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::attempt::attempt;
use super::clock::millis;
use super::echo::echo;
use super::resolve::{Scopes, resolve, scopes_of_literal};
use super::schedule::Schedule;
use super::wire::Wire;
use super::{End, NameServers, Outcome, Probe, Progress, name_servers, service};

/// How long connections may take to end once we stop.
const FAREWELL: Duration = Duration::from_millis(500);
/// The least patience with an endpoint that was silent before, unless less was asked for: lost packets come again
/// after one second, and after two more.
const SHORTEST_PATIENCE: Duration = Duration::from_secs(4);

/// Measures what the diagnosis of `target` needs. When `stop` completes, measurements under way end where they are and
/// what is known is returned. Needs a tokio runtime with I/O and time.
pub async fn examine(
    target: Target,
    budget: Budget,
    probe: &Probe,
    observer: impl FnMut(Progress<'_>),
    stop: impl Future<Output = ()>,
) -> Outcome {
    let origin = Instant::now();
    let mut run = Run {
        scopes: scopes_of_literal(&target.host),
        evidence: Evidence::new(target, Timestamp::now()),
        schedule: Schedule::new(probe.parallel),
        measuring: JoinSet::new(),
        hung_up: JoinSet::new(),
        halt: watch::Sender::new(false),
        late: unbounded_channel(),
        suspects: Vec::new(),
        budget,
        probe,
        origin,
        observer,
    };
    let stop = async {
        tokio::select! {
            () = stop => End::Stopped,
            () = sleep_until(origin + probe.timeouts.total) => End::OutOfTime,
        }
    };
    let mut stop = pin!(stop);
    let end = loop {
        let wants = run.schedule.fresh(next(&run.evidence, &budget));
        if wants.is_empty() {
            break End::Settled;
        }
        tokio::select! {
            () = run.satisfy(wants) => {}
            end = &mut stop => break end,
        }
    };
    run.halt().await;
    while run.hung_up.join_next().await.is_some() {}
    Outcome { evidence: run.evidence, duration: origin.elapsed(), end }
}

/// A finished measurement.
struct Finished {
    want: Want,
    brought: Brought,
}

enum Brought {
    Resolution { answer: io::Result<(SystemAnswer, Scopes)>, took: Duration },
    NameServers(Result<Vec<NameServerAnswer>, String>),
    Attempt(Box<Attempt>, Option<Wire>),
    Echo(Echo),
    Service(ServiceSeen),
}

struct Run<'a, O> {
    evidence: Evidence,
    scopes: Scopes,
    schedule: Schedule,
    measuring: JoinSet<Finished>,
    /// Connections that wait for the other side's farewell, which nothing else waits for.
    hung_up: JoinSet<()>,
    halt: watch::Sender<bool>,
    /// Attempts that take suspiciously long, as they would be if nothing more came.
    late: (UnboundedSender<Attempt>, UnboundedReceiver<Attempt>),
    suspects: Vec<Attempt>,
    budget: Budget,
    probe: &'a Probe,
    origin: Instant,
    observer: O,
}

impl<O: FnMut(Progress<'_>)> Run<'_, O> {
    /// Measures all of them, few at a time, in their order. While one takes suspiciously long, what would be wanted if
    /// nothing more came is measured already: a silent server costs one wait, and not one after the other.
    async fn satisfy(&mut self, wants: Vec<Want>) {
        let mut waiting = VecDeque::from(wants);
        let mut ahead = VecDeque::new();
        loop {
            while let Some(want) = waiting.pop_front_if(|want| self.schedule.may_begin(want)) {
                self.begin(want);
            }
            while let Some(want) = ahead.pop_front_if(|want| self.schedule.may_begin(want)) {
                self.begin(want);
            }
            tokio::select! {
                measured = self.measuring.join_next() => match measured {
                    Some(Ok(finished)) => {
                        self.record(finished);
                        ahead.clear();
                    }
                    // A task that panicked; the schedule sees to it that its want is not begun for ever.
                    Some(Err(_)) => {}
                    None if waiting.is_empty() => return self.suspects.clear(),
                    None => self.schedule.all_closed(),
                },
                Some(suspect) = self.late.1.recv() => {
                    self.suspects.push(suspect);
                    ahead = self.wanted_ahead(&waiting);
                }
            }
        }
    }

    /// What would be wanted if nothing more came of the suspects.
    fn wanted_ahead(&self, waiting: &VecDeque<Want>) -> VecDeque<Want> {
        let mut evidence = self.evidence.clone();
        evidence.attempts.extend(self.suspects.iter().cloned());
        let under_way = self.schedule.connections().saturating_sub(evidence.connections());
        let left = Budget { connections: self.budget.connections.saturating_sub(under_way), ..self.budget };
        let wants = self.schedule.fresh(next(&evidence, &left));
        wants.into_iter().filter(|want| !waiting.contains(want)).collect()
    }

    /// Whoever was silent once is not waited for so long again.
    fn patience(&self, want: &Want) -> Duration {
        let asked = self.probe.timeouts.wait;
        let Want::Attempt { endpoint, .. } = want else { return asked };
        let silent = |attempt: &Attempt| attempt.endpoint == *endpoint && attempt.ending == Ending::Silent;
        if self.evidence.attempts.iter().chain(&self.suspects).any(silent) {
            return asked.min(SHORTEST_PATIENCE.max(asked / 2));
        }
        asked
    }

    /// Ends what is under way, and keeps what it saw so far.
    async fn halt(&mut self) {
        self.halt.send_replace(true);
        let _ = timeout(FAREWELL, async {
            while let Some(finished) = self.measuring.join_next().await {
                if let Ok(finished) = finished {
                    self.record(finished);
                }
            }
        })
        .await;
        self.measuring.shutdown().await;
    }

    fn begin(&mut self, want: Want) {
        (self.observer)(Progress::Begins(&want));
        self.schedule.begin(&want);
        let patience = self.patience(&want);
        match want.clone() {
            Want::SystemResolver => {
                let host = self.evidence.target.host.clone();
                self.measure(want, async move {
                    let begun = Instant::now();
                    let answer = resolve(&host, patience).await;
                    Brought::Resolution { answer, took: begun.elapsed() }
                });
            }
            Want::NameServers => {
                let (target, whom) = (self.evidence.target.clone(), self.probe.name_servers.clone());
                self.measure(want, async move {
                    let whom = whom.map_or_else(NameServers::of_this_system, Ok);
                    Brought::NameServers(match whom {
                        Ok(whom) => name_servers::ask(&target, &whom, patience).await,
                        Err(why) => Err(why),
                    })
                });
            }
            Want::Attempt { endpoint, offer, .. } => {
                let (via, started_ms) = (self.scopes.apply(endpoint), millis(self.origin.elapsed()));
                let (mut halted, late) = (self.halt.subscribe(), self.late.0.clone());
                self.measure(want, async move {
                    let halt = async {
                        // The sender outlives the measurement.
                        let _ = halted.wait_for(|halted| *halted).await;
                    };
                    // Nobody listens any more once we stop.
                    let overdue = |attempt| drop(late.send(Attempt { started_ms, ..attempt }));
                    let (attempt, wire) = attempt(endpoint, via, offer, patience, halt, overdue).await;
                    Brought::Attempt(Box::new(Attempt { started_ms, ..attempt }), wire)
                });
            }
            Want::Echo { address } => {
                let via = self.scopes.apply(SocketAddr::new(address, 0));
                self.measure(want, async move { Brought::Echo(echo(via, patience).await) });
            }
            Want::Service { endpoint, service } => {
                let via = self.scopes.apply(endpoint);
                self.measure(
                    want,
                    async move { Brought::Service(service::ask(service, endpoint, via, patience).await) },
                );
            }
        }
    }

    fn measure(&mut self, want: Want, measurement: impl Future<Output = Brought> + Send + 'static) {
        self.measuring.spawn(async move { Finished { want, brought: measurement.await } });
    }

    fn record(&mut self, Finished { want, brought }: Finished) {
        match brought {
            Brought::Resolution { answer, took } => self.record_resolution(answer, took),
            Brought::NameServers(answers) => {
                self.evidence.resolution.name_servers = match answers {
                    Ok(answers) => Seen::by_probe(answers, Timestamp::now()),
                    Err(why) => Seen::NotObtained { why },
                };
            }
            Brought::Attempt(attempt, wire) => {
                if let Some(wire) = wire {
                    self.hung_up.spawn(wire.drain());
                }
                self.suspects
                    .retain(|suspect| (suspect.started_ms, &suspect.offer) != (attempt.started_ms, &attempt.offer));
                self.schedule.end(&attempt, &self.evidence);
                let earlier = |other: &Attempt| other.started_ms <= attempt.started_ms;
                let place = self.evidence.attempts.partition_point(earlier);
                self.evidence.attempts.insert(place, *attempt);
            }
            Brought::Echo(echo) => self.evidence.echoes.push(echo),
            Brought::Service(seen) => {
                self.evidence.services.push(seen);
                self.evidence.services.sort_by_key(|seen| seen.service);
            }
        }
        (self.observer)(Progress::Ended(&want, &self.evidence));
    }

    fn record_resolution(&mut self, answer: io::Result<(SystemAnswer, Scopes)>, took: Duration) {
        self.evidence.resolution.system = match answer {
            Ok((answer, scopes)) => {
                self.scopes = scopes;
                self.evidence.resolution.system_ms = Some(millis(took));
                Seen::by_probe(answer, Timestamp::now())
            }
            Err(error) => Seen::NotObtained { why: error.to_string() },
        };
    }
}
