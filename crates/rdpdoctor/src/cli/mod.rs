//! The command line: one file a subcommand.

mod ask;
mod client;
mod completions;
mod connection;
mod diagnose;
mod diff;
mod evidence;
mod explain;
mod file;
mod format;
mod host;
mod lab;
mod man;
mod presenting;
mod probe;
mod short;
mod told;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, Subcommand};

use crate::exit::Exit;
use crate::output::{Color, Output, complain};

const SHORT_USAGE: &str = "\
usage: rdpdoctor HOST[:PORT]...   find out why a Remote Desktop connection fails
       rdpdoctor 0x904/0x7        what a code, an event, a cause or a remedy means
       rdpdoctor --help           everything else
";

const AFTER_HELP: &str = "\
\"rdpdoctor HOST\" is short for \"rdpdoctor diagnose HOST\", \"rdpdoctor 0x904/0x7\" for \"rdpdoctor explain 0x904/0x7\".

Exit codes: 0 nothing stops a connection, 1 something does, 2 wrong usage, 3 the question could not be settled, \
130 interrupted.";

/// Finds out why a Remote Desktop connection fails, and proves it.
#[derive(Debug, Parser)]
#[command(name = "rdpdoctor", version, after_help = AFTER_HELP, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// When to colour the output
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    color: Color,
}

#[derive(Debug, Subcommand)]
enum Command {
    Diagnose(diagnose::Arguments),
    Explain(explain::Arguments),
    Host(host::Arguments),
    Client(client::Arguments),
    Lab(lab::Arguments),
    Diff(diff::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// Why a subcommand did not come to its end.
#[derive(Debug)]
enum Failure {
    /// The arguments do not make sense; the message says what to type instead.
    Usage(String),
    /// We could not do our work.
    Work(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Work(error.into())
    }
}

pub(crate) fn main() -> Exit {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.len() < 2 && ask::console_is_ours_alone() {
        return keep_asking(&arguments);
    }
    if arguments.len() < 2 {
        let _ = io::stderr().write_all(SHORT_USAGE.as_bytes());
        return Exit::Usage;
    }
    obey(arguments)
}

fn obey(arguments: Vec<OsString>) -> Exit {
    let illegible = arguments.iter().find(|argument| argument.to_str().is_none()).cloned();
    match Cli::try_parse_from(short::expand(arguments, &Cli::command())) {
        Ok(cli) => run(cli),
        Err(error) => explain_usage(&error, illegible.as_deref()),
    }
}

/// Each answer was printed when it came; there is no one answer for the exit code.
fn keep_asking(program: &[OsString]) -> Exit {
    let run = |words: Vec<OsString>| {
        obey(program.iter().cloned().chain(words).collect());
    };
    match ask::ask(&mut io::stdin().lock(), &mut io::stdout(), run) {
        Ok(()) => Exit::Good,
        Err(_) => Exit::Unsettled,
    }
}

fn run(cli: Cli) -> Exit {
    let mut output = Output::new(cli.color);
    let result = match cli.command {
        Command::Diagnose(arguments) => arguments.run(&mut output),
        Command::Explain(arguments) => arguments.run(&mut output),
        Command::Host(arguments) => arguments.run(&mut output),
        Command::Client(arguments) => arguments.run(&mut output),
        Command::Lab(arguments) => arguments.run(&mut output),
        Command::Diff(arguments) => arguments.run(&mut output),
        Command::Completions(arguments) => arguments.run(&mut output),
        Command::Man(arguments) => arguments.run(&mut output),
    };
    match result {
        Ok(exit) => exit,
        Err(Failure::Usage(message)) => {
            complain(&message);
            Exit::Usage
        }
        Err(Failure::Work(error)) if is_closed_pipe(&error) => Exit::Good,
        Err(Failure::Work(error)) => {
            complain(&format!("{error:#}"));
            Exit::Unsettled
        }
    }
}

/// Whoever read our output has seen enough.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Help and version as they are; what is wrong with the arguments in one line.
fn explain_usage(error: &clap::Error, illegible: Option<&OsStr>) -> Exit {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let _ = error.print();
        return Exit::Good;
    }
    let said = match (error.kind(), illegible) {
        (ErrorKind::InvalidUtf8, Some(argument)) => {
            format!("\"{}\" is no valid UTF-8: type it anew", argument.to_string_lossy())
        }
        _ => misplaced(error).unwrap_or_else(|| one_line(&error.to_string())),
    };
    complain(&said);
    Exit::Usage
}

/// What to say of an option that other subcommands have.
fn misplaced(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return None };
    let long = option.strip_prefix("--").filter(|_| error.kind() == ErrorKind::UnknownArgument)?;
    let cli = Cli::command();
    let has = |command: &&clap::Command| command.get_arguments().any(|argument| argument.get_long() == Some(long));
    let takers: Vec<&str> = cli.get_subcommands().filter(has).map(clap::Command::get_name).collect();
    let first = takers.first()?;
    Some(format!("{option} is an option of {}; see \"rdpdoctor {first} --help\"", takers.join(" and ")))
}

/// What clap says before it repeats the usage.
fn one_line(message: &str) -> String {
    let said = message.split("\nUsage:").next().unwrap_or_default();
    let said = said.split("\nFor more information").next().unwrap_or_default();
    let words: Vec<&str> = said.trim_start_matches("error:").split_whitespace().collect();
    format!("{}; see \"rdpdoctor --help\"", words.join(" ").replace(" tip: ", "; "))
}
