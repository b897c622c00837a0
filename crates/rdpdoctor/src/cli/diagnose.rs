use clap::Args;
use rdpdoctor_diagnosis::evidence::{Target, TargetError};

use super::Failure;
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
    #[command(flatten)]
    probe: ProbeArguments,
}

impl Arguments {
    pub(super) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        let targets: Result<Vec<Target>, TargetError> = self.targets.iter().map(|target| target.parse()).collect();
        let targets = targets.map_err(|error| Failure::Usage(error.to_string()))?;
        let runtime = tokio::runtime::Runtime::new()?;
        let exit = runtime.block_on(self.probe.diagnose(targets, output));
        // A look-up of the system may hang on in its thread; nobody waits for its answer any more.
        runtime.shutdown_background();
        exit
    }
}
