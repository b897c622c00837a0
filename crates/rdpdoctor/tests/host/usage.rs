//! Wrong input: one line, the right exit code.

use std::fs;

use super::program::run;

fn refused(arguments: &[&str]) -> (i32, String) {
    let output = run(arguments);
    let line = String::from_utf8(output.stderr).unwrap();
    assert!(output.stdout.is_empty() && line.lines().count() == 1, "{line}");
    (output.status.code().unwrap(), line)
}

#[test]
#[cfg(not(windows))]
fn where_there_is_no_windows_it_says_what_to_do() {
    for command in ["check", "snapshot"] {
        let (code, line) = refused(&["host", command]);
        assert_eq!(code, 2);
        assert!(line.contains("--offline DIR") && line.contains("--format powershell"), "{line}");
    }
}

#[test]
fn a_folder_without_windows_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let (code, line) = refused(&["host", "check", "--offline", path]);
    assert!(code == 3 && line.contains(path) && line.contains("no Windows"), "{line}");
    let (code, line) = refused(&["host", "check", "--offline", "/no/such/folder"]);
    assert!(code == 3 && line.contains("/no/such/folder"), "{line}");
}

#[test]
fn images_are_to_be_mounted_or_unlocked_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image");
    for (mark, says) in [(&b"NTFS    "[..], "not mounted"), (b"-FVE-FS-", "BitLocker"), (b"garbage!", "no Windows")] {
        let sector = [&[0xeb, 0x52, 0x90][..], mark, &[0; 501]].concat();
        fs::write(&path, sector).unwrap();
        let (code, line) = refused(&["host", "check", "--offline", path.to_str().unwrap()]);
        assert!(code == 3 && line.contains(says), "{line}");
    }
}

#[test]
fn what_is_no_snapshot_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.json");
    for text in ["", "hello", "{}", "[1]", r#"{"collection": "x"}"#, "\u{1b}[31m"] {
        fs::write(&path, text).unwrap();
        let (code, line) = refused(&["host", "check", path.to_str().unwrap()]);
        assert!(code == 2 && line.contains("neither a snapshot nor") && !line.contains('\u{1b}'), "{line}");
    }
    assert_eq!(refused(&["host", "check", "/no/such/file"]).0, 2);
}

#[test]
fn hives_cut_short_give_what_they_have_and_one_line_of_why() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("SYSTEM"), b"regf").unwrap();
    let output = run(["host", "check", "--offline", folder.path().to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("SYSTEM: not a registry hive"), "{text}");
}
