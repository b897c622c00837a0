//! A disk with damage: what can be had of it, one line that says what could not, and never a panic.

use std::fs;
use std::path::Path;

use super::base::{Change, disk, put};
use super::program::{answer, run};
use super::server::KEYS;

const SYSTEM: &str = "Windows/System32/config/SYSTEM";
const SOFTWARE: &str = "Windows/System32/config/SOFTWARE";
/// A fault that stops everybody, so that a report shows whether SYSTEM was read.
const OFF: [Change; 1] = [(r"SYSTEM\ControlSet002\Control\Terminal Server", r#""fDenyTSConnections"=dword:00000001"#)];

/// Exit code and text of a check.
fn check(folder: &Path) -> (Option<i32>, String) {
    let output = run(["host", "check", "--offline", folder.to_str().unwrap()]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.is_empty(), "{error}");
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

/// One line says so, and the exit code is this one.
fn assert_said(folder: &Path, says: &str, code: i32) {
    let (found, text) = check(folder);
    let times = unwrapped(&text).matches(says).count();
    assert!(found == Some(code) && times == 1, "{says}: {times} times, exit code {found:?}\n{text}");
}

/// The text without the breaks of its lines.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<&str>>().join(" ")
}

/// Writes the checksum of the base block anew.
fn sealed(mut hive: Vec<u8>) -> Vec<u8> {
    let sum = hive[..508].chunks_exact(4).fold(0, |sum, word| sum ^ u32::from_le_bytes(word.try_into().unwrap()));
    hive[508..512].copy_from_slice(&sum.to_le_bytes());
    hive
}

fn with(mut hive: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    hive[at..at + bytes.len()].copy_from_slice(bytes);
    hive
}

/// A change to the bytes of a hive.
type Damage = fn(Vec<u8>) -> Vec<u8>;

/// The number of the second write differs from that of the first: it was not finished.
fn unfinished(hive: Vec<u8>) -> Vec<u8> {
    sealed(with(hive, 8, &9_u32.to_le_bytes()))
}

#[test]
fn each_damage_of_a_hive_is_told_in_one_line() {
    let damages: [(&str, Damage, i32); 9] = [
        ("damaged hive SYSTEM: not a registry hive", |_| Vec::new(), 3),
        ("damaged hive SYSTEM: not a registry hive", |hive| hive[..100].to_vec(), 3),
        ("damaged hive SYSTEM: not a registry hive", |hive| with(hive, 0, b"MZ\x90\0"), 3),
        (
            "damaged hive SYSTEM: a registry hive of unknown version 2.0",
            |hive| sealed(with(hive, 20, &[2, 0, 0, 0, 0, 0, 0, 0])),
            3,
        ),
        ("damaged hive SYSTEM: a transaction log", |hive| sealed(with(hive, 28, &[6])), 3),
        // The root's cell is overwritten, or lies behind the end.
        ("damaged hive SYSTEM: the root key", |hive| with(hive, 4096 + 0x20, &[0; 0x58]), 3),
        ("damaged hive SYSTEM: the root key", |hive| hive[..4096].to_vec(), 3),
        ("newest values of the hive SYSTEM may be missing", unfinished, 1),
        ("newest values of the hive SYSTEM may be missing", |hive| with(hive, 508, &[0; 4]), 1),
    ];
    for (says, damage, code) in damages {
        let Some(folder) = disk(&OFF) else { return };
        let path = folder.path().join(SYSTEM);
        fs::write(&path, damage(fs::read(&path).unwrap())).unwrap();
        assert_said(folder.path(), says, code);
    }
}

#[test]
fn logs_that_do_not_belong_to_the_hive_change_nothing() {
    for log in [Vec::new(), vec![0xff; 512], vec![0; 4096], b"regf".to_vec()] {
        let Some(folder) = disk(&OFF) else { return };
        let hive = unfinished(fs::read(folder.path().join(SYSTEM)).unwrap());
        put(folder.path(), SYSTEM, &hive);
        put(folder.path(), &format!("{SYSTEM}.LOG1"), &log);
        // The log of another hive, of another time.
        let other = sealed(with(fs::read(folder.path().join(SOFTWARE)).unwrap(), 28, &[6]));
        put(folder.path(), &format!("{SYSTEM}.LOG2"), &other);
        assert_said(folder.path(), "newest values of the hive SYSTEM may be missing", 1);
    }
}

#[test]
fn without_software_system_is_still_judged() {
    let Some(folder) = disk(&OFF) else { return };
    fs::write(folder.path().join(SOFTWARE), b"regf").unwrap();
    assert_said(folder.path(), "damaged hive SOFTWARE: not a registry hive", 1);
    fs::remove_file(folder.path().join(SOFTWARE)).unwrap();
    assert_said(folder.path(), "read from its disk; there is no hive SOFTWARE", 1);
    fs::create_dir(folder.path().join(SOFTWARE)).unwrap();
    assert_said(folder.path(), "the hive SOFTWARE cannot be read: no ordinary file", 1);
}

#[test]
fn a_control_set_that_is_not_there_is_named() {
    let lost = [
        (
            (r"SYSTEM\Select", r#""Current"=dword:00000007"#),
            "damaged hive SYSTEM: ControlSet007, which is selected, is not there",
        ),
        ((r"SYSTEM\Select", r#""Current"="none""#), "damaged hive SYSTEM: no control set has the number"),
        ((r"-SYSTEM\Select", ""), "damaged hive SYSTEM: no control set is selected"),
    ];
    for (change, says) in lost {
        let Some(folder) = disk(&[change]) else { return };
        assert_said(folder.path(), says, 3);
    }
}

/// Bytes anywhere in the hives overwritten: some of them must be hit in the middle of what is read.
#[test]
fn random_damage_never_ends_the_program() {
    let Some(folder) = disk(&OFF) else { return };
    let healthy = [SYSTEM, SOFTWARE].map(|name| (name, fs::read(folder.path().join(name)).unwrap()));
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
    };
    for _ in 0..24 {
        for (name, bytes) in &healthy {
            let mut hive = bytes.clone();
            for _ in 0..64 {
                let at = random(hive.len());
                hive[at] = u8::try_from(random(256)).unwrap();
            }
            put(folder.path(), name, &hive);
        }
        let (code, text) = check(folder.path());
        assert!([Some(0), Some(1), Some(3)].contains(&code), "{code:?}\n{text}");
    }
}

#[test]
fn a_windows_that_sleeps_says_so_in_one_line() {
    for (mark, times) in [(&b"HIBR"[..], 1), (b"RSTR", 1), (b"wake", 0), (b"\0\0\0\0", 0)] {
        let Some(folder) = disk(&OFF) else { return };
        put(folder.path(), "hiberfil.sys", &[mark, &[0; 4092]].concat());
        let (code, text) = check(folder.path());
        assert_eq!(code, Some(1), "{text}");
        assert_eq!(unwrapped(&text).matches("Windows sleeps on this disk").count(), times, "{text}");
    }
}

/// A snapshot carries the same remarks, and its JSON alone goes to stdout.
#[test]
fn a_snapshot_of_it_says_so_on_stderr() {
    let Some(folder) = disk(&[]) else { return };
    put(folder.path(), "hiberfil.sys", b"hibr");
    let output = run(["host", "snapshot", "--offline", folder.path().to_str().unwrap()]);
    let line = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && line.lines().count() == 1 && line.contains("Windows sleeps"), "{line}");
    let snapshot: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(snapshot["notes"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_a_copy_of_some_files_lacks_is_not_missing_in_windows() {
    let Some(folder) = disk(&[]) else { return };
    let folder = folder.path();
    fs::remove_file(folder.join("Windows/System32/termsrv.dll")).unwrap();
    fs::remove_dir_all(folder.join(KEYS)).unwrap();
    let arguments = ["--offline", folder.to_str().unwrap()];
    assert_eq!(answer(&arguments).0, "broken", "a Windows without these files");
    fs::remove_file(folder.join("Windows/System32/ntdll.dll")).unwrap();
    let (verdict, root, code) = answer(&arguments);
    assert_eq!((verdict.as_str(), root.as_str(), code), ("inconclusive", "-", 3));
    assert_said(folder, "it is taken for a copy of some files", 3);
}
