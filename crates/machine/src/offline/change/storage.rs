use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// The steps that a change is made of. Nothing is kept after a power cut but what was flushed.
pub(super) trait Storage {
    fn exists(&self, path: &Path) -> io::Result<bool>;

    /// All of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// A file with these bytes, whatever was there before; only we may read it.
    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Overwrites a part of a file that exists.
    fn write(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()>;

    fn set_len(&self, path: &Path, length: u64) -> io::Result<()>;

    /// Waits until the disk has what a file holds.
    fn flush(&self, path: &Path) -> io::Result<()>;

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Waits until the disk has the names in a folder.
    fn flush_folder(&self, path: &Path) -> io::Result<()>;
}

/// The files of this system.
#[derive(Debug)]
pub(super) struct Files;

impl Files {
    /// Whether a file may be written.
    pub(super) fn check(path: &Path) -> io::Result<()> {
        writable(path).map(|_| ())
    }
}

impl Storage for Files {
    fn exists(&self, path: &Path) -> io::Result<bool> {
        path.try_exists()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        alone(OpenOptions::new().read(true)).open(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        alone(OpenOptions::new().write(true).create(true).truncate(true)).open(path)?.write_all(bytes)
    }

    fn write(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut file = writable(path)?;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)
    }

    fn set_len(&self, path: &Path, length: u64) -> io::Result<()> {
        writable(path)?.set_len(length)
    }

    fn flush(&self, path: &Path) -> io::Result<()> {
        writable(path)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    #[cfg(unix)]
    fn flush_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    /// NTFS keeps names in its own journal, and Windows flushes no folders.
    #[cfg(not(unix))]
    fn flush_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

fn writable(path: &Path) -> io::Result<File> {
    alone(OpenOptions::new().write(true)).open(path)
}

/// Follows no link, waits for no pipe, and lets nobody else read what is created.
#[cfg(unix)]
fn alone(options: &mut OpenOptions) -> &OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
}

/// Fails where somebody else has the file open, as Windows has the hives that it uses.
#[cfg(windows)]
fn alone(options: &mut OpenOptions) -> &OpenOptions {
    use std::os::windows::fs::OpenOptionsExt as _;
    options.share_mode(0)
}

#[cfg(not(any(unix, windows)))]
fn alone(options: &mut OpenOptions) -> &OpenOptions {
    options
}

/// Whether somebody else has a file open: ERROR_SHARING_VIOLATION or ERROR_LOCK_VIOLATION.
pub(super) fn is_in_use(error: &io::Error) -> bool {
    cfg!(windows) && matches!(error.raw_os_error(), Some(32 | 33))
}
