//! Files and folders with their descriptors.

use std::fs::{self, DirEntry, File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::windows::fs::OpenOptionsExt as _;
use std::os::windows::io::AsRawHandle as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use windows_sys::Win32::Foundation::ERROR_SUCCESS;
use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, GROUP_SECURITY_INFORMATION, GetKernelObjectSecurity, OWNER_SECURITY_INFORMATION,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_FLAG_BACKUP_SEMANTICS, READ_CONTROL};

use super::system::{bytes_of, filled, last_error, why};
use crate::{Answer, FileInfo, Unreadable};

/// Descriptors have at most 64 KiB of each list.
const LARGEST_DESCRIPTOR: usize = 256 << 10;
/// MachineKeys have been seen with some hundred thousand files.
const MOST_ENTRIES: usize = 1_000_000;

/// The path of something below the system drive. Its verbatim form names no device and nothing above the drive.
pub(super) fn below(drive: &str, path: &str) -> PathBuf {
    let path = path.replace('/', r"\");
    PathBuf::from(format!(r"\\?\{drive}\{}", path.trim_matches('\\')))
}

/// A file or folder.
pub(super) fn file(path: &Path) -> Answer<FileInfo> {
    let Some(metadata) = existing(fs::metadata(path))? else { return Ok(None) };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Some(info(name, &metadata, path)))
}

/// What is in a folder, with the descriptors.
pub(super) fn folder(path: &Path) -> Answer<Vec<FileInfo>> {
    let Some(entries) = existing(fs::read_dir(path))? else { return Ok(None) };
    let mut found = Vec::new();
    for entry in entries {
        if found.len() == MOST_ENTRIES {
            return Err(Unreadable::System(format!("the folder has more than {MOST_ENTRIES} files")));
        }
        found.extend(existing(entry.and_then(|entry| listed(&entry)))?);
    }
    Ok(Some(found))
}

/// The first entries of a folder, without their descriptors.
pub(super) fn entries(path: &Path, most: usize) -> Answer<Vec<FileInfo>> {
    let Some(entries) = existing(fs::read_dir(path))? else { return Ok(None) };
    let plain = |entry: DirEntry| -> io::Result<FileInfo> {
        let name = entry.file_name().to_string_lossy().into_owned();
        Ok(described(name, &entry.metadata()?, Err(Unreadable::NotCollected)))
    };
    let found = entries.take(most).map(|entry| existing(entry.and_then(plain)));
    Ok(Some(found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect()))
}

/// The bytes of a file.
pub(super) fn read(path: &Path, limit: usize) -> Answer<Vec<u8>> {
    let opened = OpenOptions::new().read(true).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(path);
    let Some(file) = existing(opened)? else { return Ok(None) };
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    file.take(most).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() > limit {
        return Err(Unreadable::TooLarge { limit });
    }
    Ok(Some(bytes))
}

/// Owner, group and access list of an open file or folder, self-relative.
pub(super) fn descriptor_of(file: &File) -> Result<Vec<u8>, Unreadable> {
    let parts = OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    filled(LARGEST_DESCRIPTOR, |buffer| {
        let mut needed = 0;
        let (room, size) = (buffer.as_mut_ptr().cast(), bytes_of(buffer));
        // SAFETY: the file is open, and the buffer valid for writes of the size that is told.
        let done = unsafe { GetKernelObjectSecurity(file.as_raw_handle(), parts, room, size, &raw mut needed) };
        (if done == 0 { last_error() } else { ERROR_SUCCESS }, needed)
    })
}

/// The same of a file or folder by its path.
pub(crate) fn descriptor(path: &Path) -> Result<Vec<u8>, Unreadable> {
    let opened = open_for(path, READ_CONTROL).map_err(|error| unreadable(&error))?;
    descriptor_of(&opened)
}

/// Opens a file or folder for rights that std has no word for.
pub(super) fn open_for(path: &Path, access: u32) -> io::Result<File> {
    OpenOptions::new().access_mode(access).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(path)
}

fn listed(entry: &DirEntry) -> io::Result<FileInfo> {
    Ok(info(entry.file_name().to_string_lossy().into_owned(), &entry.metadata()?, &entry.path()))
}

fn info(name: String, metadata: &Metadata, path: &Path) -> FileInfo {
    described(name, metadata, descriptor(path))
}

fn described(name: String, metadata: &Metadata, descriptor: Result<Vec<u8>, Unreadable>) -> FileInfo {
    FileInfo {
        name,
        is_folder: metadata.is_dir(),
        size: metadata.len(),
        modified: metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok()),
        descriptor,
    }
}

fn existing<T>(outcome: io::Result<T>) -> Answer<T> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(unreadable(&error)),
    }
}

pub(super) fn unreadable(error: &io::Error) -> Unreadable {
    match error.raw_os_error() {
        Some(code) => why(code.cast_unsigned()),
        None => Unreadable::System(error.to_string()),
    }
}
