//! `rdpdoctor HOST` and `rdpdoctor CAUSE-ID` without their subcommand.

use std::ffi::OsString;

use clap::Command;
use rdpdoctor_diagnosis::causes;

const DIAGNOSE: &str = "diagnose";
const EXPLAIN: &str = "explain";

/// Puts the subcommand in where the first argument that is no option names none.
pub(super) fn expand(mut arguments: Vec<OsString>, cli: &Command) -> Vec<OsString> {
    let Some(first) = first_operand(&arguments, cli) else { return arguments };
    let is_subcommand = first == "help" || cli.find_subcommand(&first).is_some();
    if !is_subcommand {
        let subcommand = if causes::find(&first).is_some() { EXPLAIN } else { DIAGNOSE };
        arguments.insert(1, subcommand.into());
    }
    arguments
}

fn first_operand(arguments: &[OsString], cli: &Command) -> Option<String> {
    let mut rest = arguments.iter().skip(1).map(|argument| argument.to_string_lossy());
    while let Some(argument) = rest.next() {
        match argument.strip_prefix("--") {
            Some("") => return rest.next().map(Into::into),
            Some(option) if takes_value(option, cli) => drop(rest.next()),
            None if !argument.starts_with('-') => return Some(argument.into()),
            Some(_) | None => {}
        }
    }
    None
}

/// Whether the argument after this option belongs to it.
fn takes_value(option: &str, cli: &Command) -> bool {
    let mut known =
        cli.get_arguments().chain(cli.find_subcommand(DIAGNOSE).into_iter().flat_map(Command::get_arguments));
    known.any(|argument| argument.get_long() == Some(option) && argument.get_action().takes_values())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn expanded(line: &str) -> String {
        let arguments = std::iter::once("rdpdoctor").chain(line.split_whitespace()).map(OsString::from).collect();
        let expanded = expand(arguments, &Cli::command());
        expanded.iter().skip(1).map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_host_is_diagnosed_and_a_cause_explained() {
        assert_eq!(expanded("ts01"), "diagnose ts01");
        assert_eq!(expanded("ts01:3390 ts02"), "diagnose ts01:3390 ts02");
        assert_eq!(expanded("port-closed"), "explain port-closed");
    }

    #[test]
    fn options_may_stand_first() {
        assert_eq!(expanded("--color never ts01"), "diagnose --color never ts01");
        assert_eq!(expanded("--timeout 3 --deep ts01"), "diagnose --timeout 3 --deep ts01");
        assert_eq!(expanded("--format=json ts01"), "diagnose --format=json ts01");
        assert_eq!(expanded("-- ts01"), "diagnose -- ts01");
    }

    #[test]
    fn subcommands_and_bare_options_stay() {
        for line in ["diagnose ts01", "--color never explain port-closed", "lab --list", "help lab", "--version"] {
            assert_eq!(expanded(line), line);
        }
    }
}
