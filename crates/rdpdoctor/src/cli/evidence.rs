//! `--evidence`: what was read elsewhere, of the server and of the machine that one connects from.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rdpdoctor_diagnosis::evidence::snapshot::{ReadBy, Reading, SavedConnection};
use rdpdoctor_diagnosis::evidence::{Evidence, Snapshot, Target};
use rdpdoctor_machine::evtx::Defect;
use rdpdoctor_machine::offline::Logs;
use rdpdoctor_sources::host;

use super::host::{LONGEST_SNAPSHOT, decoded, of_disk, of_text};
use super::{Failure, connection, file};

const TAKEN: &str =
    "a snapshot, what the collector script printed, a folder of hives and event logs, an .evtx log, or an .rdp file";

/// What the files show.
#[derive(Default)]
pub(super) struct Brought {
    host: Option<(PathBuf, Snapshot)>,
    origin: Option<(PathBuf, Snapshot)>,
    logs: Logs,
    connections: Vec<SavedConnection>,
}

impl Brought {
    /// Reads every file for what it is.
    pub(super) fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
        let mut brought = Self::default();
        for path in paths {
            brought.add(path)?;
        }
        Ok(brought)
    }

    /// The server that the connection files name.
    pub(super) fn target(&self) -> Option<Target> {
        connection::target(&self.connections)
    }

    /// Joins what a probe saw.
    pub(super) fn join(self, evidence: &mut Evidence) {
        let mut host = self.host.map(|(_, host)| host);
        if !self.logs.is_empty() {
            let logged = host::snapshot(&self.logs, Timestamp::now());
            host = Some(match host {
                Some(mut host) => {
                    host.add_log(logged);
                    host
                }
                None => logged,
            });
        }
        if let Some(host) = host {
            evidence.look_at_host(host);
        }
        evidence.origin = origin(self.origin.map(|(_, origin)| origin), self.connections).map(Box::new);
        connection::say_whose(evidence);
    }

    fn add(&mut self, path: &Path) -> Result<(), Failure> {
        if path.is_dir() {
            return self.add_snapshot(path, of_disk(path, &host::snapshot)?);
        }
        if path == Path::new("-") {
            return self.add_text(path);
        }
        match file::beginning::<8>(path).map_err(|error| wrong(path, &error))?.as_slice() {
            b"ElfFile\0" => self.logs.add(path).map_err(|defect| log(path, &defect)),
            [b'r', b'e', b'g', b'f', ..] => Err(wrong(path, &"a registry hive: name the folder that holds it")),
            _ => self.add_text(path),
        }
    }

    /// A snapshot, a collection or a connection file.
    fn add_text(&mut self, path: &Path) -> Result<(), Failure> {
        let bytes = file::read(path, LONGEST_SNAPSHOT).map_err(|error| wrong(path, &error))?;
        match decoded(&bytes) {
            Some(text) if text.trim_start().starts_with('{') => self.add_snapshot(path, of_text(path, &text, None)?),
            _ => {
                let saved = connection::of(path, &bytes).filter(|_| bytes.len() <= host::LARGEST_RDP_FILE);
                self.connections.push(saved.ok_or_else(|| wrong(path, &format!("not {TAKEN}")))?);
                Ok(())
            }
        }
    }

    fn add_snapshot(&mut self, path: &Path, snapshot: Snapshot) -> Result<(), Failure> {
        let (place, whose) = if snapshot.is_of_client() {
            (&mut self.origin, "the machine that one connects from")
        } else {
            (&mut self.host, "the server")
        };
        if let Some((other, _)) = place {
            return Err(wrong(path, &format!("a second account of {whose}: {} is one already", other.display())));
        }
        *place = Some((path.to_owned(), snapshot));
        Ok(())
    }
}

/// The files that were named count, instead of those that users of the machine keep.
fn origin(snapshot: Option<Snapshot>, files: Vec<SavedConnection>) -> Option<Snapshot> {
    if files.is_empty() {
        return snapshot;
    }
    let mut origin = snapshot.unwrap_or_else(|| Snapshot::new(ReadBy::Running, Timestamp::now()));
    origin.connections = Reading::Observed(files);
    Some(origin)
}

fn log(path: &Path, defect: &Defect) -> Failure {
    match defect {
        Defect::Read(kind) => wrong(path, &io::Error::from(*kind)),
        defect => wrong(path, defect),
    }
}

fn wrong(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::Usage(format!("{}: {why}", path.display()))
}
