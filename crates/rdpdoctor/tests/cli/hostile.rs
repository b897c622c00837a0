//! Servers that attack whoever measures them cost bounded time and memory, and nothing of theirs reaches the reader as
//! more than text.

use std::fs;
use std::process::Output;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rdpdoctor_lab::{HOSTILE, Variant};

use crate::common::{Lab, code, out, program};

const WAIT: Duration = Duration::from_secs(2);
/// The longest time for one target, and what a busy machine may add to it.
const TOTAL: Duration = Duration::from_secs(8);
const LEEWAY: Duration = Duration::from_secs(5);
const MOST_KIB: u64 = 40 * 1024;
const MOST_CONNECTIONS: u64 = 20;
const LONGEST_OUTPUT: usize = 256 * 1024;
const SIDE_BY_SIDE: usize = 4;

#[test]
fn every_attack_is_survived() {
    let waiting = Mutex::new(HOSTILE.iter().collect::<Vec<_>>());
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE.min(HOSTILE.len()) {
            scope.spawn(|| {
                while let Some(variant) = next(&waiting) {
                    survives(variant);
                }
            });
        }
    });
}

fn next(waiting: &Mutex<Vec<&'static Variant>>) -> Option<&'static Variant> {
    waiting.lock().unwrap().pop()
}

fn survives(variant: &Variant) {
    let name = variant.name;
    let server = Lab::serve(&format!("hostile --variant {name}"));
    for format in ["text", "json", "html", "markdown"] {
        let run = measured(&server, format);
        assert!([0, 1, 3].contains(&code(&run.output)), "{name}: {:?}", run.output);
        assert!(run.took <= TOTAL + LEEWAY, "{name}: {:?}", run.took);
        assert!(run.peak_kib <= MOST_KIB, "{name}: {} KiB", run.peak_kib);
        let shown = out(&run.output);
        assert!((1..=LONGEST_OUTPUT).contains(&shown.len()), "{name}, {format}: {} bytes", shown.len());
        harmless(&shown, &format!("{name}, {format}"));
        if format == "json" {
            let report: serde_json::Value = serde_json::from_str(&shown).unwrap();
            assert!(report["connections"].as_u64().unwrap() <= MOST_CONNECTIONS, "{name}");
        }
    }
}

/// Neither controls nor marks that turn the direction of writing, and no markup that a browser would obey.
fn harmless(shown: &str, what: &str) {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let obeyed = |c: char| (c.is_control() && c != '\n') || turns(c);
    assert!(!shown.chars().any(obeyed), "{what}: {shown:?}");
    if !what.ends_with("json") && !what.ends_with("text") {
        assert!(!shown.contains("<script>alert"), "{what}: {shown}");
    }
}

struct Run {
    output: Output,
    took: Duration,
    peak_kib: u64,
}

/// GNU time tells the most memory that the program ever held.
fn measured(server: &Lab, format: &str) -> Run {
    let report = tempfile::NamedTempFile::new().unwrap();
    let seconds = |duration: Duration| duration.as_secs().to_string();
    let program = program();
    let mut command = std::process::Command::new("/usr/bin/time");
    command.args(["--format", "%M", "--quiet", "--output"]).arg(report.path()).arg(program.get_program());
    command.args(["diagnose", &server.address, "--format", format, "--color", "never"]);
    command.args(["--timeout", &seconds(WAIT), "--max-time", &seconds(TOTAL)]);
    let begun = Instant::now();
    let output = command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC").output().unwrap();
    let took = begun.elapsed();
    let peak_kib = fs::read_to_string(report.path()).unwrap().trim().parse().unwrap();
    Run { output, took, peak_kib }
}
