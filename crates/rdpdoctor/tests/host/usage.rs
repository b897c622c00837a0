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
fn a_folder_in_the_wrong_place_is_told_from_an_empty_history() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let (code, line) = refused(&["host", "check", path]);
    assert!(code == 2 && line.contains(path) && line.contains("--offline"), "{line}");
    for command in ["history", "undo", "confirm"] {
        let (code, line) = refused(&["host", command, "--offline", "/no/such/folder"]);
        assert!(code == 3 && line.contains("/no/such/folder: no folder"), "{line}");
    }
    let (code, line) = refused(&["host", "undo", "--offline", path]);
    assert!(code == 3 && line.contains(path) && line.contains("no repair to take back"), "{line}");
    let output = run(["host", "history", "--offline", path]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"Nothing was repaired here.\n"[..]));
}

#[test]
fn wrong_words_of_a_repair_are_refused_before_anything_is_looked_at() {
    for (arguments, says) in [
        (&["rdp-disabeld"][..], "did you mean rdp-disabled?"),
        (&["grant-key-read"], "rdpdoctor host fix machine-keys-permissions"),
        (&["--confirm-within", "0"], "30m or 2h"),
        (&["--for", "99999999999999999999h"], "30m or 2h"),
        (&["--for", "9999h"], "168h"),
        (&["--apply", "--format", "json"], "leave out either"),
        (&["--port", "0"], "1..=65535"),
    ] {
        let all: Vec<&str> =
            ["host", "fix", "--offline", "/no/such/folder"].into_iter().chain(arguments.iter().copied()).collect();
        let (code, line) = refused(&all);
        assert!(code == 2 && line.contains(says), "{arguments:?}: {line}");
    }
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
    assert!(text.contains("[--]   host") && !text.contains("[ok]"), "what was not read is not fine: {text}");
}
