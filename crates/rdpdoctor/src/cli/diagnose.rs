use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use rdpdoctor_diagnosis::evidence::{Target, TargetError};
use rdpdoctor_diagnosis::report::build;

use super::Failure;
use super::evidence::Brought;
use super::host::{Whose, propose};
use super::probe::ProbeArguments;
use crate::exit::Exit;
use crate::output::Output;

/// Probe Remote Desktop servers, say what stops a connection, and prove it
#[derive(Debug, Args)]
pub(super) struct Arguments {
    // As help text and not as a doc comment, which would take the brackets for a link.
    #[arg(
        value_name = "TARGET",
        required_unless_present = "evidence",
        help = "A name or an address, with its port where that is not 3389: ts01, ts01:3390, [2001:db8::5]:3389"
    )]
    targets: Vec<String>,
    /// Judge this with it, as often as you like: a snapshot of the server or of the machine that one connects from, what the
    /// collector script printed there, a folder of the server's hives and event logs, a single .evtx, or an .rdp file
    #[arg(long, value_name = "FILE")]
    evidence: Vec<PathBuf>,
    #[command(flatten)]
    probe: ProbeArguments,
}

impl Arguments {
    pub(super) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let targets: Result<Vec<Target>, TargetError> = self.targets.iter().map(|target| target.parse()).collect();
        let targets = targets.map_err(|error| Failure::Usage(error.to_string()))?;
        if !self.evidence.is_empty() {
            return self.with_evidence(targets, output);
        }
        let runtime = tokio::runtime::Runtime::new()?;
        let exit = runtime.block_on(self.probe.diagnose(targets, output));
        // A look-up of the system may hang on in its thread; nobody waits for its answer any more.
        runtime.shutdown_background();
        exit
    }

    /// Probes the one target and judges it together with what was read elsewhere.
    fn with_evidence(&self, mut targets: Vec<Target>, output: &mut Output) -> Result<Exit, Failure> {
        let begun = Instant::now();
        if targets.len() > 1 {
            return Err(Failure::Usage("--evidence is about one host: name one target".to_owned()));
        }
        let told = self.probe.statements.told()?;
        let brought = Brought::read(&self.evidence)?;
        let target = targets.pop().or_else(|| brought.target()).ok_or_else(no_target)?;
        let (mut evidence, interrupted) = self.probe.measuring.evidence(target)?;
        evidence.told = told;
        brought.join(&mut evidence);
        let mut report = build(evidence, begun.elapsed().as_secs_f64() * 1000.0);
        if report.evidence.host.is_some() {
            propose(&mut report, &Whose::Elsewhere);
        }
        self.probe.presenting.print(vec![report], interrupted, output)
    }
}

fn no_target() -> Failure {
    let message = "no host to probe: name one, or an .rdp file that names one; \"rdpdoctor host check\" judges a snapshot by itself";
    Failure::Usage(message.to_owned())
}
