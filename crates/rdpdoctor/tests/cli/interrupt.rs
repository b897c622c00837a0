#![cfg(unix)]

use std::io::{BufRead, BufReader};
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
    let mut child = program()
        .args(["diagnose", "--format", "jsonl", &silent.address, &healthy.address])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    stdout.read_line(&mut first).unwrap();
    assert!(first.contains("\"verdict\":\"healthy\""), "{first}");
    interrupt(&child);
    let mut second = String::new();
    stdout.read_line(&mut second).unwrap();
    assert!(second.contains("\"verdict\":\"inconclusive\""), "{second}");
    let output = child.wait_with_output().unwrap();
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
