use std::fs::File;
use std::io;
use std::os::windows::io::AsRawHandle as _;
use std::path::Path;

use windows_sys::Win32::Foundation::{
    ERROR_ALREADY_EXISTS, ERROR_FILE_EXISTS, ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND,
};
use windows_sys::Win32::Security::SetKernelObjectSecurity;
use windows_sys::Win32::Storage::FileSystem::{MOVEFILE_WRITE_THROUGH, MoveFileExW};

use super::super::file::{descriptor_of, open_for, unreadable};
use super::super::system::{check, last_error, why, wide};
use super::descriptor::{Parts, Told, is_kept, read};
use crate::Unreadable;
use crate::change::Unchanged;

pub(super) fn set_descriptor(path: &Path, bytes: &[u8]) -> Result<(), Unchanged> {
    let wanted = read(bytes)?;
    let parts = Parts::of(&wanted, bytes);
    let file = open_for(path, parts.access()).map_err(|error| refused(&error))?;
    set(&file, parts.told(&wanted)?)?;
    let found = read(&descriptor_of(&file)?)?;
    if is_kept(parts, &wanted, &found) { Ok(()) } else { Err(Unchanged::NotKept) }
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), Unchanged> {
    let [from, to] = [from, to].map(|path| wide(&path.to_string_lossy()));
    let (from, to) = (from?, to?);
    // SAFETY: both paths are terminated.
    let done = unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), MOVEFILE_WRITE_THROUGH) };
    match (done, last_error()) {
        (0, ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND) => Err(Unchanged::Absent),
        (0, ERROR_ALREADY_EXISTS | ERROR_FILE_EXISTS) => Err(Unchanged::Exists),
        (0, code) => Err(why(code).into()),
        _ => Ok(()),
    }
}

/// Sets it on the open file itself, so that nothing is inherited downwards.
fn set(file: &File, mut told: Told) -> Result<(), Unreadable> {
    // SAFETY: the file is open, and the descriptor is self-relative, aligned, and ends where its buffer ends.
    check(unsafe { SetKernelObjectSecurity(file.as_raw_handle(), told.parts, told.bytes.as_mut_ptr().cast()) })
}

fn refused(error: &io::Error) -> Unchanged {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Unchanged::Absent,
        _ => unreadable(error).into(),
    }
}
