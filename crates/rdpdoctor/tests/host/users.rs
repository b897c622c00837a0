//! What the users of a disk keep in their own hives, which an independent writer makes.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::hive::filled;
use super::program::{assert_valid, run, told};

const JANE: &str = "S-1-5-21-1-2-3-1001";
const BOB: &str = "S-1-12-1-1-2-3-4";

const PROFILES: &str = r#"[\Microsoft\Windows NT\CurrentVersion]
"SystemRoot"="C:\\Windows"

[\Microsoft\Windows NT\CurrentVersion\ProfileList\S-1-5-18]
"ProfileImagePath"="%systemroot%\\system32\\config\\systemprofile"

[\Microsoft\Windows NT\CurrentVersion\ProfileList\S-1-5-21-1-2-3-1001]
"ProfileImagePath"="C:\\Users\\jane"

[\Microsoft\Windows NT\CurrentVersion\ProfileList\S-1-12-1-1-2-3-4]
"ProfileImagePath"="%SystemDrive%\\Users\\bob"
"#;

const OF_JANE: &str = r#"[\Software\Microsoft\Terminal Server Client\Default]
"MRU0"="ts01.example.com"
"MRU1"="ts02"

[\Software\Microsoft\Terminal Server Client\Servers\ts01.example.com]
"UsernameHint"="CORP\\jane"
"#;

const OF_BOB: &str = r#"[\Software\Microsoft\Terminal Server Client\Servers\ts03]
"UsernameHint"="AzureAD\\bob"
"#;

fn put(folder: &Path, path: &str, bytes: &[u8]) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A disk on which two people have profiles; none where the writer of hives is not installed.
fn disk() -> Option<TempDir> {
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    put(folder.path(), "Windows/System32/config/SOFTWARE", &filled(scratch.path(), PROFILES)?);
    put(folder.path(), "Users/jane/NTUSER.DAT", &filled(scratch.path(), OF_JANE)?);
    put(folder.path(), "Users/bob/ntuser.dat", &filled(scratch.path(), OF_BOB)?);
    Some(folder)
}

fn origin(folder: &TempDir) -> Value {
    let (report, _, _) = told(&["client", "check", "--offline", folder.path().to_str().unwrap()]);
    report["evidence"]["origin"].clone()
}

fn notes(origin: &Value) -> Vec<&str> {
    let notes = origin["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap());
    notes.filter(|note| note.contains("mstsc")).collect()
}

fn of(account: &str, server: &str, user: Option<&str>) -> Value {
    json!({ "server_name": server, "user": user, "account": account })
}

#[test]
fn servers_of_every_user_of_a_disk_are_remembered() {
    let Some(disk) = disk() else { return };
    let origin = origin(&disk);
    let jane = [of("jane", "ts01.example.com", Some("CORP\\jane")), of("jane", "ts02", None)];
    let mut servers = origin["cached_servers"]["observed"].as_array().unwrap().clone();
    servers.sort_by_key(|server| server["account"] == "bob");
    assert_eq!(servers, [jane.as_slice(), &[of("bob", "ts03", Some("AzureAD\\bob"))]].concat());
    assert!(notes(&origin).is_empty(), "{origin}");
    for unread in ["credentials", "resolver_cache"] {
        assert_eq!(origin[unread]["not-obtained"], "not knowable on a disk that is not running");
    }
}

#[test]
fn a_snapshot_of_them_tells_no_names_where_that_is_wanted() {
    let Some(disk) = disk() else { return };
    put(disk.path(), "Users/bob/ntuser.dat", b"regf, and then nothing");
    let output = run(["client", "snapshot", "--redact", "--offline", disk.path().to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_valid(&serde_json::from_str(&text).unwrap(), "snapshot");
    for name in ["jane", "bob", "CORP", "ts01", "ts02", JANE, BOB] {
        assert!(!text.contains(name), "{name} in {text}");
    }
}

#[test]
fn near_misses_leave_the_others_and_one_note() {
    for (bytes, why) in [(None, "there is no NTUSER.DAT"), (Some(b"regf".as_slice()), "damaged: NTUSER.DAT")] {
        let Some(disk) = disk() else { return };
        fs::remove_file(disk.path().join("Users/bob/ntuser.dat")).unwrap();
        if let Some(bytes) = bytes {
            put(disk.path(), "Users/bob/ntuser.dat", bytes);
        }
        let origin = origin(&disk);
        assert_eq!(origin["cached_servers"]["observed"].as_array().unwrap().len(), 2);
        let [note] = notes(&origin)[..] else { panic!("one note: {origin}") };
        assert!(note.contains(BOB) && note.contains(why) && !note.contains(JANE), "{note}");
    }
}

#[test]
fn where_no_hive_can_be_read_nothing_is_said_to_be_absent() {
    let Some(disk) = disk() else { return };
    fs::remove_dir_all(disk.path().join("Users")).unwrap();
    let origin = origin(&disk);
    let why = origin["cached_servers"]["not-obtained"].as_str().unwrap();
    assert!(why.contains(JANE) && why.contains(BOB), "{why}");
    assert!(notes(&origin).is_empty());
}

#[test]
fn a_profile_on_another_drive_or_out_of_the_volume_is_not_looked_for() {
    for path in [r"D:\\Users\\bob", r"C:\\..\\bob", r"\\\\host\\share"] {
        let Some(disk) = disk() else { return };
        let scratch = tempfile::tempdir().unwrap();
        let lines = PROFILES.replace(r"%SystemDrive%\\Users\\bob", path);
        put(disk.path(), "Windows/System32/config/SOFTWARE", &filled(scratch.path(), &lines).unwrap());
        let origin = origin(&disk);
        assert_eq!(origin["cached_servers"]["observed"].as_array().unwrap().len(), 2, "{path}");
        assert_eq!(notes(&origin).len(), 1, "{path}");
    }
}
