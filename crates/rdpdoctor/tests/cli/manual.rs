use std::io::Write;
use std::process::{Command, Stdio};

use super::common::{code, err, out, run};

/// Feeds a program, where it is installed, and gives what it says on stderr. `None` where it is not.
fn judged_by(program: &str, arguments: &[&str], input: &str) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().ok()?;
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program}: {}", err(&output));
    Some(err(&output))
}

#[test]
fn every_shell_gets_a_script_that_it_reads() {
    let readers = [("bash", &["-n"][..]), ("zsh", &["-n"]), ("fish", &["--no-execute"])];
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = run(&format!("completions {shell}"));
        let script = out(&output);
        assert_eq!((code(&output), err(&output)), (0, String::new()), "{shell}");
        for word in ["diagnose", "ways-in", "certificate"].iter().take(2) {
            assert!(script.contains(word), "{shell} knows no {word}");
        }
        if let Some((_, arguments)) = readers.iter().find(|(reader, _)| *reader == shell) {
            let said = judged_by(shell, arguments, &script).unwrap_or_default();
            assert_eq!(said, "", "{shell}");
        }
    }
    assert_eq!(code(&run("completions tcsh")), 2);
}

#[test]
fn every_page_of_the_manual_renders_without_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("man1");
    let output = run(&format!("man --dir {}", dir.display()));
    assert_eq!((code(&output), out(&output), err(&output)), (0, String::new(), String::new()));
    let pages: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(pages.len() >= 7, "{pages:?}");
    for page in pages {
        let roff = std::fs::read_to_string(&page).unwrap();
        assert!(roff.contains(".TH "), "{}", page.display());
        let said = judged_by("man", &["--warnings=w", "-l", "-"], &roff).unwrap_or_default();
        assert_eq!(said, "", "{}", page.display());
    }
}

#[test]
fn one_page_is_printed() {
    let page = out(&run("man diagnose"));
    assert!(page.contains(".TH rdpdoctor-diagnose 1") && page.contains("ways\\-in"), "{page}");
    assert!(out(&run("man")).contains(".TH rdpdoctor 1"));
    let unknown = run("man fly");
    assert_eq!(code(&unknown), 2);
    assert!(err(&unknown).contains("there are diagnose, explain"), "{}", err(&unknown));
}
