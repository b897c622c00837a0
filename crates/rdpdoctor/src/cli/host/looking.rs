//! A look at the machine that a repair is planned for.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use jiff::Timestamp;
use rdpdoctor_diagnosis::evidence::{Evidence, Snapshot, Target};
use rdpdoctor_diagnosis::report::{Report, build};
use rdpdoctor_machine::Machine;
use rdpdoctor_sources::host;

use super::{Failure, input, proposing};
use crate::cli::probe::Measuring;

/// Which machine is looked at, and whether it is probed.
#[derive(Debug, Args)]
pub(super) struct Looking {
    /// Plan for the Windows on a disk that is mounted here, instead of the running one
    #[arg(long, value_name = "DIR", conflicts_with = "collected")]
    offline: Option<PathBuf>,
    /// Plan for the machine of which the collector script printed this
    #[arg(long, value_name = "FILE", conflicts_with = "apply")]
    collected: Option<PathBuf>,
    /// Probe nothing
    #[arg(long)]
    no_probe: bool,
    #[command(flatten, next_help_heading = "For the probe")]
    measuring: Measuring,
}

/// What was seen.
pub(super) struct Seen {
    /// The machine, to be looked at further.
    pub(super) machine: Box<dyn Machine>,
    /// What its snapshot and a probe say.
    pub(super) report: Report,
}

impl Looking {
    /// The disk, where it is one.
    pub(super) fn offline(&self) -> Option<&Path> {
        self.offline.as_deref()
    }

    /// The option that names it again.
    pub(super) fn whose(&self) -> String {
        match (&self.offline, &self.collected) {
            (Some(folder), _) => proposing::offline(folder),
            (None, Some(file)) => format!(" --collected {}", proposing::quoted(file)),
            (None, None) => String::new(),
        }
    }

    /// What the collector script printed, where it is that.
    pub(super) fn collected(&self) -> Option<&Path> {
        self.collected.as_deref()
    }

    /// Looks at the machine, probes it where it runs here, and judges both.
    pub(super) fn look(&self) -> Result<Seen, Failure> {
        let begun = Instant::now();
        let machine = input::machine(self.collected.as_deref(), self.offline())?;
        let snapshot = host::snapshot(&*machine, Timestamp::now());
        let mut evidence = self.probed(&snapshot)?;
        evidence.look_at_host(snapshot);
        let took = begun.elapsed().as_secs_f64() * 1000.0;
        Ok(Seen { machine, report: build(evidence, took) })
    }

    fn probed(&self, snapshot: &Snapshot) -> Result<Evidence, Failure> {
        if self.no_probe || self.offline.is_some() || self.collected.is_some() {
            return Ok(Evidence::new(Target::unnamed(), Timestamp::now()));
        }
        let (evidence, _) = self.measuring.evidence(Target::loopback(input::port(snapshot)))?;
        Ok(evidence)
    }
}
