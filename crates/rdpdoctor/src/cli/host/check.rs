use std::time::Instant;

use clap::Args;
use jiff::Timestamp;
use rdpdoctor_diagnosis::evidence::{Evidence, Snapshot, Target};
use rdpdoctor_diagnosis::report::build;

use super::Input;
use super::proposing::propose;
use crate::cli::Failure;
use crate::cli::presenting::Presenting;
use crate::cli::probe::Measuring;
use crate::cli::told::Statements;
use crate::exit::Exit;
use crate::output::Output;

/// Say what on the server stops Remote Desktop, and prove it
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// Probe this host too, as the machine that was looked at; by default the one that we run on
    #[arg(long, value_name = "HOST")]
    probe: Option<Target>,
    /// Probe nothing
    #[arg(long, conflicts_with = "probe")]
    no_probe: bool,
    #[command(flatten)]
    statements: Statements,
    #[command(flatten)]
    presenting: Presenting,
    #[command(flatten, next_help_heading = "For the probe")]
    measuring: Measuring,
}

impl Arguments {
    pub(in crate::cli) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let begun = Instant::now();
        let told = self.statements.told()?;
        // Before the probe, whose own traces would stand in the log.
        let snapshot = self.input.snapshot()?;
        let whose = self.input.whose(&snapshot);
        let (mut evidence, interrupted) = match self.target(&snapshot) {
            Some(target) => self.measuring.evidence(target)?,
            None => (Evidence::new(Target::unnamed(), Timestamp::now()), false),
        };
        evidence.told = told;
        evidence.look_at_host(snapshot);
        let took = begun.elapsed().as_secs_f64() * 1000.0;
        let mut report = build(evidence, took);
        propose(&mut report, &whose);
        self.presenting.print(vec![report], interrupted, output)
    }

    /// Who is probed: whoever was named, and the machine itself where we are on it.
    fn target(&self, snapshot: &Snapshot) -> Option<Target> {
        if self.no_probe {
            return None;
        }
        let here = || self.input.is_here().then(|| Target::loopback(super::input::port(snapshot)));
        self.probe.clone().or_else(here)
    }
}
