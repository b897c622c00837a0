use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use super::common::{Lab, code, err, out, program, run};

fn schema() -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/report.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn assert_valid(report: &Value) {
    let faults: Vec<String> =
        schema().iter_errors(report).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{faults:#?}\n{report:#}");
}

#[test]
fn each_verdict_has_its_exit_code() {
    let cases = [
        ("healthy", "healthy", 0),
        ("healthy --variant tls", "healthy", 0),
        ("standard-security-only", "warning", 0),
        ("standard-security-only --fail-on warning", "warning", 1),
        ("certificate-missing", "broken", 1),
        ("port-closed", "unreachable", 1),
    ];
    for (fault, verdict, expected) in cases {
        let output = run(&format!("lab {fault} --diagnose --format json"));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_valid(&report);
        assert_eq!((report["verdict"].as_str(), code(&output)), (Some(verdict), expected), "{fault}");
        assert_eq!(err(&output), "", "{fault}");
    }
}

#[test]
fn what_time_does_not_settle_is_inconclusive() {
    let output = run("lab server-unresponsive --diagnose --format json --max-time 0.3");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_valid(&report);
    assert_eq!((report["verdict"].as_str(), code(&output)), (Some("inconclusive"), 3));
    assert!(!report["missing"].as_array().unwrap().is_empty());
}

#[test]
fn every_fault_of_the_lab_ends_in_a_valid_report() {
    for fault in
        ["handshake-reset", "negotiation-malformed", "nla-required", "not-rdp", "tls-not-allowed", "user-auth-required"]
    {
        let output = run(&format!("lab {fault} --diagnose --format json --timeout 2"));
        assert_valid(&serde_json::from_slice(&output.stdout).unwrap());
    }
}

#[test]
fn a_code_that_somebody_names_is_answered() {
    let output = run("lab private-key-unusable --diagnose --format json --error 0x904/0x7 --fact event=1057");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_valid(&report);
    assert_eq!(report["reported"][0]["explained_by"][0], "private-key-unusable");
    assert_eq!(report["evidence"]["told"]["codes"].as_array().map(Vec::len), Some(2));
    let healthy = run("lab healthy --diagnose --error 0x904/0x7");
    assert_eq!(code(&healthy), 0, "what is said does not make a healthy server ill");
    assert!(out(&healthy).contains("=> nothing that was measured from here explains it"), "{}", out(&healthy));
}

#[test]
fn a_redacted_report_is_valid_and_names_nobody() {
    let output = run("lab healthy --diagnose --format json");
    let plain: Value = serde_json::from_slice(&output.stdout).unwrap();
    let thumbprint = plain["certificates"][0]["sha1"].as_str().unwrap();
    let computer = plain["server"]["computer"].as_str().unwrap();
    for format in ["json", "jsonl", "text"] {
        let output = run(&format!("lab healthy --diagnose --redact --format {format}"));
        let redacted = out(&output);
        assert!(!redacted.contains(thumbprint) && !redacted.contains(computer), "{redacted}");
        assert!(redacted.contains("host-1") && redacted.contains("fingerprint-"), "{redacted}");
        if format == "json" {
            assert_valid(&serde_json::from_str(&redacted).unwrap());
        }
    }
}

#[test]
fn several_targets_are_printed_in_their_order() {
    let (healthy, broken) = (Lab::serve("healthy"), Lab::serve("certificate-missing"));
    let line = format!("{} {}", broken.address, healthy.address);

    let array = run(&format!("{line} --format json"));
    let reports: Value = serde_json::from_slice(&array.stdout).unwrap();
    let verdicts: Vec<_> = reports.as_array().unwrap().iter().map(|report| report["verdict"].clone()).collect();
    assert_eq!(verdicts, ["broken", "healthy"]);
    assert_eq!(code(&array), 1);

    let lines = out(&run(&format!("diagnose --format jsonl {line}")));
    assert_eq!(lines.lines().count(), 2);
    lines.lines().for_each(|line| assert_valid(&serde_json::from_str(line).unwrap()));

    let text = out(&run(&line));
    let (first, second) = (text.find("BROKEN").unwrap(), text.find("HEALTHY").unwrap());
    assert!(first < second, "{text}");
    let table: Vec<&str> = text.lines().rev().take(2).collect();
    assert!(table[1].starts_with(&broken.address) && table[0].starts_with(&healthy.address), "{text}");
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let coloured = |arguments: &str, no_color: bool| {
        let mut command = program();
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let output = command.args(arguments.split(' ')).output().unwrap();
        out(&output).contains("\u{1b}[")
    };
    assert!(!coloured("explain port-closed", false), "a pipe is no terminal");
    assert!(coloured("--color always explain port-closed", false));
    assert!(!coloured("--color never explain port-closed", false));
    assert!(!coloured("explain port-closed", true));
    assert!(coloured("--color always explain port-closed", true), "what is typed outweighs the environment");
}

#[test]
fn text_without_colour_is_ascii_and_fits_80_columns() {
    let report = out(&run("lab healthy --diagnose"));
    assert!(report.is_ascii(), "{report}");
    assert!(report.lines().all(|line| line.len() <= 80), "{report}");
    assert!(report.contains("[ok]   tls"), "{report}");
    assert!(out(&run("--color always lab healthy --diagnose")).contains('✓'));
}

#[test]
fn a_reader_who_leaves_ends_it_quietly() {
    let mut child =
        program().args(["explain", "--list"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), err(&output)), (0, String::new()));
}

#[test]
fn a_port_that_is_taken_is_our_trouble_and_not_an_answer() {
    let lab = Lab::serve("healthy");
    let output = run(&format!("lab healthy --listen {}", lab.address));
    assert_eq!(code(&output), 3);
    assert!(err(&output).starts_with(&format!("rdpdoctor: cannot listen on {}: ", lab.address)));
}
