//! Faults of a disk that are mended, and taken back to what they were.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rdpdoctor_machine::hive::Hive;
use serde_json::Value;

use super::base::{Change, disk};
use super::program::{check, run};

const SERVER: &str = r"SYSTEM\ControlSet002\Control\Terminal Server";
const LISTENER: &str = r"SYSTEM\ControlSet002\Control\Terminal Server\WinStations\RDP-Tcp";
const SERVICE: &str = r"SYSTEM\ControlSet002\Services\TermService";
const POLICY: &str = r"SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services";
const TLS12: &str = r"SYSTEM\ControlSet002\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Server";

const OFF: &str = r#""fDenyTSConnections"=dword:00000001"#;

/// Faults that hives carry, each with what it is named and mended by.
const FAULTS: &[(&str, &[Change])] = &[
    ("rdp-disabled", &[(SERVER, OFF)]),
    ("rdp-disabled", &[(SERVER, r#""fDenyTSConnections"=-"#)]),
    ("rdp-disabled", &[(SERVER, OFF), (POLICY, OFF)]),
    ("service-stopped", &[(SERVICE, r#""Start"=dword:00000004"#)]),
    ("listener-disabled", &[(LISTENER, r#""fEnableWinStation"=dword:00000000"#)]),
    ("nla-disabled", &[(LISTENER, r#""UserAuthentication"=dword:00000000"#)]),
    ("security-layer-weak", &[(LISTENER, "\"SecurityLayer\"=dword:00000000\n\"UserAuthentication\"=dword:00000000")]),
    ("schannel-protocol-disabled", &[(TLS12, r#""Enabled"=dword:00000000"#)]),
    ("drain-mode", &[(SERVER, r#""TSServerDrainMode"=dword:00000001"#)]),
];

/// What the hives say, by an independent reader, the permissions of their keys, and all other files but the journals.
pub(crate) fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    collect(folder, &mut all);
    all.sort();
    all
}

fn collect(folder: &Path, all: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("ProgramData/rdpdoctor") {
            continue;
        }
        if path.is_dir() {
            collect(&path, all);
        } else {
            let is_hive = path.parent().is_some_and(|folder| folder.ends_with("config"));
            let bytes = if is_hive {
                [exported(&path), permissions(&path).into_bytes()].concat()
            } else {
                fs::read(&path).unwrap()
            };
            all.push((path, bytes));
        }
    }
}

fn exported(hive: &Path) -> Vec<u8> {
    let output = Command::new("hivexregedit").args(["--export", "--prefix", "X"]).arg(hive).arg("\\").output().unwrap();
    assert!(output.status.success(), "{}: {}", hive.display(), String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The permissions of all keys of a hive, one a line.
fn permissions(hive: &Path) -> String {
    let hive = Hive::open(fs::read(hive).unwrap(), Vec::new()).unwrap();
    let (mut lines, mut keys) = (Vec::new(), vec![(String::new(), hive.root())]);
    while let Some((path, key)) = keys.pop() {
        lines.push(format!("{path}: {:02x?}", key.security().unwrap()));
        keys.extend(key.subkeys().map(Result::unwrap).map(|below| (format!("{path}\\{}", below.name()), below)));
    }
    lines.join("\n")
}

pub(crate) fn host(folder: &Path, arguments: &[&str]) -> (String, String, i32) {
    let offline = ["--offline", folder.to_str().unwrap()];
    let output = run(["host"].iter().chain(arguments).chain(&offline));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
}

fn found(folder: &Path, cause: &str) -> bool {
    let (report, _) = check(&["--offline", folder.to_str().unwrap()]);
    let is_it = |finding: &Value| finding["cause"] == cause && finding["certainty"] != "possible";
    report["findings"].as_array().unwrap().iter().any(is_it)
}

/// Mends a fault where its repair has a plan for it, and takes that back; none where there is none or no disk. Each of both
/// is looked at.
pub(crate) fn mended_and_taken_back(cause: &str, changes: &[Change]) -> Option<Result<(), String>> {
    let disk = disk(changes)?;
    let (folder, before) = (disk.path(), contents(disk.path()));
    let (plan, ..) = host(folder, &["fix", cause]);
    if contents(folder) != before || folder.join("ProgramData/rdpdoctor").exists() {
        return Some(Err("a dry run changed something".to_owned()));
    }
    plan.contains("Nothing was changed").then(|| there_and_back(folder, cause, &before))
}

fn there_and_back(folder: &Path, cause: &str, before: &[(PathBuf, Vec<u8>)]) -> Result<(), String> {
    let demand = |holds: bool, what: &str, said: &str| if holds { Ok(()) } else { Err(format!("{what}: {said}")) };
    let (said, error, code) = host(folder, &["fix", cause, "--apply", "--yes"]);
    demand(code == 0, "it is not mended", &format!("{said}{error}"))?;
    demand(!found(folder, cause), "it is still found", &said)?;
    demand(contents(folder) != before, "nothing was changed", &said)?;
    let (said, error, code) = host(folder, &["undo", "--yes"]);
    demand(code == 0, "it is not taken back", &format!("{said}{error}"))?;
    demand(contents(folder) == before, "it is not as it was", &said)?;
    let (_, error, code) = host(folder, &["undo", "--yes"]);
    demand(code == 3 && error.lines().count() == 1, "it is taken back twice", &error)
}

#[test]
fn these_faults_have_a_plan() {
    for (cause, changes) in FAULTS {
        let Some(outcome) = mended_and_taken_back(cause, changes) else {
            assert!(disk(changes).is_none(), "{cause} has no plan");
            return;
        };
        assert_eq!(outcome, Ok(()), "{cause}");
    }
}

#[test]
fn what_can_only_be_mended_one_after_the_other_is_mended_in_one_run() {
    const OPEN: &str = "\"SecurityLayer\"=dword:00000000\n\"UserAuthentication\"=dword:00000000";
    const BOTH: [&str; 2] = ["security-layer-weak", "nla-disabled"];
    let Some(folder) = disk(&[(LISTENER, OPEN)]) else { return };
    let (folder, before) = (folder.path(), contents(folder.path()));
    assert!(BOTH.iter().all(|cause| found(folder, cause)));
    let plan = host(folder, &["fix", "--all"]).0;
    assert_eq!(host(folder, &["fix", "nla-disabled", "security-layer-weak"]).0.lines().count(), plan.lines().count());
    let (said, error, code) = host(folder, &["fix", "--all", "--apply", "--yes"]);
    assert_eq!(code, 0, "{said}{error}");
    assert!(!BOTH.iter().any(|cause| found(folder, cause)), "{said}");
    assert_eq!(host(folder, &["undo", "--yes"]).2, 0);
    assert!(contents(folder) == before);
}

/// Many values and a whole key, in two hives.
const MANY: &[Change] = &[
    (SERVER, OFF),
    (SERVICE, r#""Start"=dword:00000004"#),
    (LISTENER, "\"fEnableWinStation\"=dword:00000000\n\"UserAuthentication\"=dword:00000000"),
    (POLICY, OFF),
    (TLS12, r#""Enabled"=dword:00000000"#),
];

#[test]
fn a_repair_that_is_killed_loses_nothing() {
    let mut killed = 0;
    for lines in 1..30 {
        let Some(folder) = disk(MANY) else { return };
        let (folder, before) = (folder.path(), contents(folder.path()));
        if !kill_at(folder, lines) {
            break;
        }
        killed += 1;
        let (said, error, code) = host(folder, &["undo", "--yes"]);
        assert_eq!(code, 0, "killed at line {lines}: {said}{error}");
        assert!(contents(folder) == before, "killed at line {lines}");
    }
    assert!(killed > 5, "{killed} were killed in time");
}

/// Kills a repair as soon as its journal has so many lines. False where it ended before.
fn kill_at(folder: &Path, lines: usize) -> bool {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rdpdoctor"));
    command.args(["host", "fix", "--all", "--apply", "--yes", "--offline"]).arg(folder);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let is_there = has_written(&mut child, folder, lines);
    let _ = child.kill();
    child.wait().unwrap();
    is_there
}

/// Waits until the journal has so many lines. False where the repair ended before.
fn has_written(child: &mut Child, folder: &Path, lines: usize) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_mins(1) {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if journal(folder).is_some_and(|text| text.lines().count() >= lines) {
            return true;
        }
        thread::sleep(Duration::from_micros(200));
    }
    panic!("it neither writes nor ends");
}

fn journal(folder: &Path) -> Option<String> {
    let mut repairs = fs::read_dir(folder.join("ProgramData/rdpdoctor")).ok()?.flatten();
    repairs.find_map(|repair| fs::read_to_string(repair.path().join("journal.jsonl")).ok())
}

#[test]
fn history_and_forget_of_a_disk() {
    let Some(folder) = disk(&[(SERVER, OFF)]) else { return };
    let folder = folder.path();
    assert_eq!(host(folder, &["history"]).0, "Nothing was repaired here.\n");
    assert_eq!(host(folder, &["fix", "rdp-disabled", "--apply", "--yes"]).2, 0);
    let (rows, ..) = host(folder, &["history", "--format", "json"]);
    let rows: Value = serde_json::from_str(&rows).unwrap();
    assert_eq!((rows[0]["standing"].as_str(), rows.as_array().unwrap().len()), (Some("made"), 1));
    let id = rows[0]["id"].as_str().unwrap();
    let (_, error, code) = host(folder, &["undo", "20000101-000000"]);
    assert_eq!((code, error.lines().count()), (3, 1), "{error}");
    assert!(error.contains("host history"), "{error}");
    assert_eq!(host(folder, &["forget", id, "--yes"]).2, 0);
    assert_eq!(host(folder, &["forget", "--all", "--yes"]).2, 0);
    assert!(!folder.join("ProgramData/rdpdoctor").exists());
}

#[test]
fn a_hive_that_is_cut_short_is_left_as_it_is() {
    let Some(folder) = disk(&[(SERVER, OFF)]) else { return };
    let hive = folder.path().join("Windows/System32/config/SYSTEM");
    let bytes = fs::read(&hive).unwrap();
    fs::write(&hive, &bytes[..bytes.len() - 4096]).unwrap();
    let cut = fs::read(&hive).unwrap();
    let (_, error, code) = host(folder.path(), &["fix", "rdp-disabled", "--apply", "--yes"]);
    assert_ne!(code, 0, "{error}");
    assert!(fs::read(&hive).unwrap() == cut, "it is untouched");
}
