//! Faults of a disk that are mended, and taken back to what they were.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rdpdoctor_machine::hive::Hive;
use serde_json::Value;

use super::base::{Change, disk};
use super::program::{assert_valid, check, is_valid, run};

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
    demand(said.contains(&format!(" --offline {}\n", folder.display())), "what takes it back cannot be typed", &said)?;
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
fn a_report_says_what_to_type_next() {
    let Some(folder) = disk(&[(SERVER, OFF)]) else { return };
    let typed = format!("rdpdoctor host fix --offline {}", folder.path().display());
    // The page marks options up.
    for (format, typed) in [("text", typed.as_str()), ("markdown", &typed), ("html", "rdpdoctor host fix")] {
        let (report, ..) = host(folder.path(), &["check", "--format", format]);
        assert!(report.contains(typed), "{format}: {report}");
    }
    let (report, _) = check(&["--offline", folder.path().to_str().unwrap()]);
    let first = &report["findings"][0]["remedies"][0];
    assert_eq!((first["where"].as_str(), first["safety"].as_str()), (Some("here"), Some("safe")));
    assert_eq!(first["commands"][0].as_str(), Some(typed.as_str()));
    let (plan, ..) = host(folder.path(), &["fix"]);
    assert!(plan.contains("Nothing was changed"), "{plan}");
}

#[test]
fn what_a_person_has_to_mend_is_not_offered() {
    let fips = (r"SYSTEM\ControlSet002\Control\Lsa\FipsAlgorithmPolicy", r#""Enabled"=dword:00000001"#);
    let Some(folder) = disk(&[fips]) else { return };
    let (report, _) = check(&["--offline", folder.path().to_str().unwrap()]);
    assert_eq!(report["findings"][0]["cause"], "fips-mode");
    assert!(!report.to_string().contains("host fix"), "{report}");
}

/// The plan for programs, as its schema says, and the exit code.
fn plan(folder: &Path, arguments: &[&str]) -> (Value, i32) {
    let (text, error, code) = host(folder, &[&["fix", "--format", "json"], arguments].concat());
    let plan: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{error}"));
    assert_valid(&plan, "plan");
    (plan, code)
}

#[test]
fn programs_get_plans_as_the_schema_says() {
    let Some(folder) = disk(MANY) else { return };
    let (all, code) = plan(folder.path(), &["--all"]);
    assert_eq!((code, all["verdict"].as_str(), all["schema_version"].as_u64()), (1, Some("broken"), Some(1)));
    assert!(all["measures"].as_array().unwrap().len() > 2, "{all}");
    let typed = all["apply"].as_str().unwrap();
    assert!(typed.contains("--apply --offline ") && all["undo"].as_str().unwrap().contains("host undo"), "{typed}");
    let (harmful, _) = plan(folder.path(), &["firewall-off"]);
    assert_eq!((harmful["refused"][0]["reason"].as_str(), harmful["apply"].as_str()), (Some("by-person"), None));
    for wrong in ["{}", "[]", r#"{"schema_version": 1}"#] {
        let wrong: Value = serde_json::from_str(wrong).unwrap();
        assert!(!is_valid(&wrong, "plan") && !is_valid(&wrong, "history"), "{wrong}");
    }
}

#[test]
fn what_does_not_hold_is_said_and_what_does_is_named() {
    let Some(folder) = disk(&[(SERVER, OFF)]) else { return };
    for apply in [&[][..], &["--apply", "--yes"]] {
        let (said, error, code) = host(folder.path(), &[&["fix", "service-stopped"], apply].concat());
        assert_eq!((code, error.as_str()), (1, ""), "{said}");
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines[..2], ["Nothing to do:", "  service-stopped: it was not found on this machine"]);
        assert!(lines[2].contains("rdpdoctor host fix rdp-disabled --offline "), "{said}");
    }
    let (both, _) = plan(folder.path(), &["service-stopped", "rdp-disabled", "rdp-disabled"]);
    assert_eq!(both["measures"].as_array().unwrap().len(), 1);
    assert_eq!(both["refused"][0]["reason"], "not-found");
    assert!(!folder.path().join("ProgramData/rdpdoctor").exists());
}

#[test]
fn a_bridge_that_stands_already_is_no_failure() {
    let Some(folder) = disk(&[(LISTENER, r#""UserAuthentication"=dword:00000000"#)]) else { return };
    for apply in [&[][..], &["--apply", "--yes"]] {
        let (said, error, code) = host(folder.path(), &[&["fix", "nla-off"], apply].concat());
        assert_eq!((code, error.as_str()), (0, ""), "{said}");
        assert!(said.contains("Network Level Authentication is off already"), "{said}");
    }
    let (plan, code) = plan(folder.path(), &["nla-off"]);
    assert_eq!((plan["refused"][0]["reason"].as_str(), code), (Some("already-so"), 0));
}

#[test]
fn nothing_is_made_on_a_disk_that_only_a_running_windows_takes_back() {
    let Some(folder) = disk(&[(SERVER, OFF)]) else { return };
    for arguments in [
        &["fix", "nla-off", "--apply", "--yes"][..],
        &["fix", "nla-off", "--apply", "--yes", "--for", "5m"],
        &["fix", "--apply", "--yes", "--confirm-within", "5m"],
        &["fix", "nla-off", "--for", "5m"],
    ] {
        let (_, error, code) = host(folder.path(), arguments);
        assert_eq!((code, error.lines().count()), (2, 1), "{error}");
        assert!(error.contains("disk"), "{error}");
    }
    let (said, ..) = host(folder.path(), &["fix", "nla-off"]);
    assert!(said.contains("cannot be made on a disk") && !said.contains("To do it"), "{said}");
    assert!(!folder.path().join("ProgramData/rdpdoctor").exists());
}

#[test]
fn where_no_journal_can_be_kept_nothing_is_changed() {
    let Some(folder) = disk(&[(SERVER, OFF)]) else { return };
    let in_the_way = folder.path().join("ProgramData/rdpdoctor");
    fs::write(&in_the_way, "mine").unwrap();
    let before = contents(folder.path());
    let (_, error, code) = host(folder.path(), &["fix", "--apply", "--yes"]);
    assert_eq!((code, error.lines().count()), (3, 1), "{error}");
    assert!(error.contains("nothing was changed: ProgramData\\rdpdoctor is a link or a file"), "{error}");
    assert!(contents(folder.path()) == before && fs::read(&in_the_way).unwrap() == b"mine");
}

#[test]
fn history_and_forget_of_a_disk() {
    let Some(folder) = disk(&[(SERVER, OFF)]) else { return };
    let folder = folder.path();
    assert_eq!(host(folder, &["history"]).0, "Nothing was repaired here.\n");
    assert_eq!(host(folder, &["fix", "rdp-disabled", "--apply", "--yes"]).2, 0);
    let (rows, ..) = host(folder, &["history", "--format", "json"]);
    let history: Value = serde_json::from_str(&rows).unwrap();
    assert_valid(&history, "history");
    let rows = history["repairs"].as_array().unwrap();
    assert_eq!((rows[0]["standing"].as_str(), rows.len()), (Some("made"), 1));
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
