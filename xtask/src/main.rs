//! The project's own checks and generators: `cargo xtask TASK`.

mod book;
mod generate;
mod licences;
mod metadata;
mod source;
mod walls;

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask TASK
  licences            every dependency has a licence that we may use, and comes from the registry
  walls               no crate leans on what it must not, and the pure crates do no I/O
  generate [--check]  writes the generated files, or only says which are out of date";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let faults = match arguments.as_slice() {
        ["licences"] => licences::check(),
        ["walls"] => walls::check(),
        ["generate"] => generate::write(),
        ["generate", "--check"] => generate::check(),
        _ => {
            let _ = writeln!(stderr(), "{USAGE}");
            return ExitCode::from(2);
        }
    };
    report(&arguments.join(" "), faults)
}

fn report(task: &str, faults: anyhow::Result<Vec<String>>) -> ExitCode {
    match faults {
        Ok(faults) if faults.is_empty() => {
            let _ = writeln!(stdout(), "{task}: nothing to mend");
            ExitCode::SUCCESS
        }
        Ok(faults) => {
            for fault in faults {
                let _ = writeln!(stderr(), "{task}: {fault}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            let _ = writeln!(stderr(), "{task}: {error:#}");
            ExitCode::from(3)
        }
    }
}
