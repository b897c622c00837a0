//! The pages: every server of the lab diagnosed, hostile ones too, and a run with several targets.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use rdpdoctor_lab::{FAULTS, HEALTHY, HOSTILE};

/// Few at a time: each run is a server and a probe.
const SIDE_BY_SIDE: usize = 6;
/// More than any server of the lab that answers needs.
const TIMEOUT_SECONDS: &str = "3";

/// Writes all pages into the folder.
pub(crate) fn pages(folder: &Path) -> Vec<PathBuf> {
    let waiting = Mutex::new(runs());
    let pages = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                loop {
                    let Some((name, words)) = waiting.lock().unwrap().pop() else { return };
                    let page = folder.join(format!("{name}.html"));
                    fs::write(&page, run(&words)).unwrap();
                    pages.lock().unwrap().push(page);
                }
            });
        }
    });
    let mut pages = pages.into_inner().unwrap();
    pages.sort();
    pages
}

/// Each server with the words that diagnose it; of each fault the first variant.
fn runs() -> Vec<(String, Vec<&'static str>)> {
    let healthy = HEALTHY.iter().map(|variant| ("healthy", variant.name));
    let hostile = HOSTILE.iter().map(|variant| ("hostile", variant.name));
    let faults = FAULTS.iter().filter_map(|fault| Some((fault.cause, fault.variants.first()?.name)));
    let lab = healthy.chain(hostile).chain(faults);
    let several = vec!["diagnose", "localhost:1", "127.0.0.1:1", "[::1]:1", "name.invalid", "192.0.2.1"];
    lab.map(|(cause, variant)| (format!("{cause}-{variant}"), vec!["lab", cause, "--variant", variant, "--diagnose"]))
        .chain([("several".to_owned(), several)])
        .collect()
}

fn run(words: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_rdpdoctor"))
        .args(words)
        .args(["--format", "html", "--timeout", TIMEOUT_SECONDS, "--max-time", "60"])
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!output.stdout.is_empty(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
