use std::path::{Path, PathBuf};

use thiserror::Error;

use super::files::Volume;
use super::hives::{self, Hives};
use super::users::{self, Users};
use super::{Hibernation, VolumeKind, volume_flags};
use crate::event::{Event, Summary, Wanted};
use crate::evtx;
use crate::registry::Key;
use crate::{Answer, CachedName, FileInfo, Listener, Machine, Resources, RightHolder, ServiceStatus, Unreadable, Way};

/// What every Windows has, and nobody copies to look at it.
const NTDLL: &str = r"Windows\System32\ntdll.dll";
const LOGS: &str = r"Windows\System32\winevt\Logs";
/// Threads that search one log; more than this and the disk is what one waits for.
const MOST_THREADS: usize = 8;

/// A Windows that is not running: a mounted volume, or a folder of hives and logs that somebody copied.
#[derive(Debug)]
pub struct Disk {
    volume: Volume,
    pub(super) hives: Hives,
    users: Users,
    /// Where the hives are; empty in a folder of copies.
    pub(super) config: &'static str,
    /// Where the logs are; empty in a folder of copies.
    logs: &'static str,
    /// Whether what is not there is missing in Windows, and not only in a copy of some files.
    is_complete: bool,
    notes: Vec<String>,
}

/// Why a folder is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DiskError {
    /// It cannot be opened.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A device or an image in the place of a folder.
    #[error("an {0} volume that is not mounted: mount it read-only and name the folder")]
    NotMounted(&'static str),
    /// BitLocker.
    #[error(
        "a volume that BitLocker has locked: unlock it first (dislocker, cryptsetup bitlkOpen), mount it, and name the folder"
    )]
    BitLocker,
    /// Neither Windows nor hives.
    #[error("no Windows: neither Windows\\System32\\config nor a hive (SYSTEM, SOFTWARE) nor an event log is in it")]
    NoWindows,
}

impl Disk {
    /// The Windows on the volume that is mounted here; or hives and logs that were copied into one folder.
    pub fn open(folder: &Path) -> Result<Self, DiskError> {
        if folder.is_file() || is_device(folder) {
            return Err(not_mounted(folder));
        }
        let volume = Volume::open(folder)?;
        let config = config(&volume)?;
        let logs = if config.is_empty() { "" } else { LOGS };
        let hives = Hives::open(&volume, config);
        let is_complete = !matches!(volume.file(NTDLL), Ok(None));
        let mut notes = notes(&volume, &hives, !logs.is_empty());
        if !is_complete && !logs.is_empty() {
            notes.push(format!(
                "without {NTDLL} it is taken for a copy of some files: what is not there was not copied"
            ));
        }
        Ok(Self { volume, hives, users: Users::default(), config, logs, is_complete, notes })
    }

    /// The volume.
    pub fn volume(&self) -> &Volume {
        &self.volume
    }

    /// The volume, where Windows' paths begin at its root: in a folder of copies they lead nowhere.
    pub(super) fn rooted(&self) -> Result<&Volume, Unreadable> {
        if self.logs.is_empty() { Err(Unreadable::NotCollected) } else { Ok(&self.volume) }
    }

    /// There is no such thing only where all of Windows is there.
    fn believed<T>(&self, answer: Answer<T>) -> Answer<T> {
        match answer {
            Ok(None) if !self.is_complete => Err(Unreadable::NotCollected),
            answer => answer,
        }
    }

    fn log(&self, channel: &str) -> PathBuf {
        // Windows writes the slash of a channel's name so.
        let name = format!("{}.evtx", channel.replace('/', "%4"));
        Path::new(self.logs).join(name)
    }
}

impl Machine for Disk {
    fn way(&self) -> Way {
        Way::Disk
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn key(&self, path: &str) -> Answer<Key> {
        match users::below(path) {
            Some(path) => self.users.key(self, path),
            None => self.hives.key(path),
        }
    }

    fn key_descriptor(&self, path: &str) -> Answer<Vec<u8>> {
        self.hives.descriptor(path)
    }

    fn service_status(&self, _: &str) -> Answer<ServiceStatus> {
        Err(Unreadable::NotRunning)
    }

    fn file(&self, path: &str) -> Answer<FileInfo> {
        self.believed(self.rooted()?.file(path))
    }

    fn folder(&self, path: &str) -> Answer<Vec<FileInfo>> {
        self.believed(self.rooted()?.folder(path))
    }

    fn entries(&self, path: &str, most: usize) -> Answer<Vec<FileInfo>> {
        self.believed(self.rooted()?.entries(path, most))
    }

    fn read(&self, path: &str, limit: usize) -> Answer<Vec<u8>> {
        self.believed(self.rooted()?.read(path, limit))
    }

    fn events(&self, channel: &str, wanted: &Wanted, each: &mut dyn FnMut(Event)) -> Answer<Summary> {
        let log = self.log(channel);
        let Some(file) = self.volume.open_file(&log.to_string_lossy())? else { return self.believed(Ok(None)) };
        let read = evtx::read(file, &wanted.into(), threads(), each);
        read.map(|summary| Some(summary.into())).map_err(|defect| Unreadable::Damaged(defect.to_string()))
    }

    fn listeners(&self) -> Answer<Vec<Listener>> {
        Err(Unreadable::NotRunning)
    }

    fn rights(&self) -> Answer<Vec<RightHolder>> {
        self.hives.rights()
    }

    fn resources(&self) -> Answer<Resources> {
        Err(Unreadable::NotRunning)
    }

    fn credentials(&self) -> Answer<Vec<(String, Option<String>)>> {
        Err(Unreadable::NotRunning)
    }

    fn cached_name(&self, _: &str) -> Answer<CachedName> {
        Err(Unreadable::NotRunning)
    }

    fn active_profiles(&self) -> Answer<u32> {
        Err(Unreadable::NotRunning)
    }
}

/// Where the hives are: in the folder of Windows, or in the root of a folder of copies.
pub(super) fn config(volume: &Volume) -> Result<&'static str, DiskError> {
    if volume.file(hives::CONFIG)?.is_some() {
        Ok(hives::CONFIG)
    } else if is_copied(volume)? {
        Ok("")
    } else {
        Err(DiskError::NoWindows)
    }
}

pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS)
}

/// A folder into which somebody copied hives or logs.
fn is_copied(volume: &Volume) -> Result<bool, Unreadable> {
    let files = volume.folder("")?.unwrap_or_default();
    let counts = |file: &FileInfo| {
        let name = file.name.to_lowercase();
        !file.is_folder && (["system", "software", "security"].contains(&name.as_str()) || is_log(&name))
    };
    Ok(files.iter().any(counts))
}

fn is_log(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("evtx"))
}

/// What to know of a disk, or of a folder of copies, which need not be whole.
fn notes(volume: &Volume, hives: &Hives, whole: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let state = volume.state();
    if state.hibernation == Ok(Hibernation::Asleep) {
        notes.push(
            "Windows sleeps on this disk (hibernation or fast startup): what it had in memory is not in these files"
                .to_owned(),
        );
    }
    // A driver that has it mounted for writing may have set the mark itself.
    if state.dirty == Ok(true) {
        notes.push(
            "the volume is marked for a check (chkdsk): it was not closed, so that what was written last may be missing"
                .to_owned(),
        );
    }
    notes.extend(hives.notes(whole));
    notes
}

#[cfg(unix)]
fn is_device(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    path.metadata().is_ok_and(|metadata| metadata.file_type().is_block_device())
}

#[cfg(not(unix))]
fn is_device(_: &Path) -> bool {
    false
}

fn not_mounted(path: &Path) -> DiskError {
    let kind = std::fs::File::open(path).map_err(|error| super::files::unreadable(&error));
    match kind.and_then(|mut file| volume_flags::kind(&mut file)) {
        Ok(VolumeKind::BitLocker) => DiskError::BitLocker,
        Ok(VolumeKind::Ntfs) => DiskError::NotMounted("NTFS"),
        Ok(_) => DiskError::NoWindows,
        Err(why) => why.into(),
    }
}
