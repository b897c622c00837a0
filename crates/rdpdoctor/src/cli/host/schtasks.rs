//! Windows' own schtasks.exe, with bounds.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use rdpdoctor_protocol::text::safe_text;

/// Characters of what it said.
const LONGEST_WORDS: usize = 300;
/// Bytes of what it prints that are read: a task's description has some two thousand.
const MOST: u64 = 64 << 10;
/// How long it may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long its last words may take once it has ended: what it started may hold its output open.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How long between two looks at it.
const PAUSE: Duration = Duration::from_millis(50);

/// Calls it, and gives back what it printed.
pub(super) fn schtasks(arguments: &[String]) -> anyhow::Result<Vec<u8>> {
    let mut child = Command::new(path()?)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("schtasks")?;
    let (printed, complained) = (child.stdout.take().map(words), child.stderr.take().map(words));
    let code = ended(&mut child)?;
    let printed = last(printed);
    if code == Some(0) {
        return Ok(printed);
    }
    let words = [last(complained), printed].concat();
    bail!("schtasks did not do it: {}", safe_text(words.trim_ascii(), LONGEST_WORDS))
}

/// The exit code, in bounded time.
fn ended(child: &mut Child) -> anyhow::Result<Option<i32>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code());
        }
        if begun.elapsed() >= PATIENCE {
            child.kill()?;
            bail!("schtasks did not end within {} seconds", PATIENCE.as_secs());
        }
        thread::sleep(PAUSE);
    }
}

/// What comes through a pipe, once it is whole.
fn words(pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut words = Vec::new();
        let _ = pipe.take(MOST).read_to_end(&mut words);
        let _ = sender.send(words);
    });
    receiver
}

fn last(words: Option<Receiver<Vec<u8>>>) -> Vec<u8> {
    words.and_then(|words| words.recv_timeout(LAST_WORDS).ok()).unwrap_or_default()
}

/// That of Windows, and none that lies beside our program.
#[cfg(windows)]
fn path() -> anyhow::Result<PathBuf> {
    let folder = rdpdoctor_machine::live::system_folder().map_err(|why| anyhow!("the folder of Windows: {why}"))?;
    Ok(PathBuf::from(folder).join("System32").join("schtasks.exe"))
}

#[cfg(not(windows))]
fn path() -> anyhow::Result<PathBuf> {
    Err(anyhow!("only Windows has tasks"))
}
