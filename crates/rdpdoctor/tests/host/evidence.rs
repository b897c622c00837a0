//! `diagnose --evidence`: whatever was read elsewhere joins the probe.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::program::{Lab, run, told};

const LISTENER: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp";

fn collection() -> String {
    json!({ "collection": 1, "registry": { LISTENER: { "UserAuthentication": 1 } } }).to_string()
}

fn written(folder: &Path, name: &str, contents: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    fs::write(&path, contents).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A log that holds nothing, and whose header is damaged.
fn empty_log() -> Vec<u8> {
    [&b"ElfFile\0"[..], &[0; 4088]].concat()
}

#[test]
fn a_collection_and_the_snapshot_of_it_join_the_probe() {
    let folder = tempfile::tempdir().unwrap();
    let collected = written(folder.path(), "collected.json", collection());
    let snapshot = folder.path().join("snapshot.json").to_str().unwrap().to_owned();
    assert!(run(["host", "snapshot", &collected, "-o", &snapshot]).status.success());
    let server = Lab::serve("healthy");
    for file in [collected, snapshot] {
        let (joined, code, _) = told(&["diagnose", &server.address, "--evidence", &file]);
        assert_eq!((joined["verdict"].as_str(), code), (Some("healthy"), 0));
        assert_eq!(joined["evidence"]["host"]["way"], "collector");
        assert!(joined["evidence"]["origin"].is_null());
    }
}

#[test]
fn the_repair_of_a_server_that_is_elsewhere_is_typed_there() {
    let folder = tempfile::tempdir().unwrap();
    let off = json!({
        "collection": 1,
        "registry": { r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server": { "@keys": [], "fDenyTSConnections": 1 } },
    });
    let collected = written(folder.path(), "collected.json", off.to_string());
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (joined, ..) = told(&["diagnose", &closed, "--evidence", &collected]);
    assert_eq!(joined["root_cause"], "rdp-disabled");
    let first = &joined["findings"][0]["remedies"][0];
    assert_eq!((first["where"].as_str(), first["commands"][0].as_str()), (Some("server"), Some("rdpdoctor host fix")));
}

#[test]
fn server_client_logs_and_connection_file_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, contents: &[u8]| written(folder.path(), name, contents);
    let server = Lab::serve("healthy");
    let files = [
        at("server.json", collection().as_bytes()),
        at("client.json", json!({ "collection": 1, "client": true }).to_string().as_bytes()),
        at("System.evtx", &empty_log()),
        at("saved.rdp", format!("full address:s:{}\nenablecredsspsupport:i:0\n", server.address).as_bytes()),
    ];
    let files: Vec<&str> = files.iter().flat_map(|file| ["--evidence", file.as_str()]).collect();
    let (joined, code, stderr) = told(&[&["diagnose", &server.address][..], &files].concat());
    assert_eq!((joined["root_cause"].as_str(), code), (Some("client-profile-stale"), 1));
    let (host, origin) = (&joined["evidence"]["host"], &joined["evidence"]["origin"]);
    assert_eq!(host["registry"][LISTENER]["observed"]["values"]["UserAuthentication"]["dword"], 1);
    assert_eq!(host["channels"]["System"]["observed"]["damaged"], 1);
    assert_eq!((&origin["way"], stderr.as_str()), (&json!("collector"), ""));
    assert_eq!(origin["connections"]["observed"].as_array().unwrap().len(), 1);
}

#[test]
fn a_connection_file_names_the_target_where_nobody_does() {
    let folder = tempfile::tempdir().unwrap();
    let server = Lab::serve("healthy");
    let text = format!("full address:s:{}\nauthentication level:i:0\n", server.address);
    let file = written(folder.path(), "saved.rdp", text);
    let (report, code, stderr) = told(&["diagnose", "--evidence", &file]);
    assert_eq!((report["verdict"].as_str(), code), (Some("healthy"), 0));
    assert_eq!(report["remarks"][0]["line"], 2);
    assert_eq!(stderr, format!("rdpdoctor: probing {}, which {file} names\n", server.address));
    let other = written(folder.path(), "other.rdp", "full address:s:ts02.example\nenablecredsspsupport:i:0\n");
    let (report, code, stderr) = told(&["diagnose", &server.address, "--evidence", &other]);
    assert_eq!((report["verdict"].as_str(), code), (Some("healthy"), 0), "it is for another server");
    assert!(stderr.contains("is for ts02.example: it is not held against"), "{stderr}");
}

#[test]
fn a_folder_of_logs_and_its_single_logs_say_the_same() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/evtx");
    let logs = ["RdpCoreTS", "RemoteConnectionManager"];
    let sample = |log: &str| samples.join(format!("omer-vss0-{log}-Operational.evtx"));
    if !logs.iter().all(|log| sample(log).is_file()) {
        println!("skipped: there are no samples in {}", samples.display());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let names = ["RemoteDesktopServices-RdpCoreTS", "TerminalServices-RemoteConnectionManager"];
    for (log, name) in logs.iter().zip(names) {
        fs::copy(sample(log), folder.path().join(format!("Microsoft-Windows-{name}%4Operational.evtx"))).unwrap();
    }
    let server = Lab::serve("healthy");
    let causes = |files: &[PathBuf]| {
        let files = files.iter().flat_map(|file| ["--evidence", file.to_str().unwrap()]);
        let (report, _, _) = told(&["diagnose", &server.address].into_iter().chain(files).collect::<Vec<_>>());
        let of = |finding: &serde_json::Value| finding["cause"].as_str().unwrap().to_owned();
        report["findings"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    let whole = causes(&[folder.path().to_owned()]);
    assert!(whole.contains(&"brute-force-attack".to_owned()), "{whole:?}");
    assert_eq!(causes(&logs.map(sample)), whole);
}

#[test]
fn what_is_no_evidence_is_named_with_what_would_be() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, contents: &[u8]| written(folder.path(), name, contents);
    let nothing = folder.path().join("nothing").to_str().unwrap().to_owned();
    let empty = tempfile::tempdir().unwrap();
    for (file, says, code) in [
        (at("picture.png", b"\x89PNG\r\n\x1a\n"), "not a snapshot, what the collector script printed, a folder", 2),
        (at("empty", b""), "an .evtx log, or an .rdp file", 2),
        (at("other.json", br#"{"verdict": "broken"}"#), "neither a snapshot nor what the collector script prints", 2),
        (at("SYSTEM", b"regf0000"), "name the folder that holds it", 2),
        (at("notes.evtx", b"hello"), "an .evtx log", 2),
        (nothing, "No such file", 2),
        (empty.path().to_str().unwrap().to_owned(), "no Windows", 3),
    ] {
        let output = run(["diagnose", "127.0.0.1:9", "--evidence", &file]);
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), line.lines().count()), (Some(code), 1), "{line}");
        assert!(output.stdout.is_empty() && line.contains(&file) && line.contains(says), "{line}");
    }
}

#[test]
fn two_of_a_kind_or_no_target_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let one = written(folder.path(), "one.json", collection());
    let two = written(folder.path(), "two.json", collection());
    let saved = written(folder.path(), "saved.rdp", "audiomode:i:0\n");
    for (arguments, says) in [
        (vec!["diagnose", "127.0.0.1:9", "--evidence", &one, "--evidence", &two], "a second account of the server"),
        (vec!["diagnose", "a", "b", "--evidence", &one], "one target"),
        (vec!["diagnose", "--evidence", &saved], "no host to probe"),
    ] {
        let output = run(&arguments);
        let line = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), line.lines().count()), (Some(2), 1), "{line}");
        assert!(line.contains(says), "{line}");
    }
}

#[test]
#[cfg(unix)]
fn a_pipe_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe").to_str().unwrap().to_owned();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let places: [&[&str]; 5] = [
        &["diagnose", "127.0.0.1:9", "--evidence"],
        &["host", "check"],
        &["client", "check"],
        &["client", "check", "--rdp"],
        &["host", "check", "--offline"],
    ];
    for place in places {
        for file in [pipe.as_str(), "/dev/zero", "/"] {
            if file == "/" && matches!(place.last(), Some(&("--evidence" | "--offline"))) {
                continue;
            }
            let output = run([place, &[file]].concat());
            let line = String::from_utf8(output.stderr).unwrap();
            assert!(matches!(output.status.code(), Some(2 | 3)) && output.stdout.is_empty(), "{line}");
            assert!(line.lines().count() == 1 && line.contains(file), "{line}");
        }
    }
}
