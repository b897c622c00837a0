//! Our reader and crate `evtx` as `evtx_dump` uses it, over the same logs of at least 500 MB and with as many threads.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a program for whoever measures")]

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{io, thread};

use rdpdoctor_machine::evtx::{self, Filter};

const FOLDER_BYTES: u64 = 500_000_000;
const ROUNDS: usize = 3;
const MACHINE: &str = "rathbun-w11-all-logs.7z";
/// Providers and event ids that say something of Remote Desktop.
const EVENTS: &str = "../../data/events.csv";

fn main() -> Result<(), Box<dyn Error>> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let samples = home.join("../../../shared/samples/evtx");
    if !samples.exists() {
        println!("skipped: no samples");
        return Ok(());
    }
    let wanted = wanted(&fs::read_to_string(home.join(EVENTS))?);
    println!("the logs of a machine, over and over:");
    compare(&samples.join(MACHINE), &wanted)?;
    println!("logs of Remote Desktop and its failures, nearly every event wanted:");
    compare(&samples, &wanted)
}

/// Measures both readers over what can be unpacked from `source`.
fn compare(source: &Path, wanted: &Filter) -> Result<(), Box<dyn Error>> {
    let temporary = tempfile::tempdir()?;
    let logs = fill(source, temporary.path())?;
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let bytes: u64 = logs.iter().map(|log| log.metadata().map_or(0, |metadata| metadata.len())).sum();
    println!("  {} files, {} MB, {threads} threads, the best of {ROUNDS} rounds", logs.len(), bytes / 1_000_000);
    let ours = best(&|| ours(&logs, wanted, threads));
    let theirs = best(&|| theirs(&logs, threads));
    println!("  ours:   {:>6.3} s, {} events of {}", ours.0.as_secs_f64(), ours.1, theirs.1);
    println!("  theirs: {:>6.3} s, {} events", theirs.0.as_secs_f64(), theirs.1);
    println!("  ratio:  {:.1}", theirs.0.as_secs_f64() / ours.0.as_secs_f64());
    Ok(())
}

/// Copies the logs over and over, until there is enough.
fn fill(source: &Path, to: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let once = to.join("once");
    fs::create_dir(&once)?;
    if source.is_dir() {
        unpack(source, &once)?;
    } else {
        run(Command::new("7z").arg("e").arg(format!("-o{}", once.display())).arg(source))?;
    }
    let mut logs: Vec<PathBuf> = fs::read_dir(&once)?.map(|log| Ok(log?.path())).collect::<io::Result<_>>()?;
    let bytes: u64 = logs.iter().map(|log| log.metadata().map_or(0, |metadata| metadata.len())).sum();
    let once = logs.len();
    for number in once..usize::try_from(FOLDER_BYTES.div_ceil(bytes.max(1)))? * once {
        let log = to.join(format!("{number}.evtx"));
        fs::copy(logs.get(number % once).ok_or("no logs")?, &log)?;
        logs.push(log);
    }
    Ok(logs)
}

fn unpack(samples: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    for sample in fs::read_dir(samples)? {
        let sample = sample?;
        let log = to.join(sample.file_name());
        match sample.path().extension().and_then(|extension| extension.to_str()) {
            Some("evtx") => drop(fs::copy(sample.path(), &log)?),
            Some("xz") => run(Command::new("xz").arg("-dc").arg(sample.path()).stdout(File::create(&log)?))?,
            _ => {}
        }
    }
    Ok(())
}

fn run(command: &mut Command) -> Result<(), Box<dyn Error>> {
    let output = command.output()?;
    if output.status.success() { Ok(()) } else { Err(format!("{command:?} fails").into()) }
}

fn wanted(events: &str) -> Filter {
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

fn ours(logs: &[PathBuf], wanted: &Filter, threads: usize) -> u64 {
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
