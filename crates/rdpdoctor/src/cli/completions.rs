use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::{Cli, Failure};
use crate::exit::Exit;
use crate::output::Output;

/// Print a script by which a shell completes our command line
#[derive(Debug, Args)]
#[command(
    after_help = "bash: source <(rdpdoctor completions bash); zsh: into a file _rdpdoctor in a folder of $fpath; \
                        fish: into ~/.config/fish/completions/rdpdoctor.fish; PowerShell: rdpdoctor completions \
                        powershell | Out-String | Invoke-Expression, in $PROFILE; elvish: eval (rdpdoctor completions \
                        elvish | slurp), in rc.elv."
)]
pub(super) struct Arguments {
    /// For which shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

impl Arguments {
    pub(super) fn run(&self, output: &mut Output) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), "rdpdoctor", &mut script);
        output.print(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Good)
    }
}
