//! Our reader and crate `evtx` as `evtx_dump` uses it, over the same logs of at least 500 MB and with as many threads.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a program for whoever measures")]

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{io, thread};

use rdpdoctor_machine::evtx::{self, Wanted};

const FOLDER_BYTES: u64 = 500_000_000;
const ROUNDS: usize = 3;
/// Providers and event ids that say something of Remote Desktop.
const EVENTS: &str = "../../data/events.csv";

fn main() -> Result<(), Box<dyn Error>> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let samples = home.join("../../../shared/samples/evtx");
    if !samples.exists() {
        println!("skipped: no samples");
        return Ok(());
    }
    let temporary = tempfile::tempdir()?;
    let logs = fill(&samples, temporary.path())?;
    let wanted = wanted(&fs::read_to_string(home.join(EVENTS))?);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let bytes: u64 = logs.iter().map(|log| log.metadata().map_or(0, |metadata| metadata.len())).sum();
    println!("{} files, {} MB, {threads} threads, the best of {ROUNDS} rounds", logs.len(), bytes / 1_000_000);
    let ours = best(&|| ours(&logs, &wanted, threads));
    let theirs = best(&|| theirs(&logs, threads));
    println!("ours:   {:>6.3} s, {} events of {}", ours.0.as_secs_f64(), ours.1, theirs.1);
    println!("theirs: {:>6.3} s, {} events", theirs.0.as_secs_f64(), theirs.1);
    println!("ratio:  {:.1}", theirs.0.as_secs_f64() / ours.0.as_secs_f64());
    Ok(())
}

/// Copies the samples over and over; each has its weight by size.
fn fill(samples: &Path, to: &Path) -> io::Result<Vec<PathBuf>> {
    let mut logs = Vec::new();
    let mut bytes = 0;
    while bytes < FOLDER_BYTES {
        for sample in fs::read_dir(samples)? {
            let sample = sample?.path();
            let log = to.join(format!("{}.evtx", logs.len()));
            match sample.extension().and_then(|extension| extension.to_str()) {
                Some("evtx") => drop(fs::copy(&sample, &log)?),
                Some("xz") => {
                    let status = Command::new("xz").arg("-dc").arg(&sample).stdout(File::create(&log)?).status()?;
                    assert!(status.success(), "xz cannot unpack {}", sample.display());
                }
                _ => continue,
            }
            bytes += log.metadata()?.len();
            logs.push(log);
        }
    }
    Ok(logs)
}

fn wanted(events: &str) -> Wanted {
    let rows = events.lines().skip(1).map(|row| row.split(',').collect::<Vec<_>>());
    rows.filter_map(|row| Some((*row.get(1)?, row.get(2)?.parse().ok()?))).collect()
}

/// The shortest time, and the number of events.
fn best(run: &dyn Fn() -> u64) -> (Duration, u64) {
    let timed = || {
        let start = Instant::now();
        let events = run();
        (start.elapsed(), events)
    };
    (0..ROUNDS).map(|_| timed()).min().expect("there are rounds")
}

fn ours(logs: &[PathBuf], wanted: &Wanted, threads: usize) -> u64 {
    let mut events = 0;
    evtx::read_all(logs.iter().map(File::open), wanted, threads, &mut |_, _| events += 1);
    events
}

fn theirs(logs: &[PathBuf], threads: usize) -> u64 {
    let count = |log: &PathBuf| {
        let settings = ::evtx::ParserSettings::new().num_threads(threads);
        let parser = ::evtx::EvtxParser::from_path(log).expect("a log");
        let mut parser = parser.with_configuration(settings);
        parser.chunks_json_bytes(false).map(|chunk| chunk.records().count() as u64).sum::<u64>()
    };
    logs.iter().map(count).sum()
}
