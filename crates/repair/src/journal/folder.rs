use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use thiserror::Error;

use super::{Header, Journal, Record, RecordError};

/// Where the journals of a machine are, below its system drive.
pub const PLACE: &str = r"ProgramData\rdpdoctor";
/// The file of a journal within the folder of its repair.
const NAME: &str = "journal.jsonl";
/// Bytes of a journal that are read: plans have some tens of steps.
const LONGEST: u64 = 64 << 20;
/// Journals that are listed.
const MOST: usize = 10_000;

/// The folder of all journals of a machine.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

/// That nobody else repairs the machine at the same time; until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// The name of a repair, and what its journal says or why it cannot be read.
pub type Listed = (String, Result<Record, FolderError>);

/// Why a journal could not be found, begun or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FolderError {
    /// Another process holds the lock.
    #[error("another repair is at work on this machine")]
    Busy,
    /// There is none of this name.
    #[error("there is no repair named {0}; `rdpdoctor host history` lists them")]
    Unknown(String),
    /// It cannot be read.
    #[error("{}: {why}", path.display())]
    Illegible {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: RecordError,
    },
    /// What the operating system said.
    #[error("{}: {error}", path.display())]
    System {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl Folder {
    /// The one here, which need not exist.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Where the journal and what is kept for a repair lie.
    pub fn of(&self, id: &str) -> PathBuf {
        self.root.join(id)
    }

    /// Keeps others from repairing the machine. The folder must exist.
    pub fn lock(&self) -> Result<Lock, FolderError> {
        let path = self.root.join("lock");
        let options = || OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let file = options().map_err(system(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(FolderError::Busy),
            Err(TryLockError::Error(error)) => Err(system(&path)(error)),
        }
    }

    /// A name for a repair that begins now, after those of earlier ones in the order of the alphabet.
    pub fn new_id(&self, now: Timestamp) -> String {
        let stamp = now.strftime("%Y%m%d-%H%M%S").to_string();
        let taken = |id: &String| self.of(id).exists();
        let numbered = (2..).map(|number| format!("{stamp}-{number}"));
        std::iter::once(stamp.clone()).chain(numbered).find(|id| !taken(id)).unwrap_or(stamp)
    }

    /// Begins the journal of a repair, in a folder of its own.
    pub fn begin(&self, header: Header) -> Result<Journal, FolderError> {
        let folder = self.of(&header.id);
        fs::create_dir(&folder).map_err(system(&folder))?;
        let path = folder.join(NAME);
        let file = OpenOptions::new().append(true).create_new(true).open(&path).map_err(system(&path))?;
        let journal = Journal::begin(header, Box::new(file)).map_err(system(&path))?;
        settle(&folder).and_then(|()| settle(&self.root)).map_err(system(&folder))?;
        Ok(journal)
    }

    /// The journals, oldest first, each with why it cannot be read where it cannot.
    pub fn list(&self) -> Result<Vec<Listed>, FolderError> {
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(system(&self.root)(error)),
        };
        let folders = entries.flatten().filter(|entry| entry.path().join(NAME).exists()).take(MOST);
        let mut ids: Vec<String> = folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        ids.sort_unstable();
        Ok(ids.into_iter().map(|id| (id.clone(), self.read(&id))).collect())
    }

    /// What the journal of this repair says.
    pub fn read(&self, id: &str) -> Result<Record, FolderError> {
        let path = self.of(id).join(NAME);
        let is_plain = !id.is_empty() && id.chars().all(|it| it.is_ascii_alphanumeric() || it == '-');
        if !is_plain || !path.exists() {
            return Err(FolderError::Unknown(id.to_owned()));
        }
        let mut bytes = Vec::new();
        let file = File::open(&path).map_err(system(&path))?;
        file.take(LONGEST).read_to_end(&mut bytes).map_err(system(&path))?;
        Record::read(&String::from_utf8_lossy(&bytes)).map_err(|why| FolderError::Illegible { path, why })
    }

    /// Goes on with a journal, behind its last whole line.
    pub fn resume(&self, id: &str) -> Result<Journal, FolderError> {
        let record = self.read(id)?;
        let path = self.of(id).join(NAME);
        let file = resumed(&path).map_err(system(&path))?;
        Ok(Journal::resume(record, Box::new(file)))
    }

    /// Removes the journal of a repair and what was kept for it: it cannot be taken back after that.
    pub fn forget(&self, id: &str) -> Result<(), FolderError> {
        self.read(id)?;
        let folder = self.of(id);
        fs::remove_dir_all(&folder).map_err(system(&folder))
    }

    /// Removes all of them, and the folder.
    pub fn remove(&self) -> Result<(), FolderError> {
        match fs::remove_dir_all(&self.root) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(system(&self.root)(error)),
            _ => Ok(()),
        }
    }
}

/// Opens a journal for further lines, without a last one that was cut off.
fn resumed(path: &Path) -> io::Result<File> {
    let bytes = fs::read(path)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let mut file = OpenOptions::new().read(true).append(true).open(path)?;
    if whole < bytes.len() {
        OpenOptions::new().write(true).open(path)?.set_len(whole as u64)?;
    }
    file.flush()?;
    file.sync_all()?;
    Ok(file)
}

/// Sees to it that the names in a folder are on the disk; Windows does so by itself.
fn settle(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn system(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |error| FolderError::System { path, error }
}
