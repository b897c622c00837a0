//! `rdpdoctor HOST`, `rdpdoctor CODE` and `rdpdoctor CAUSE-ID` without their subcommand.

use std::ffi::OsString;

use clap::Command;

use super::explain;

const DIAGNOSE: &str = "diagnose";
const EXPLAIN: &str = "explain";

/// Puts the subcommand in where the first argument that is no option names none.
pub(super) fn expand(mut arguments: Vec<OsString>, cli: &Command) -> Vec<OsString> {
    let Some((first, second)) = operands(&arguments, cli) else { return arguments };
    let is_subcommand = first == "help" || cli.find_subcommand(&first).is_some();
    if !is_subcommand {
        let subcommand = if explain::is_meant(&first, second.as_deref()) { EXPLAIN } else { DIAGNOSE };
        arguments.insert(1, subcommand.into());
    }
    arguments
}

/// The first operand, and what stands behind it.
fn operands(arguments: &[OsString], cli: &Command) -> Option<(String, Option<String>)> {
    let mut rest = arguments.iter().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    while let Some(argument) = rest.next() {
        match argument.strip_prefix("--") {
            Some("") => return rest.next().map(|first| (first, rest.next())),
            Some(option) if takes_value(option, cli) => drop(rest.next()),
            None if !argument.starts_with('-') || is_negative(&argument) => return Some((argument, rest.next())),
            Some(_) | None => {}
        }
    }
    None
}

/// A status as Windows prints it: -2146893007.
fn is_negative(argument: &str) -> bool {
    argument.len() > 1 && argument.bytes().skip(1).all(|byte| byte.is_ascii_digit())
}

/// Whether the argument after this option belongs to it.
fn takes_value(option: &str, cli: &Command) -> bool {
    let mut known = cli.get_arguments().chain(
        [DIAGNOSE, EXPLAIN].into_iter().filter_map(|name| cli.find_subcommand(name)).flat_map(Command::get_arguments),
    );
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
        assert_eq!(expanded("10.0.0.5"), "diagnose 10.0.0.5");
    }

    #[test]
    fn a_code_is_explained() {
        for line in
            ["0x904/0x7", "0x904 0x7", "2308", "-2146893007", "Schannel 36874", "event 1057", "handshake_failure"]
        {
            assert_eq!(expanded(line), format!("explain {line}"));
        }
        assert_eq!(expanded("--format json 0x904/0x7"), "explain --format json 0x904/0x7");
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
