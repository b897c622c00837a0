use std::fs::File;
use std::io;
use std::os::windows::io::AsRawHandle as _;
use std::path::Path;

use windows_sys::Win32::Foundation::{
    ERROR_ALREADY_EXISTS, ERROR_FILE_EXISTS, ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND,
};
use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, GROUP_SECURITY_INFORMATION, OBJECT_SECURITY_INFORMATION, OWNER_SECURITY_INFORMATION,
    PROTECTED_DACL_SECURITY_INFORMATION, SE_DACL_AUTO_INHERIT_REQ, SE_DACL_AUTO_INHERITED, SE_DACL_PRESENT,
    SE_DACL_PROTECTED, SetKernelObjectSecurity,
};
use windows_sys::Win32::Storage::FileSystem::{
    MOVEFILE_WRITE_THROUGH, MoveFileExW, READ_CONTROL, WRITE_DAC, WRITE_OWNER,
};

use super::super::file::{descriptor_of, open_for, unreadable};
use super::super::system::{check, last_error, why, wide};
use crate::Unreadable;
use crate::change::Unchanged;
use crate::security::Descriptor;

pub(super) fn set_descriptor(path: &Path, bytes: &[u8]) -> Result<(), Unchanged> {
    let wanted = Descriptor::read(bytes).map_err(|error| damaged(&error))?;
    let parts = parts(&wanted, bytes);
    let file = open_for(path, access(parts)).map_err(|error| refused(&error))?;
    set(&file, parts, &wanted)?;
    let found = Descriptor::read(&descriptor_of(&file)?).map_err(|error| damaged(&error))?;
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

/// What the descriptor has. A list that is present and null lets everybody in, and is set as such.
fn parts(wanted: &Descriptor, bytes: &[u8]) -> OBJECT_SECURITY_INFORMATION {
    let control = bytes.get(2..4).and_then(|bytes| bytes.first_chunk().copied()).map_or(0, u16::from_le_bytes);
    let owner = if wanted.owner.is_some() { OWNER_SECURITY_INFORMATION } else { 0 };
    let group = if wanted.group.is_some() { GROUP_SECURITY_INFORMATION } else { 0 };
    let dacl = if control & SE_DACL_PRESENT != 0 { DACL_SECURITY_INFORMATION } else { 0 };
    owner | group | dacl
}

fn access(parts: OBJECT_SECURITY_INFORMATION) -> u32 {
    let owner = if parts & (OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION) != 0 { WRITE_OWNER } else { 0 };
    let dacl = if parts & DACL_SECURITY_INFORMATION != 0 { WRITE_DAC } else { 0 };
    READ_CONTROL | owner | dacl
}

/// Sets it on the open file itself, so that nothing is inherited downwards.
fn set(file: &File, mut parts: OBJECT_SECURITY_INFORMATION, wanted: &Descriptor) -> Result<(), Unreadable> {
    let mut told = wanted.clone();
    told.sacl = None;
    // "Auto-inherited" stays only where it is asked for anew.
    if told.control & SE_DACL_AUTO_INHERITED != 0 {
        told.control |= SE_DACL_AUTO_INHERIT_REQ;
    }
    if told.control & SE_DACL_PROTECTED != 0 && parts & DACL_SECURITY_INFORMATION != 0 {
        parts |= PROTECTED_DACL_SECURITY_INFORMATION;
    }
    let mut aligned = words(&told.to_bytes().map_err(|error| damaged(&error))?);
    // SAFETY: the file is open, and the descriptor is self-relative, aligned, and ends where its buffer ends.
    check(unsafe { SetKernelObjectSecurity(file.as_raw_handle(), parts, aligned.as_mut_ptr().cast()) })
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks(4).map(|word| word.iter().rev().fold(0, |number, byte| (number << 8) | u32::from(*byte))).collect()
}

fn is_kept(parts: OBJECT_SECURITY_INFORMATION, wanted: &Descriptor, found: &Descriptor) -> bool {
    let is_set = |part| parts & part != 0;
    let protection = |descriptor: &Descriptor| descriptor.control & SE_DACL_PROTECTED;
    let has_owner = !is_set(OWNER_SECURITY_INFORMATION) || wanted.owner == found.owner;
    let has_group = !is_set(GROUP_SECURITY_INFORMATION) || wanted.group == found.group;
    let has_dacl = wanted.dacl == found.dacl && protection(wanted) == protection(found);
    has_owner && has_group && (!is_set(DACL_SECURITY_INFORMATION) || has_dacl)
}

fn refused(error: &io::Error) -> Unchanged {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Unchanged::Absent,
        _ => unreadable(error).into(),
    }
}

fn damaged(error: &impl ToString) -> Unreadable {
    Unreadable::Damaged(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::security::Sid;

    /// The same, but for one thing.
    fn descriptor(change: impl FnOnce(&mut Descriptor)) -> Descriptor {
        let mut descriptor: Descriptor = "O:SYG:SYD:P(A;;FA;;;SY)".parse().unwrap();
        change(&mut descriptor);
        descriptor
    }

    fn parts_of(bytes: &[u8]) -> OBJECT_SECURITY_INFORMATION {
        parts(&Descriptor::read(bytes).unwrap(), bytes)
    }

    #[test]
    fn only_what_the_descriptor_has_is_set() {
        let all = OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
        assert_eq!(parts_of(&descriptor(|_| ()).to_bytes().unwrap()), all);
        assert_eq!(access(all), READ_CONTROL | WRITE_DAC | WRITE_OWNER);
        let list_only = descriptor(|it| (it.owner, it.group) = (None, None));
        let mut bytes = list_only.to_bytes().unwrap();
        assert_eq!(parts_of(&bytes), DACL_SECURITY_INFORMATION);
        assert_eq!(access(DACL_SECURITY_INFORMATION), READ_CONTROL | WRITE_DAC);
        bytes[2] = 0;
        assert_eq!(parts_of(&bytes), 0);
    }

    #[test]
    fn another_owner_list_or_protection_is_not_kept() {
        let wanted = descriptor(|_| ());
        let all = OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
        assert!(is_kept(all, &wanted, &wanted));
        let other_owner = descriptor(|it| it.owner = Some(Sid::USERS));
        assert!(!is_kept(all, &wanted, &other_owner));
        assert!(is_kept(DACL_SECURITY_INFORMATION, &wanted, &other_owner));
        assert!(!is_kept(all, &wanted, &descriptor(|it| it.control = 0)));
        assert!(!is_kept(all, &wanted, &descriptor(|it| it.dacl = None)));
    }
}
