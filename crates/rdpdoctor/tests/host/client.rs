//! The machine that one connects from.

use std::fs;

use serde_json::{Value, json};

use super::program::{Lab, assert_valid, run, told};

const SAVED: &str = "full address:s:127.0.0.1\r\nauthentication level:i:0\r\nenablecredsspsupport:i:0\r\nhello\r\n";

const SERVERS: &str = r"HKCU\Software\Microsoft\Terminal Server Client\Servers";

fn report(arguments: &[&str]) -> (Value, i32) {
    let (report, code, _) = told(arguments);
    (report, code)
}

#[test]
fn connection_files_are_linted_and_judged_against_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("saved.rdp");
    fs::write(&file, SAVED).unwrap();
    let file = file.to_str().unwrap();
    let (alone, _) = report(&["client", "check", "--rdp", file, "--no-probe"]);
    assert_eq!(alone["connections"], 0);
    let lines: Vec<u64> = alone["remarks"].as_array().unwrap().iter().filter_map(|r| r["line"].as_u64()).collect();
    assert_eq!(lines, [2, 3, 4]);
    let server = Lab::serve("healthy");
    let (beside, code) = report(&["client", "check", "--rdp", file, "--server", &server.address]);
    assert_eq!((beside["root_cause"].as_str(), code), (Some("client-profile-stale"), 1));
}

#[test]
fn the_server_that_a_file_names_is_probed_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let (file, other) = (folder.path().join("saved.rdp"), folder.path().join("other.rdp"));
    let server = Lab::serve("healthy");
    fs::write(&file, format!("full address:s:{}\nenablecredsspsupport:i:0\n", server.address)).unwrap();
    fs::write(&other, "full address:s:127.0.0.1:9\n").unwrap();
    let (file, other) = (file.to_str().unwrap(), other.to_str().unwrap());
    let (said, code, stderr) = told(&["client", "check", "--rdp", file]);
    assert_eq!((said["root_cause"].as_str(), code), (Some("client-profile-stale"), 1));
    assert_eq!(stderr, format!("rdpdoctor: probing {}, which {file} names\n", server.address));
    let (said, _, stderr) = told(&["client", "check", "--rdp", file, "--rdp", other]);
    assert_eq!(said["connections"], 0);
    assert!(stderr.lines().count() == 1 && stderr.contains("nothing is probed") && stderr.contains(other), "{stderr}");
}

fn collected() -> Value {
    json!({
        "collection": 1,
        "client": true,
        "files": {
            "Users": { "folder": true },
            "Users\\jane": { "folder": true },
            "Users\\jane\\Documents": { "folder": true },
            "Users\\jane\\Documents\\Default.rdp": { "text": "full address:s:ts01\nauthentication level:i:0\npassword 51:b:" },
            "Windows\\System32\\drivers\\etc\\hosts": { "text": "# nothing\n10.9.9.9 ts01 # old\n" },
        },
        "registry": { SERVERS: { "@keys": ["ts01"] }, format!("{SERVERS}\\ts01"): { "UsernameHint": "CORP\\jane" } },
        "credentials": [{ "target": "TERMSRV/ts01", "user": "CORP\\jane" }],
        "resolver_cache": { "ts01": [{ "address": "10.8.8.8", "seconds": 90 }], "private": [] },
    })
}

#[test]
fn what_a_client_keeps_travels_in_its_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let (collection, snapshot) = (folder.path().join("collected.json"), folder.path().join("client.json"));
    fs::write(&collection, collected().to_string()).unwrap();
    let arguments = ["client", "snapshot", collection.to_str().unwrap(), "-o", snapshot.to_str().unwrap()];
    assert!(run(arguments).status.success());
    let written: Value = serde_json::from_str(&fs::read_to_string(&snapshot).unwrap()).unwrap();
    assert_valid(&written, "snapshot");
    let (judged, _, stderr) = told(&["client", "check", snapshot.to_str().unwrap()]);
    assert!(stderr.is_empty(), "{stderr}");
    let lines: Vec<u64> = judged["remarks"].as_array().unwrap().iter().filter_map(|r| r["line"].as_u64()).collect();
    assert_eq!(lines, [2, 3]);
    let origin = &judged["evidence"]["origin"];
    assert_eq!(origin["hosts_file"]["observed"][0], json!({ "line": 2, "hostname": "ts01", "address": "10.9.9.9" }));
    assert_eq!(origin["credentials"]["observed"][0], json!({ "server_name": "ts01", "user": "CORP\\jane" }));
    assert_eq!(
        origin["cached_servers"]["observed"][0],
        json!({ "server_name": "ts01", "user": "CORP\\jane", "account": null })
    );
    let cached = json!([{ "hostname": "ts01", "addresses": [{ "address": "10.8.8.8", "seconds": 90 }] }]);
    assert_eq!(origin["resolver_cache"]["observed"], cached, "and nobody else's name");
    let redacted = run(["client", "snapshot", collection.to_str().unwrap(), "--redact"]).stdout;
    let redacted = String::from_utf8(redacted).unwrap();
    for name in ["ts01", "jane", "CORP", "10.9.9.9", "10.8.8.8"] {
        assert!(!redacted.contains(name), "{name} in {redacted}");
    }
}

#[test]
fn a_snapshot_of_a_server_says_what_it_lacks_as_one_of_a_client() {
    let folder = tempfile::tempdir().unwrap();
    let (collection, snapshot) = (folder.path().join("collected.json"), folder.path().join("server.json"));
    fs::write(&collection, json!({ "collection": 1 }).to_string()).unwrap();
    assert!(run(["host", "snapshot", collection.to_str().unwrap(), "-o", snapshot.to_str().unwrap()]).status.success());
    let (_, _, stderr) = told(&["client", "check", snapshot.to_str().unwrap()]);
    assert!(stderr.lines().count() == 1 && stderr.contains("rdpdoctor client snapshot"), "{stderr}");
}

#[test]
fn the_disk_of_a_client_shows_what_its_users_keep() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    for path in ["Windows/System32/config", "Windows/System32/drivers/etc", "Users/jane/Desktop"] {
        fs::create_dir_all(at(path)).unwrap();
    }
    fs::write(at("Windows/System32/config/SYSTEM"), b"regf").unwrap();
    fs::write(at("Windows/System32/TSpkg.dll"), b"MZ").unwrap();
    fs::write(at("Windows/System32/drivers/etc/hosts"), "10.9.9.9 ts01\n").unwrap();
    fs::write(
        at("Users/jane/Desktop/ts01.rdp"),
        "full address:s:ts01\nenablecredsspsupport:i:0\npassword 51:b:c0ffee0a",
    )
    .unwrap();
    fs::write(at("Users/jane/Desktop/notes.txt"), "full address:s:ts01").unwrap();
    let (judged, code) = report(&["client", "check", "--offline", folder.path().to_str().unwrap()]);
    assert_eq!(code, 3, "nobody was probed");
    let lines: Vec<u64> = judged["remarks"].as_array().unwrap().iter().filter_map(|r| r["line"].as_u64()).collect();
    assert_eq!(lines, [2, 3]);
    let origin = &judged["evidence"]["origin"];
    assert_eq!(origin["connections"]["observed"].as_array().unwrap().len(), 1);
    assert_eq!(origin["hosts_file"]["observed"][0]["address"], "10.9.9.9");
    for unread in ["credentials", "cached_servers"] {
        assert!(origin[unread]["not-obtained"].is_string(), "{}", origin[unread]);
    }
    assert!(!judged.to_string().contains("c0ffee"), "no password");
}

#[test]
fn the_script_for_a_client_collects_more_than_that_for_a_server() {
    let script =
        |command: &str| String::from_utf8(run([command, "snapshot", "--format", "powershell"]).stdout).unwrap();
    assert!(script("client").contains("$Client = $true") && script("host").contains("$Client = $false"));
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
    ] {
        let output = run(&arguments);
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), line.lines().count()), (Some(2), 1), "{line}");
        assert!(line.contains(says), "{line}");
    }
}
