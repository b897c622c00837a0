use std::ptr;

use windows_sys::Win32::Foundation::ERROR_SUCCESS;
use windows_sys::Win32::System::Registry::{
    KEY_CREATE_SUB_KEY, KEY_QUERY_VALUE, KEY_SET_VALUE, KEY_WOW64_64KEY, REG_CREATED_NEW_KEY, REG_OPTION_NON_VOLATILE,
    REG_SAM_FLAGS, RegCreateKeyExW, RegDeleteKeyExW, RegDeleteValueW, RegSetKeySecurity, RegSetValueExW,
};

use super::super::registry::{self, Open, is_absent, key};
use super::super::system::{why, wide};
use super::descriptor::{self, Parts};
use crate::Unreadable;
use crate::change::Unchanged;
use crate::registry::Data;
use crate::security::Descriptor;

pub(super) fn set_value(path: &str, name: &str, data: &Data) -> Result<(), Unchanged> {
    let open = existing(path, KEY_SET_VALUE)?;
    let name = wide(name)?;
    let size = u32::try_from(data.bytes.len()).map_err(|_| Unreadable::TooLarge { limit: 1 << 20 })?;
    let bytes = if data.bytes.is_empty() { ptr::null() } else { data.bytes.as_ptr() };
    // SAFETY: the key is open, the name terminated, and the data valid for reads of the size that is told.
    let code = unsafe { RegSetValueExW(open.0, name.as_ptr(), 0, data.kind, bytes, size) };
    done(code).map(drop)
}

pub(super) fn delete_value(path: &str, name: &str) -> Result<bool, Unchanged> {
    let Some(open) = Open::existing(path, KEY_SET_VALUE)? else { return Ok(false) };
    let name = wide(name)?;
    // SAFETY: the key is open, and the name terminated.
    done(unsafe { RegDeleteValueW(open.0, name.as_ptr()) })
}

pub(super) fn create_key(path: &str) -> Result<bool, Unchanged> {
    let (parent, name) = parent_and_name(path)?;
    let parent = existing(parent, KEY_CREATE_SUB_KEY)?;
    let name = wide(name)?;
    let (mut created, mut disposition) = (Open(ptr::null_mut()), 0);
    // SAFETY: the parent is open, the name terminated, what is not wanted null, and both results are valid for writes.
    let code = unsafe {
        RegCreateKeyExW(
            parent.0,
            name.as_ptr(),
            0,
            ptr::null(),
            REG_OPTION_NON_VOLATILE,
            KEY_QUERY_VALUE | KEY_WOW64_64KEY,
            ptr::null(),
            &raw mut created.0,
            &raw mut disposition,
        )
    };
    done(code).map(|_| disposition == REG_CREATED_NEW_KEY)
}

/// Looks first whether there are keys below, as Windows says no more of them than that access is denied.
pub(super) fn delete_key(path: &str) -> Result<bool, Unchanged> {
    let (parent, name) = parent_and_name(path)?;
    let Some(found) = key(path)? else { return Ok(false) };
    if !found.keys.is_empty() {
        return Err(Unchanged::HasKeys);
    }
    let Some(parent) = Open::existing(parent, KEY_QUERY_VALUE)? else { return Ok(false) };
    let name = wide(name)?;
    // SAFETY: the parent is open, and the name terminated.
    done(unsafe { RegDeleteKeyExW(parent.0, name.as_ptr(), KEY_WOW64_64KEY, 0) })
}

/// Sets on the key itself what differs, so that nothing is inherited downwards.
pub(super) fn set_descriptor(path: &str, bytes: &[u8]) -> Result<(), Unchanged> {
    let wanted = descriptor::read(bytes)?;
    // Wine gives a key that never had a descriptor to whoever sets a part of one: then the rest differs as well.
    for _ in 0..2 {
        let differing = differing(path, bytes, &wanted)?;
        if differing.is_empty() {
            return Ok(());
        }
        let open = existing(path, differing.access())?;
        let mut told = differing.told(&wanted)?;
        // SAFETY: the key is open, and the descriptor is self-relative, aligned, and ends where its buffer ends.
        done(unsafe { RegSetKeySecurity(open.0, told.parts, told.bytes.as_mut_ptr().cast()) })?;
    }
    if differing(path, bytes, &wanted)?.is_empty() { Ok(()) } else { Err(Unchanged::NotKept) }
}

/// What of a wanted descriptor a key does not have.
fn differing(path: &str, bytes: &[u8], wanted: &Descriptor) -> Result<Parts, Unchanged> {
    let found = registry::descriptor(path)?.ok_or(Unchanged::Absent)?;
    Ok(Parts::of(wanted, bytes).differing(wanted, &descriptor::read(&found)?))
}

fn existing(path: &str, access: REG_SAM_FLAGS) -> Result<Open, Unchanged> {
    Open::existing(path, access)?.ok_or(Unchanged::Absent)
}

/// A hive has no parent, and none is made or removed.
fn parent_and_name(path: &str) -> Result<(&str, &str), Unchanged> {
    let split = path.trim_end_matches('\\').rsplit_once('\\');
    split.ok_or_else(|| Unreadable::System(format!("{path} is no key below a hive")).into())
}

/// Whether there was something.
fn done(code: u32) -> Result<bool, Unchanged> {
    match code {
        ERROR_SUCCESS => Ok(true),
        code if is_absent(code) => Ok(false),
        code => Err(why(code).into()),
    }
}
