//! Files of a mounted volume, with their security descriptors.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{VolumeState, link, state, walk};
use crate::{Answer, FileInfo, Unreadable};

/// MachineKeys have been seen with some hundred thousand files.
pub(super) const MOST_ENTRIES: usize = 1_000_000;

/// A volume with Windows that is mounted as a folder. Names are matched as Windows matches them, whatever their case;
/// no link is followed, and no other file system entered.
#[derive(Debug, Clone)]
pub struct Volume {
    root: PathBuf,
    device: Option<u64>,
}

impl Volume {
    /// The volume that is mounted here.
    pub fn open(folder: &Path) -> Result<Self, Unreadable> {
        let root = folder.canonicalize().map_err(|error| unreadable(&error))?;
        let metadata = fs::metadata(&root).map_err(|error| unreadable(&error))?;
        if !metadata.is_dir() {
            return Err(unreadable(&io::ErrorKind::NotADirectory.into()));
        }
        Ok(Self { root, device: device(&metadata) })
    }

    /// Where it is mounted.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether it is safe to write to, as far as that is visible.
    pub fn state(&self) -> VolumeState {
        state::of(self)
    }

    /// Where a file or folder is, given below the root of the volume (`Windows\System32`).
    pub fn path(&self, path: &str) -> Answer<PathBuf> {
        Ok(self.find(path)?.map(|(path, _)| path))
    }

    /// A file or folder.
    pub fn file(&self, path: &str) -> Answer<FileInfo> {
        Ok(self.find(path)?.map(|(path, metadata)| info(&path, &metadata)))
    }

    /// What is in a folder. Links are listed as what they are, and not followed.
    pub fn folder(&self, path: &str) -> Answer<Vec<FileInfo>> {
        let Some((path, metadata)) = self.find(path)? else { return Ok(None) };
        if !metadata.is_dir() {
            return Ok(None);
        }
        let mut found = Vec::new();
        for entry in existing(fs::read_dir(&path))?.into_iter().flatten() {
            if found.len() == MOST_ENTRIES {
                return Err(Unreadable::System(format!("the folder has more than {MOST_ENTRIES} files")));
            }
            let path = entry.map_err(|error| unreadable(&error))?.path();
            found.extend(existing(path.symlink_metadata())?.map(|metadata| info(&path, &metadata)));
        }
        Ok(Some(found))
    }

    /// The first entries of a folder, without their descriptors.
    pub fn entries(&self, path: &str, most: usize) -> Answer<Vec<FileInfo>> {
        let Some((path, metadata)) = self.find(path)? else { return Ok(None) };
        if !metadata.is_dir() {
            return Ok(None);
        }
        let mut found = Vec::new();
        for entry in existing(fs::read_dir(&path))?.into_iter().flatten().take(most) {
            let path = entry.map_err(|error| unreadable(&error))?.path();
            let metadata = existing(path.symlink_metadata())?;
            found.extend(metadata.map(|metadata| described(&path, &metadata, Err(Unreadable::NotCollected))));
        }
        Ok(Some(found))
    }

    /// The bytes of a file, of which there may be `limit`.
    pub fn read(&self, path: &str, limit: usize) -> Answer<Vec<u8>> {
        let Some(file) = self.open_file(path)? else { return Ok(None) };
        let too_large = Unreadable::TooLarge { limit };
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        if file.metadata().map_err(|error| unreadable(&error))?.len() > limit {
            return Err(too_large);
        }
        let mut bytes = Vec::new();
        let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
        if u64::try_from(read).unwrap_or(u64::MAX) > limit { Err(too_large) } else { Ok(Some(bytes)) }
    }

    /// A file, open for reading. Pipes and devices, which Windows' own Linux may leave behind, are not opened.
    pub fn open_file(&self, path: &str) -> Answer<File> {
        let Some((path, metadata)) = self.find(path)? else { return Ok(None) };
        if !metadata.is_file() {
            return Err(no_file());
        }
        let Some(file) = existing(for_reading().open(&path))? else { return Ok(None) };
        let opened = file.metadata().map_err(|error| unreadable(&error))?;
        if opened.is_file() && device(&opened) == self.device { Ok(Some(file)) } else { Err(no_file()) }
    }

    fn find(&self, path: &str) -> Answer<(PathBuf, Metadata)> {
        walk::to(&self.root, path, |metadata| device(metadata) == self.device)
    }
}

/// What is no file: a folder, a pipe, a device.
fn no_file() -> Unreadable {
    Unreadable::System("no ordinary file".to_owned())
}

fn info(path: &Path, metadata: &Metadata) -> FileInfo {
    described(path, metadata, descriptor(path))
}

fn described(path: &Path, metadata: &Metadata, descriptor: Result<Vec<u8>, Unreadable>) -> FileInfo {
    FileInfo {
        name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        is_folder: metadata.is_dir(),
        size: metadata.len(),
        modified: metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok()),
        descriptor,
    }
}

/// The self-relative security descriptor of a file or folder, as ntfs-3g or the kernel's ntfs3 hand it out.
#[cfg(target_os = "linux")]
pub fn descriptor(path: &Path) -> Result<Vec<u8>, Unreadable> {
    stored_descriptor(path).map(|(_, bytes)| bytes)
}

/// The same with the name of the attribute that it is in: of ntfs-3g, else of ntfs3.
#[cfg(target_os = "linux")]
pub(super) fn stored_descriptor(path: &Path) -> Result<(&'static str, Vec<u8>), Unreadable> {
    for name in ["system.ntfs_acl", "system.ntfs_security"] {
        match xattr::get(path, name) {
            Ok(Some(bytes)) => return Ok((name, bytes)),
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(error) => return Err(unreadable(&error)),
        }
    }
    Err(no_descriptors())
}

/// The self-relative security descriptor of a file or folder, without its audits.
#[cfg(windows)]
pub fn descriptor(path: &Path) -> Result<Vec<u8>, Unreadable> {
    if path.is_symlink() {
        return Err(not_followed(path));
    }
    crate::live::descriptor_of_file(path)
}

/// The self-relative security descriptor of a file or folder: here the system has no way to ask for it.
#[cfg(not(any(windows, target_os = "linux")))]
pub fn descriptor(_: &Path) -> Result<Vec<u8>, Unreadable> {
    Err(no_descriptors())
}

#[cfg(not(windows))]
pub(super) fn no_descriptors() -> Unreadable {
    Unreadable::System("what the volume is mounted with hands out no security descriptors".to_owned())
}

/// Follows no link and waits for no pipe.
#[cfg(unix)]
fn for_reading() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options
}

#[cfg(not(unix))]
fn for_reading() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    options
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there is none")]
fn device(metadata: &Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::dev(metadata))
}

#[cfg(not(unix))]
fn device(_: &Metadata) -> Option<u64> {
    None
}

pub(super) fn existing<T>(outcome: io::Result<T>) -> Answer<T> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(unreadable(&error)),
    }
}

pub(super) fn unreadable(error: &io::Error) -> Unreadable {
    match error.kind() {
        io::ErrorKind::PermissionDenied => Unreadable::Denied,
        _ => Unreadable::System(error.to_string()),
    }
}

/// What is said of a link instead of following it.
pub(super) fn not_followed(path: &Path) -> Unreadable {
    Unreadable::System(format!("{}, which is not followed", link::what(path)))
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn volume() -> (tempfile::TempDir, Volume) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("Windows/System32/config")).unwrap();
        fs::write(folder.path().join("Windows/System32/config/SYSTEM"), b"regf").unwrap();
        let volume = Volume::open(folder.path()).unwrap();
        (folder, volume)
    }

    #[test]
    fn what_is_too_large_is_not_read() {
        let (_folder, volume) = volume();
        assert_eq!(volume.read(r"windows\system32\CONFIG\system", 4), Ok(Some(b"regf".to_vec())));
        assert_eq!(volume.read("Windows/System32/config/SYSTEM", 3), Err(Unreadable::TooLarge { limit: 3 }));
        assert_eq!(volume.read(r"Windows\System32\config\SAM", 4), Ok(None));
        assert_eq!(volume.read(r"Windows\System32\config\SYSTEM\below", 4), Ok(None));
        assert_eq!(volume.read(r"Windows\System32", 4), Err(no_file()));
    }

    #[test]
    fn no_link_leads_out_of_the_volume() {
        let (folder, volume) = volume();
        symlink("/etc", folder.path().join("Documents")).unwrap();
        symlink("/etc/passwd", folder.path().join("Windows/passwd")).unwrap();
        for path in [r"Documents\passwd", r"Windows\passwd", "documents"] {
            let refused = volume.read(path, 1 << 20).unwrap_err().to_string();
            assert!(refused.ends_with("which is not followed"), "{refused}");
        }
        for path in [r"..\etc", r"Windows\..\..", "Windows/./System32", "Windows:stream", "a\0b"] {
            assert!(volume.file(path).is_err(), "{path}");
        }
        let listed = volume.folder("Windows").unwrap().unwrap();
        assert_eq!(listed.iter().filter(|info| !info.is_folder).count(), 1, "the link is listed");
    }

    #[test]
    fn of_a_large_folder_only_the_first_entries_are_looked_at() {
        let (folder, volume) = volume();
        for number in 0..20 {
            fs::write(folder.path().join(format!("Windows/{number}")), b"").unwrap();
        }
        assert_eq!(volume.entries("windows", 5).unwrap().unwrap().len(), 5);
        assert_eq!(volume.entries("windows", 500).unwrap().unwrap().len(), 21);
        assert_eq!((volume.entries("nothing", 5), volume.entries(r"Windows\1", 5)), (Ok(None), Ok(None)));
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let (folder, volume) = volume();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert_eq!(volume.read("pipe", 10), Err(no_file()));
    }

    #[test]
    fn another_file_system_hands_out_no_descriptors() {
        let (_folder, volume) = volume();
        assert_eq!(volume.file("Windows").unwrap().unwrap().descriptor, Err(no_descriptors()));
    }

    #[test]
    fn only_a_folder_is_a_volume() {
        let (folder, _) = volume();
        assert!(Volume::open(&folder.path().join("Windows/System32/config/SYSTEM")).is_err());
        assert!(Volume::open(&folder.path().join("nothing")).is_err());
    }
}
