#![cfg(unix)]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::common::{Lab, code, err, out, program};

/// ^C, as the terminal sends it.
fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn what_is_known_is_printed_after_an_interruption() {
    let (silent, healthy) = (Lab::serve("server-unresponsive"), Lab::serve("healthy"));
    let begun = Instant::now();
    let child = program()
        .args(["diagnose", "--format", "jsonl", &silent.address, &healthy.address])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(3));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    let reports = out(&output);
    let reports: Vec<&str> = reports.lines().collect();
    let [silent, healthy] = reports[..] else { panic!("{reports:?}") };
    assert!(healthy.contains("\"verdict\":\"healthy\""), "{healthy}");
    assert!(silent.contains("\"verdict\":\"inconclusive\"") && silent.contains("takes TCP connections"), "{silent}");
    assert_eq!((code(&output), err(&output)), (130, String::new()));
    assert!(begun.elapsed() < Duration::from_secs(9), "it waited for the silent server");
}

#[test]
fn the_lab_serves_until_it_is_interrupted() {
    let child = program().args(["lab", "healthy"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 130);
    assert!(out(&output).contains(" shows healthy (nla): "));
    assert!(err(&output).contains("try \"rdpdoctor 127.0.0.1:"));
}
