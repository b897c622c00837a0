use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use super::{Cli, Failure};
use crate::exit::Exit;
use crate::output::Output;

/// Print a manual page, for man -l
#[derive(Debug, Args)]
#[command(after_help = "rdpdoctor man diagnose > page; man -l page shows one; rdpdoctor man --dir \
                        ~/.local/share/man/man1 installs all.")]
pub(super) struct Arguments {
    /// Of which subcommand; of the program itself where none is named
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
    /// Write every page into this folder, which is made where it is missing
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    dir: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(&self, output: &mut Output) -> Result<Exit, Failure> {
        if let Some(dir) = &self.dir {
            write_all(dir)?;
            return Ok(Exit::Good);
        }
        let page = page(named(self.command.as_deref())?)?;
        output.print(&page)?;
        Ok(Exit::Good)
    }
}

/// The command line with every name as it is typed; `help` is no page of its own.
fn program() -> Command {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    program
}

fn named(command: Option<&str>) -> Result<Command, Failure> {
    let Some(name) = command else { return Ok(program()) };
    program().find_subcommand(name).cloned().ok_or_else(|| {
        let known: Vec<String> = program().get_subcommands().map(|command| command.get_name().to_owned()).collect();
        Failure::Usage(format!("there is no subcommand \"{name}\"; there are {}", known.join(", ")))
    })
}

fn page(command: Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    let source = format!("rdpdoctor {}", env!("CARGO_PKG_VERSION"));
    Man::new(command).source(source).manual("rdpdoctor").render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn write_all(dir: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let program = program();
    for command in program.get_subcommands().chain([&program]) {
        let name = Man::new(command.clone()).get_filename();
        let path = dir.join(name);
        std::fs::write(&path, page(command.clone())?).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
