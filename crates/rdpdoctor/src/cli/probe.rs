//! What `diagnose` and `lab --diagnose` share: probing, printing, ^C.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use rdpdoctor_diagnosis::catalogue::profiles;
use rdpdoctor_diagnosis::evidence::{Evidence, Offer, Target, Told, share_sightings};
use rdpdoctor_diagnosis::report::{Report, build};
use rdpdoctor_diagnosis::{Budget, Depth, Want};
use rdpdoctor_sources::probe::{self, Outcome, Probe, Timeouts, examine};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::Failure;
use super::presenting::Presenting;
use super::told::Statements;
use crate::exit::Exit;
use crate::output::Output;
use crate::progress::Progress;

/// Targets that are probed at the same time.
const SIDE_BY_SIDE: usize = 128;
const SECONDS: std::ops::RangeInclusive<f64> = 0.1..=3600.0;

#[derive(Debug, Args)]
pub(super) struct ProbeArguments {
    #[command(flatten)]
    pub(super) measuring: Measuring,
    #[command(flatten)]
    pub(super) statements: Statements,
    #[command(flatten)]
    pub(super) presenting: Presenting,
}

/// How hosts are probed, whatever becomes of the reports.
#[derive(Debug, Args)]
pub(super) struct Measuring {
    /// Tell apart everything that can be told apart, at the price of more connections
    #[arg(long)]
    deep: bool,
    /// The longest wait for one answer
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds,
        allow_negative_numbers = true)]
    timeout: Duration,
    /// The longest time for one target
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds,
        allow_negative_numbers = true)]
    max_time: Duration,
    /// Ask which of SSH, WinRM and SMB answers, too: one connection each
    #[arg(long)]
    ways_in: bool,
    /// Answer for this client instead of a current mstsc: its id, such as windows-8-1 or freerdp-3
    #[arg(long, value_name = "PROFILE", value_parser = client)]
    client: Option<&'static str>,
}

/// What a run brought, after ^C too.
pub(super) struct Judged {
    /// In the order of the targets.
    pub(super) reports: Vec<Report>,
    /// Whether somebody typed ^C.
    pub(super) interrupted: bool,
}

impl ProbeArguments {
    /// Probes every target and prints what is known of each, after ^C too.
    pub(super) async fn diagnose(&self, targets: Vec<Target>, output: &mut Output) -> Result<Exit, Failure> {
        let told = self.statements.told()?;
        let Judged { reports, interrupted } = self.measuring.judge(targets, &told).await?;
        self.presenting.print(reports, interrupted, output)
    }
}

impl Measuring {
    /// Probes every target and judges them together, with what was told of their failure.
    pub(super) async fn judge(&self, targets: Vec<Target>, told: &Told) -> Result<Judged, Failure> {
        let progress = Arc::new(Progress::new(&targets));
        let stop = on_interrupt(Arc::clone(&progress));
        let mut seen: Vec<Option<Outcome>> = targets.iter().map(|_| None).collect();
        let mut running = self.start(targets, &progress, &stop);
        while let Some(done) = running.join_next().await {
            let (place, outcome) = done?;
            if let Some(slot) = seen.get_mut(place) {
                *slot = Some(outcome);
            }
            progress.done();
        }
        progress.clear();
        let reports = judge_together(seen.into_iter().flatten(), told, self.client);
        Ok(Judged { reports, interrupted: *stop.borrow() })
    }

    /// Probes one target, for evidence that is judged with more; and whether somebody typed ^C.
    pub(super) fn evidence(&self, target: Target) -> Result<(Evidence, bool), Failure> {
        let runtime = tokio::runtime::Runtime::new()?;
        let judged = runtime.block_on(self.judge(vec![target], &Told::default()));
        // A look-up of the system may hang on in its thread; nobody waits for its answer any more.
        runtime.shutdown_background();
        let Judged { reports, interrupted } = judged?;
        let report = reports.into_iter().next().ok_or_else(|| anyhow::anyhow!("the probe was lost"))?;
        Ok((report.evidence, interrupted))
    }

    fn start(
        &self,
        targets: Vec<Target>,
        progress: &Arc<Progress>,
        stop: &watch::Receiver<bool>,
    ) -> JoinSet<(usize, Outcome)> {
        let places = Arc::new(Semaphore::new(SIDE_BY_SIDE));
        let probe = Arc::new(self.probe());
        let budget = self.budget();
        let mut running = JoinSet::new();
        for (place, target) in targets.into_iter().enumerate() {
            let (places, probe, progress, stop) =
                (Arc::clone(&places), Arc::clone(&probe), Arc::clone(progress), stop.clone());
            running.spawn(async move {
                let _place = places.acquire_owned().await;
                let observer = |event: probe::Progress<'_>| {
                    if let probe::Progress::Begins(want) = event {
                        progress.says(place, &step(want));
                    }
                };
                (place, examine(target, budget, &probe, observer, interrupted(stop)).await)
            });
        }
        running
    }

    fn probe(&self) -> Probe {
        let timeouts = Timeouts { wait: self.timeout, total: self.max_time };
        Probe { timeouts, ..Probe::default() }
    }

    fn budget(&self) -> Budget {
        let depth = if self.deep { Depth::Deep } else { Depth::Gentle };
        Budget { depth, services: self.ways_in, client: self.client, ..Budget::default() }
    }
}

/// Some causes show only beside other targets: two hosts that serve one key.
fn judge_together(outcomes: impl Iterator<Item = Outcome>, told: &Told, client: Option<&str>) -> Vec<Report> {
    let (mut evidence, durations): (Vec<Evidence>, Vec<Duration>) = outcomes
        .map(|outcome| {
            (Evidence { told: told.clone(), client: client.map(str::to_owned), ..outcome.evidence }, outcome.duration)
        })
        .unzip();
    share_sightings(&mut evidence);
    let milliseconds = durations.into_iter().map(|duration| duration.as_secs_f64() * 1000.0);
    evidence.into_iter().zip(milliseconds).map(|(evidence, took)| build(evidence, took)).collect()
}

/// What is being done, for the line on the terminal.
fn step(want: &Want) -> String {
    match want {
        Want::SystemResolver => "asking the resolver".to_owned(),
        Want::NameServers => "asking the name servers".to_owned(),
        Want::Attempt { endpoint, offer, .. } => format!("connecting to {endpoint}{}", purpose(offer)),
        Want::Echo { address } => format!("sending an ICMP echo to {address}"),
        Want::Service { endpoint, .. } => format!("asking {endpoint} for another way in"),
    }
}

fn purpose(offer: &Offer) -> &'static str {
    match (&offer.negotiate, &offer.tls) {
        (None, _) => "",
        (Some(_), None) => " for X.224",
        (Some(_), Some(_)) => " for X.224 and TLS",
    }
}

/// Turns true at the first ^C. The second one ends the program at once.
fn on_interrupt(progress: Arc<Progress>) -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_err() {
            return sender.closed().await;
        }
        sender.send_replace(true);
        if tokio::signal::ctrl_c().await.is_ok() {
            progress.clear();
            std::process::exit(Exit::Interrupted as i32);
        }
    });
    receiver
}

/// Ready once ^C was typed.
async fn interrupted(mut stop: watch::Receiver<bool>) {
    if stop.wait_for(|stopped| *stopped).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The id as the table has it; a wrong one is answered with those of its family, or with the families.
fn client(text: &str) -> Result<&'static str, String> {
    let ids = || profiles().iter().filter(|profile| profile.is_client()).flat_map(|profile| &profile.ids);
    if let Some(id) = ids().find(|id| *id == text) {
        return Ok(id);
    }
    let family = text.split('-').next().unwrap_or_default();
    let alike: Vec<&str> =
        ids().map(String::as_str).filter(|id| !family.is_empty() && id.starts_with(family)).collect();
    if !alike.is_empty() {
        return Err(format!("no such client; known are {}", alike.join(", ")));
    }
    let families: BTreeSet<&str> = ids().filter_map(|id| id.split('-').next()).collect();
    let families: Vec<&str> = families.into_iter().collect();
    Err(format!("no such client; ids begin with {}: type one of these to see its ids", families.join(", ")))
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if SECONDS.contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(format!("type a number of seconds from {} to {}", SECONDS.start(), SECONDS.end())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_known_by_its_id_and_a_wrong_one_gets_suggestions() {
        assert_eq!(client("freerdp-3"), Ok("freerdp-3"));
        let wrong = client("freerdp-9").unwrap_err();
        assert!(wrong.contains("freerdp-2, freerdp-3, freerdp-3-27") && !wrong.contains("windows"), "{wrong}");
        let foreign = client("list").unwrap_err();
        assert!(foreign.contains(" windows:") && foreign.contains("freerdp") && foreign.len() < 200, "{foreign}");
    }

    #[test]
    fn waits_are_bounded() {
        assert_eq!(seconds("10"), Ok(Duration::from_secs(10)));
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        for wrong in ["", "0", "-1", "nan", "inf", "1e9", "ten"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
