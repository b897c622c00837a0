//! The machine that one connects from, and what is read beside a probe.

use std::fs;

use serde_json::Value;

use super::program::{Lab, assert_valid, run};

const SAVED: &str = "full address:s:127.0.0.1\r\nauthentication level:i:0\r\nenablecredsspsupport:i:0\r\nhello\r\n";

fn report(arguments: &[&str]) -> (Value, i32) {
    let output = run(arguments.iter().chain(&["--format", "json"]));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{error}"));
    assert_valid(&report, "report");
    (report, output.status.code().unwrap())
}

#[test]
fn connection_files_are_linted_and_judged_against_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("saved.rdp");
    fs::write(&file, SAVED).unwrap();
    let file = file.to_str().unwrap();
    let (alone, _) = report(&["client", "check", "--rdp", file]);
    let lines: Vec<u64> = alone["remarks"].as_array().unwrap().iter().filter_map(|r| r["line"].as_u64()).collect();
    assert_eq!(lines, [2, 3, 4]);
    let server = Lab::serve("healthy");
    let (beside, code) = report(&["client", "check", "--rdp", file, "--server", &server.address]);
    assert_eq!((beside["root_cause"].as_str(), code), (Some("client-profile-stale"), 1));
}

#[test]
fn a_snapshot_joins_the_probe_of_its_server() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = folder.path().join("collected.json");
    let listener = r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp";
    let collected = serde_json::json!({ "collection": 1, "registry": { listener: { "UserAuthentication": 1 } } });
    fs::write(&snapshot, collected.to_string()).unwrap();
    let server = Lab::serve("healthy");
    let (joined, code) = report(&["diagnose", &server.address, "--evidence", snapshot.to_str().unwrap()]);
    assert_eq!((joined["verdict"].as_str(), code), (Some("healthy"), 0));
    assert_eq!(joined["evidence"]["host"]["way"], "collector");
}

#[test]
fn wrong_input_gets_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "no connection file").unwrap();
    let file = file.to_str().unwrap();
    for (arguments, says) in [
        (vec!["client", "check", "--rdp", file], "no connection file"),
        (vec!["client", "check", "--rdp", "/no/such/file"], "/no/such/file"),
        (vec!["diagnose", "a", "b", "--evidence", file], "one target"),
        (vec!["diagnose", "127.0.0.1", "--evidence", file], "neither a snapshot"),
    ] {
        let output = run(&arguments);
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), line.lines().count()), (Some(2), 1), "{line}");
        assert!(line.contains(says), "{line}");
    }
}
