//! Event logs by themselves: files that somebody exported or copied, whatever their names.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::disk::threads;
use super::files::unreadable;
use crate::event::{Event, Summary, Wanted};
use crate::evtx::{self, Defect, Filter};
use crate::registry::Key;
use crate::{Answer, FileInfo, Listener, Machine, Resources, RightHolder, ServiceStatus, Unreadable, Way};

/// The header of a log and its first chunk: enough to see of which channel it is.
const BEGINNING: u64 = 4096 + (64 << 10);

/// Event logs of a machine of which nothing else is known. Everything but their events was not collected.
#[derive(Debug, Default)]
pub struct Logs {
    logs: Vec<Log>,
}

#[derive(Debug)]
struct Log {
    path: PathBuf,
    /// The channels that its first events are from, or that its name says where it has none.
    channels: BTreeSet<String>,
}

impl Logs {
    /// Adds a log. Fails if the file is none, or cannot be read.
    pub fn add(&mut self, path: &Path) -> Result<(), Defect> {
        let file = File::open(path).map_err(|error| Defect::Read(error.kind()))?;
        if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
            return Err(Defect::Read(io::ErrorKind::InvalidInput));
        }
        let mut channels = BTreeSet::new();
        evtx::read(file.take(BEGINNING), &Filter::everything(), 1, &mut |event| {
            channels.insert(event.channel.to_lowercase());
        })?;
        if channels.is_empty() {
            channels.extend(path.file_stem().map(|name| name.to_string_lossy().to_lowercase().replace("%4", "/")));
        }
        self.logs.push(Log { path: path.to_owned(), channels });
        Ok(())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.logs.is_empty()
    }
}

impl Log {
    fn events(&self, wanted: &Wanted, each: &mut dyn FnMut(Event)) -> Result<Summary, Unreadable> {
        let file = File::open(&self.path).map_err(|error| unreadable(&error))?;
        let read = evtx::read(file, &wanted.into(), threads(), each);
        read.map(Summary::from).map_err(|defect| Unreadable::Damaged(defect.to_string()))
    }
}

impl Machine for Logs {
    fn way(&self) -> Way {
        Way::Disk
    }

    fn notes(&self) -> Vec<String> {
        vec!["event logs and nothing else of this machine".to_owned()]
    }

    fn key(&self, _: &str) -> Answer<Key> {
        Err(Unreadable::NotCollected)
    }

    fn service_status(&self, _: &str) -> Answer<ServiceStatus> {
        Err(Unreadable::NotCollected)
    }

    fn file(&self, _: &str) -> Answer<FileInfo> {
        Err(Unreadable::NotCollected)
    }

    fn folder(&self, _: &str) -> Answer<Vec<FileInfo>> {
        Err(Unreadable::NotCollected)
    }

    fn read(&self, _: &str, _: usize) -> Answer<Vec<u8>> {
        Err(Unreadable::NotCollected)
    }

    fn events(&self, channel: &str, wanted: &Wanted, each: &mut dyn FnMut(Event)) -> Answer<Summary> {
        let mut of_channel: Option<Summary> = None;
        for log in self.logs.iter().filter(|log| log.channels.contains(&channel.to_lowercase())) {
            let mut matched = 0;
            // A log of forwarded events holds several channels.
            let read = log.events(wanted, &mut |event| {
                if event.channel.eq_ignore_ascii_case(channel) {
                    matched += 1;
                    each(event);
                }
            })?;
            let read = Summary { matched, ..read };
            of_channel = Some(of_channel.map_or_else(|| read.clone(), |known| both(&known, &read)));
        }
        of_channel.map(Some).ok_or(Unreadable::NotCollected)
    }

    fn listeners(&self) -> Answer<Vec<Listener>> {
        Err(Unreadable::NotCollected)
    }

    fn rights(&self) -> Answer<Vec<RightHolder>> {
        Err(Unreadable::NotCollected)
    }

    fn resources(&self) -> Answer<Resources> {
        Err(Unreadable::NotCollected)
    }

    fn credentials(&self) -> Answer<Vec<(String, Option<String>)>> {
        Err(Unreadable::NotCollected)
    }

    fn active_profiles(&self) -> Answer<u32> {
        Err(Unreadable::NotCollected)
    }
}

/// Two files of one channel, such as a log and its archive.
fn both(one: &Summary, other: &Summary) -> Summary {
    Summary {
        records: one.records.saturating_add(other.records),
        matched: one.matched.saturating_add(other.matched),
        damaged: one.damaged.saturating_add(other.damaged),
        oldest: one.oldest.into_iter().chain(other.oldest).min(),
        newest: one.newest.max(other.newest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log whose header is damaged and that holds nothing.
    fn empty(folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, [&b"ElfFile\0"[..], &[0; 4088]].concat()).unwrap();
        path
    }

    #[test]
    fn a_log_without_events_is_of_the_channel_that_its_name_says() {
        let folder = tempfile::tempdir().unwrap();
        let mut logs = Logs::default();
        logs.add(&empty(folder.path(), "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS%4Operational.evtx")).unwrap();
        let asked = |channel| logs.events(channel, &Wanted::default(), &mut |_| {});
        let read = asked("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational").unwrap().unwrap();
        assert_eq!((read.records, read.damaged), (0, 1));
        assert_eq!(asked("System"), Err(Unreadable::NotCollected));
        assert_eq!(logs.key("HKLM\\SYSTEM"), Err(Unreadable::NotCollected));
    }

    #[test]
    fn what_is_no_log_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("System.evtx");
        std::fs::write(&path, "hello").unwrap();
        let mut logs = Logs::default();
        assert_eq!(logs.add(&path), Err(Defect::NotAnEventLog));
        assert!(logs.add(folder.path()).is_err() && logs.add(Path::new("/no/such/log")).is_err() && logs.is_empty());
    }

    #[test]
    fn a_real_log_is_known_by_its_events_whatever_its_name() {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/evtx");
        let path = samples.join("sbousseaden-RdpCoreTS-rdpscan.evtx");
        if !path.is_file() {
            println!("skipped: there is no sample {}", path.display());
            return;
        }
        let mut logs = Logs::default();
        logs.add(&path).unwrap();
        logs.add(&path).unwrap();
        let provider = "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS";
        let (wanted, mut found) = (Wanted::of([(provider, 131)]), 0_u64);
        let read = logs.events(&format!("{provider}/Operational"), &wanted, &mut |_| found += 1).unwrap().unwrap();
        assert!(found > 0 && read.matched == found && found.is_multiple_of(2), "twice the same file");
        assert_eq!(logs.events("System", &wanted, &mut |_| {}), Err(Unreadable::NotCollected));
    }
}
