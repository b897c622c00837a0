use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use rdpdoctor_diagnosis::evidence::{Target, TargetError};
use rdpdoctor_diagnosis::report::build;

use super::Failure;
use super::host::evidence_of;
use super::probe::ProbeArguments;
use crate::exit::Exit;
use crate::output::Output;

/// Probe Remote Desktop servers, say what stops a connection, and prove it
#[derive(Debug, Args)]
pub(super) struct Arguments {
    // As help text and not as a doc comment, which would take the brackets for a link.
    #[arg(
        value_name = "TARGET",
        required = true,
        help = "A name or an address, with its port where that is not 3389: ts01, ts01:3390, [2001:db8::5]:3389"
    )]
    targets: Vec<String>,
    /// Judge this with it: a snapshot of the server, what the collector script printed there, or a folder of its hives
    /// and event logs
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    #[command(flatten)]
    probe: ProbeArguments,
}

impl Arguments {
    pub(super) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let targets: Result<Vec<Target>, TargetError> = self.targets.iter().map(|target| target.parse()).collect();
        let targets = targets.map_err(|error| Failure::Usage(error.to_string()))?;
        if let Some(file) = &self.evidence {
            return self.with_evidence(file, targets, output);
        }
        let runtime = tokio::runtime::Runtime::new()?;
        let exit = runtime.block_on(self.probe.diagnose(targets, output));
        // A look-up of the system may hang on in its thread; nobody waits for its answer any more.
        runtime.shutdown_background();
        exit
    }

    /// Probes the one target and judges it together with what was read of it elsewhere.
    fn with_evidence(&self, file: &Path, targets: Vec<Target>, output: &mut Output) -> Result<Exit, Failure> {
        let begun = Instant::now();
        let [target] = <[Target; 1]>::try_from(targets)
            .map_err(|_| Failure::Usage("--evidence is about one host: name one target".to_owned()))?;
        let told = self.probe.statements.told()?;
        let snapshot = evidence_of(file)?;
        let (mut evidence, interrupted) = self.probe.measuring.evidence(target)?;
        evidence.told = told;
        evidence.look_at_host(snapshot);
        let report = build(evidence, begun.elapsed().as_secs_f64() * 1000.0);
        self.probe.presenting.print(vec![report], interrupted, output)
    }
}
