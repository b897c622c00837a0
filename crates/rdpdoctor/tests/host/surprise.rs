//! A disk that somebody changes while a repair waits for consent, on a terminal as a person has it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::base::{Change, disk};
use super::fix::contents;
use super::hive::changed;

const BROKEN: &[Change] = &[
    (r"SYSTEM\ControlSet002\Control\Terminal Server", r#""fDenyTSConnections"=dword:00000001"#),
    (r"SYSTEM\ControlSet002\Control\Terminal Server\WinStations\RDP-Tcp", r#""UserAuthentication"=dword:00000000"#),
];
const MEANWHILE: &str =
    "[\\ControlSet002\\Control\\Terminal Server\\WinStations\\RDP-Tcp]\n\"UserAuthentication\"=dword:00000007\n\n";

/// Runs the program on a terminal that `script` makes.
fn on_terminal(folder: &Path) -> Child {
    let program = env!("CARGO_BIN_EXE_rdpdoctor");
    let line = format!("{program} host fix --all --apply --offline {}", folder.display());
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--flush", "--command", &line, "/dev/null"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

/// What is printed until these words have come.
fn until(words: &str, output: &mut ChildStdout) -> String {
    let mut said = String::new();
    let mut byte = [0];
    while !said.ends_with(words) && output.read(&mut byte).unwrap() == 1 {
        said.push(char::from(byte[0]));
    }
    assert!(said.ends_with(words), "{said}");
    said
}

#[test]
fn what_was_done_before_a_surprise_is_taken_back_on_request() {
    for answer in ["yes", "no"] {
        let Some(folder) = disk(BROKEN) else { return };
        let scratch = tempfile::tempdir().unwrap();
        let system = folder.path().join("Windows/System32/config/SYSTEM");
        let mut running = on_terminal(folder.path());
        let (mut typed, mut said) = (running.stdin.take().unwrap(), running.stdout.take().unwrap());
        until("Make these changes? Type yes to agree: ", &mut said);
        fs::write(&system, changed(scratch.path(), &fs::read(&system).unwrap(), MEANWHILE).unwrap()).unwrap();
        let before = contents(folder.path());
        typed.write_all(b"yes\n").unwrap();
        let surprise = until("Take back what was done until then? Type yes to agree: ", &mut said);
        assert!(surprise.contains("stopped: ") && surprise.contains("UserAuthentication"), "{surprise}");
        assert!(contents(folder.path()) != before, "the switch was set");
        typed.write_all(format!("{answer}\n").as_bytes()).unwrap();
        let mut end = String::new();
        said.read_to_string(&mut end).unwrap();
        assert_eq!(running.wait().unwrap().code(), Some(3), "{end}");
        assert_eq!(contents(folder.path()) == before, answer == "yes", "{end}");
        assert!(end.contains(if answer == "yes" { "as it was before" } else { "rdpdoctor host undo " }), "{end}");
    }
}
