use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use jiff::Timestamp;
use rdpdoctor_diagnosis::catalogue::setting;
use rdpdoctor_diagnosis::evidence::Snapshot;
use rdpdoctor_diagnosis::evidence::snapshot::ReadBy;
use rdpdoctor_machine::Machine;
use rdpdoctor_machine::memory::Collection;
use rdpdoctor_machine::offline::Disk;
use rdpdoctor_sources::host;

use super::proposing::Whose;
use crate::cli::{Failure, file};

/// Bytes of the largest snapshot that is read: those of busy servers have a few hundred kilobytes.
pub(in crate::cli) const LONGEST_SNAPSHOT: usize = 64 << 20;

/// Which machine is looked at.
#[derive(Debug, Args)]
pub(in crate::cli) struct Input {
    /// What `host snapshot` wrote or the collector script printed; "-" for standard input
    #[arg(value_name = "SNAPSHOT", conflicts_with = "offline")]
    file: Option<PathBuf>,
    /// Look at the Windows on a disk that is mounted here, instead of the running one
    #[arg(long, value_name = "DIR")]
    offline: Option<PathBuf>,
}

impl Input {
    /// Whether it is the machine that we run on.
    pub(in crate::cli) fn is_here(&self) -> bool {
        self.file.is_none() && self.offline.is_none()
    }

    /// How its repair would be typed.
    pub(super) fn whose(&self, snapshot: &Snapshot) -> Whose {
        match (&self.file, &self.offline) {
            (None, None) => Whose::Here,
            (None, Some(folder)) => Whose::Disk(folder.clone()),
            (Some(file), _) if is_collection(file, snapshot) => Whose::Collection(file.clone()),
            (Some(_), _) => Whose::Elsewhere,
        }
    }

    /// The snapshot of a server: read from a file, or taken now.
    pub(in crate::cli) fn snapshot(&self) -> Result<Snapshot, Failure> {
        self.read(&host::snapshot)
    }

    /// A snapshot that is read from a file, or taken in this way now.
    pub(in crate::cli) fn read(&self, take: Take<'_>) -> Result<Snapshot, Failure> {
        match (&self.file, &self.offline) {
            (Some(file), _) => from_file(file, take),
            (None, Some(folder)) => of_disk(folder, take),
            (None, None) => Ok(take(&*here()?, Timestamp::now())),
        }
    }
}

/// How a machine is read.
type Take<'a> = &'a dyn Fn(&dyn Machine, Timestamp) -> Snapshot;

/// A machine that can be asked further: what the collector script printed, a disk, or the one that we run on.
pub(super) fn machine(collected: Option<&Path>, offline: Option<&Path>) -> Result<Box<dyn Machine>, Failure> {
    match (collected, offline) {
        (Some(path), _) => Ok(Box::new(collection(path)?)),
        (None, Some(folder)) => Ok(Box::new(Disk::open(folder).map_err(|error| at(folder, &error))?)),
        (None, None) => here(),
    }
}

/// Whether a plan can be made of the file; a snapshot that was made of a collection holds too little, and standard input is
/// read once.
fn is_collection(path: &Path, snapshot: &Snapshot) -> bool {
    snapshot.way == ReadBy::Collector && path != Path::new("-") && collection(path).is_ok()
}

fn collection(path: &Path) -> Result<Collection, Failure> {
    let what = "not what the collector script prints, and a plan takes more than a snapshot holds";
    let text = text(path)?;
    serde_json::from_str(&text).map_err(|error| Failure::Usage(format!("{}: {what}: {error}", path.display())))
}

/// The Windows on a disk, or in a folder of its hives and logs.
pub(in crate::cli) fn of_disk(folder: &Path, take: Take<'_>) -> Result<Snapshot, Failure> {
    let disk = Disk::open(folder).map_err(|error| at(folder, &error))?;
    Ok(take(&disk, Timestamp::now()))
}

/// A snapshot, or what the collector script printed; that is taken as what it says to be where nobody says how.
pub(in crate::cli) fn of_text(path: &Path, text: &str, take: Option<Take<'_>>) -> Result<Snapshot, Failure> {
    let not_one = |error: &dyn std::fmt::Display| {
        let what = "neither a snapshot nor what the collector script prints";
        Failure::Usage(format!("{}: {what}: {error}", path.display()))
    };
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| not_one(&error))?;
    if value.get("collection").is_none() {
        return serde_json::from_value(value).map_err(|error| not_one(&error));
    }
    let collection: Collection = serde_json::from_value(value).map_err(|error| not_one(&error))?;
    let by_itself = |machine: &dyn Machine, now| {
        if collection.client { host::origin(machine, now, None) } else { host::snapshot(machine, now) }
    };
    let taken = collection.taken.unwrap_or_else(Timestamp::now);
    Ok(take.unwrap_or(&by_itself)(&collection, taken))
}

/// Redirecting what PowerShell 5 prints makes UTF-16 of it.
pub(in crate::cli) fn decoded(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => {
            let units =
                rest.chunks_exact(2).map(|pair| pair.iter().rev().fold(0, |unit, byte| (unit << 8) | u16::from(*byte)));
            String::from_utf16(&units.collect::<Vec<u16>>()).ok()
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    }
}

/// The port that Remote Desktop is set to listen on.
pub(super) fn port(snapshot: &Snapshot) -> u16 {
    let number = setting("port").and_then(|port| snapshot.in_force(port).number());
    number.and_then(|number| u16::try_from(number).ok()).unwrap_or(3389)
}

#[cfg(windows)]
fn here() -> Result<Box<dyn Machine>, Failure> {
    Ok(Box::new(rdpdoctor_machine::live::Live::open()?))
}

#[cfg(not(windows))]
fn here() -> Result<Box<dyn Machine>, Failure> {
    let message = "this is no Windows: name a snapshot, or a disk with --offline DIR; on a server that may not run this \
        program, \"rdpdoctor host snapshot --format powershell\" prints a script that collects one";
    Err(Failure::Usage(message.to_owned()))
}

fn from_file(path: &Path, take: Take<'_>) -> Result<Snapshot, Failure> {
    of_text(path, &text(path)?, Some(take))
}

fn text(path: &Path) -> Result<String, Failure> {
    let wrong = |why: &dyn std::fmt::Display| Failure::Usage(format!("{}: {why}", path.display()));
    if path.is_dir() {
        return Err(wrong(&"a folder, and no snapshot: where a disk is mounted there, name it with --offline"));
    }
    let bytes = file::read(path, LONGEST_SNAPSHOT).map_err(|error| wrong(&error))?;
    decoded(&bytes).ok_or_else(|| wrong(&"neither UTF-8 nor UTF-16"))
}

fn at(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Work(anyhow!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_in_the_encodings_of_powershell() {
        for bytes in [&b"{}"[..], b"\xef\xbb\xbf{}", b"\xff\xfe{\0}\0"] {
            assert_eq!(decoded(bytes).as_deref(), Some("{}"));
        }
        assert_eq!(decoded(b"\x80\x81"), None);
    }
}
