use std::path::Path;

use serde_json::Value;

use super::common::{Lab, code, err, out, program, run};

fn assert_valid(difference: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/difference.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = schema.iter_errors(difference).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:#?}\n{difference:#}");
}

/// The report of a server of the lab, in a file.
fn report(folder: &Path, name: &str, fault: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, run(&format!("lab {fault} --diagnose --format json")).stdout).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_repair_shows_and_the_exit_code_says_whether_it_works_now() {
    let folder = tempfile::tempdir().unwrap();
    let broken = report(folder.path(), "broken.json", "certificate-missing");
    let healthy = report(folder.path(), "healthy.json", "healthy");
    let cases = [
        (&broken, &healthy, "better", 0),
        (&healthy, &broken, "worse", 1),
        (&broken, &broken, "same", 1),
        (&healthy, &healthy, "same", 0),
    ];
    for (before, after, outcome, expected) in cases {
        let output = program().args(["diff", before, after, "--format", "json"]).output().unwrap();
        let difference: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_valid(&difference);
        assert_eq!((difference["outcome"].as_str(), code(&output)), (Some(outcome), expected), "{before} {after}");
    }
    let text = out(&program().args(["diff", &broken, &healthy]).output().unwrap());
    assert!(text.starts_with("BETTER  ") && text.contains("certificate-missing -> -"), "{text}");
    assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 80), "{text}");
    let markdown = out(&program().args(["diff", &broken, &healthy, "--format", "markdown"]).output().unwrap());
    assert!(markdown.contains("| verdict | broken | healthy |"), "{markdown}");
}

#[test]
fn two_hosts_or_a_report_and_a_host_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let before = report(folder.path(), "before.json", "certificate-missing");
    let (broken, twin) = (Lab::serve("certificate-missing"), Lab::serve("healthy"));
    let output = run(&format!("diff {} {}", broken.address, twin.address));
    assert_eq!((code(&output), err(&output)), (0, String::new()));
    assert!(out(&output).contains(&broken.address) && out(&output).contains(&twin.address), "{}", out(&output));
    let output = program().args(["diff", &before, &twin.address, "--redact"]).output().unwrap();
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(!out(&output).contains("lab.example"), "{}", out(&output));
}

#[test]
fn what_is_no_report_gets_one_line_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let good = report(folder.path(), "good.json", "healthy");
    let write = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let later = std::fs::read_to_string(&good).unwrap().replacen("\"schema_version\": 1", "\"schema_version\": 2", 1);
    let cases = [
        (write("later.json", later.as_bytes()), "schema_version 2, and this program reads 1"),
        (write("cut.json", &std::fs::read(&good).unwrap()[..900]), "line "),
        (write("empty", b""), "it is empty"),
        (
            write("passwd", b"root:x:0:0:root:/root:/bin/sh\n"),
            "line 1 column 1: expected value; a report is what --format json prints",
        ),
        (write("binary.json", b"\xff\x00\x80"), "no text"),
        (write("escape.json", b"{\"schema_version\": 1, \"verdict\": \"\x1b[31m\"}"), "line 1"),
        (folder.path().join("missing.json").to_str().unwrap().to_owned(), "missing.json: "),
    ];
    for (path, mend) in cases {
        let output = program().args(["diff", &good, &path]).output().unwrap();
        let said = err(&output);
        assert_eq!((code(&output), out(&output)), (2, String::new()), "{said}");
        assert!(said.contains(&format!("{path}: ")) && said.contains(mend), "{mend}: {said}");
        assert!(said.lines().count() == 1 && !said.contains('\u{1b}'), "{said}");
    }
}
