//! The registry, through the 64-bit view.

use std::ptr;

use windows_sys::Win32::Foundation::{
    ERROR_FILE_NOT_FOUND, ERROR_KEY_DELETED, ERROR_MORE_DATA, ERROR_NO_MORE_ITEMS, ERROR_PATH_NOT_FOUND, ERROR_SUCCESS,
    FILETIME,
};
use windows_sys::Win32::Security::{DACL_SECURITY_INFORMATION, GROUP_SECURITY_INFORMATION, OWNER_SECURITY_INFORMATION};
use windows_sys::Win32::System::Registry::{
    HKEY, HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE, HKEY_USERS, KEY_ENUMERATE_SUB_KEYS, KEY_QUERY_VALUE, KEY_WOW64_64KEY,
    REG_SAM_FLAGS, RegCloseKey, RegEnumKeyExW, RegEnumValueW, RegGetKeySecurity, RegOpenKeyExW, RegQueryInfoKeyW,
};

use super::system::{bytes_of, filled, moment, narrow, why, wide};
use crate::registry::{Data, Key, Value};
use crate::security::READ_CONTROL;
use crate::{Answer, Unreadable};

/// Names of keys have at most 255 units.
const KEY_NAME: usize = 256;
/// Names of values have at most 16 383 units.
const VALUE_NAME: usize = 16_384;
/// What the values of one key may have in all, in bytes; no key that we ask for comes near it.
const LARGEST: usize = 64 << 20;
/// An access list is at most 64 KiB; two of them, the owner and the group.
const LARGEST_DESCRIPTOR: usize = 256 << 10;

/// A key by its path.
pub(super) fn key(path: &str) -> Answer<Key> {
    let Some(open) = Open::existing(path, KEY_QUERY_VALUE | KEY_ENUMERATE_SUB_KEYS)? else { return Ok(None) };
    Ok(Some(Key { values: open.values()?, keys: open.keys()?, written: moment(open.written()?) }))
}

/// Owner, group and access list of a key, self-relative.
pub(super) fn descriptor(path: &str) -> Answer<Vec<u8>> {
    let parts = OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    let Some(open) = Open::existing(path, READ_CONTROL)? else { return Ok(None) };
    let read = filled(LARGEST_DESCRIPTOR, |buffer| {
        let mut size = bytes_of(buffer);
        // SAFETY: the key is open, and the buffer valid for writes of the size that is told.
        let code = unsafe { RegGetKeySecurity(open.0, parts, buffer.as_mut_ptr().cast(), &raw mut size) };
        (code, size)
    });
    read.map(Some)
}

/// The hive's handle and the path below it.
pub(super) fn split(path: &str) -> Result<(HKEY, &str), Unreadable> {
    let (hive, rest) = path.split_once('\\').unwrap_or((path, ""));
    let handle = match hive.to_ascii_uppercase().as_str() {
        "HKLM" => HKEY_LOCAL_MACHINE,
        "HKCU" => HKEY_CURRENT_USER,
        "HKU" => HKEY_USERS,
        _ => return Err(Unreadable::System(format!("there is no hive {hive}"))),
    };
    Ok((handle, rest.trim_end_matches('\\')))
}

/// Whether the number says that there is no such key or value.
pub(super) fn is_absent(code: u32) -> bool {
    matches!(code, ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND | ERROR_KEY_DELETED)
}

/// An open key.
pub(super) struct Open(pub(super) HKEY);

impl Open {
    pub(super) fn existing(path: &str, access: REG_SAM_FLAGS) -> Answer<Self> {
        let (hive, below) = split(path)?;
        let below = wide(below)?;
        let mut key = ptr::null_mut();
        // SAFETY: the hive is a predefined handle, the path terminated, and the key valid for writes.
        let code = unsafe { RegOpenKeyExW(hive, below.as_ptr(), 0, access | KEY_WOW64_64KEY, &raw mut key) };
        match code {
            ERROR_SUCCESS => Ok(Some(Self(key))),
            code if is_absent(code) => Ok(None),
            code => Err(why(code)),
        }
    }

    fn written(&self) -> Result<FILETIME, Unreadable> {
        let none = ptr::null_mut();
        let mut written = FILETIME::default();
        // SAFETY: the key is open; whatever is not asked for is null, and the time is valid for writes.
        let code = unsafe {
            RegQueryInfoKeyW(
                self.0,
                ptr::null_mut(),
                none,
                ptr::null(),
                none,
                none,
                none,
                none,
                none,
                none,
                none,
                &raw mut written,
            )
        };
        if code == ERROR_SUCCESS { Ok(written) } else { Err(why(code)) }
    }

    fn keys(&self) -> Result<Vec<String>, Unreadable> {
        let mut keys = Vec::new();
        for index in 0..u32::MAX {
            match self.key_name(index) {
                Ok(Some(name)) => keys.push(name),
                Ok(None) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(keys)
    }

    fn key_name(&self, index: u32) -> Answer<String> {
        let mut name = [0; KEY_NAME];
        let mut length = 256;
        let (reserved, class, class_length, written) = (ptr::null(), ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        // SAFETY: the key is open, what is not asked for is null, and the name valid for writes of the units that are told.
        let code = unsafe {
            RegEnumKeyExW(self.0, index, name.as_mut_ptr(), &raw mut length, reserved, class, class_length, written)
        };
        match code {
            ERROR_SUCCESS => Ok(Some(narrow(&name))),
            ERROR_NO_MORE_ITEMS => Ok(None),
            code => Err(why(code)),
        }
    }

    fn values(&self) -> Result<Vec<Value>, Unreadable> {
        let mut room = Room { name: vec![0; VALUE_NAME], data: vec![0; 4096] };
        let (mut values, mut total) = (Vec::new(), 0_usize);
        for index in 0..u32::MAX {
            let Some(value) = room.value(self.0, index)? else { break };
            total = total.saturating_add(value.name.len()).saturating_add(value.data.bytes.len());
            if total > LARGEST {
                return Err(Unreadable::TooLarge { limit: LARGEST });
            }
            values.push(value);
        }
        Ok(values)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // SAFETY: the key was opened by us and is closed once.
        unsafe { RegCloseKey(self.0) };
    }
}

/// Buffers for one value after the other.
struct Room {
    name: Vec<u16>,
    data: Vec<u8>,
}

impl Room {
    /// The value of this index, or none behind the last.
    fn value(&mut self, key: HKEY, index: u32) -> Answer<Value> {
        loop {
            let (code, kind, size) = self.fill(key, index);
            match code {
                ERROR_SUCCESS => {
                    let bytes = self.data.get(..size).unwrap_or(&self.data).to_vec();
                    return Ok(Some(Value { name: narrow(&self.name), data: Data { kind, bytes } }));
                }
                ERROR_NO_MORE_ITEMS => return Ok(None),
                ERROR_MORE_DATA if size > LARGEST => return Err(Unreadable::TooLarge { limit: LARGEST }),
                ERROR_MORE_DATA if size > self.data.len() => self.data.resize(size, 0),
                code => return Err(why(code)),
            }
        }
    }

    /// The error number, the type, and the bytes used or needed.
    fn fill(&mut self, key: HKEY, index: u32) -> (u32, u32, usize) {
        let mut length = u32::try_from(self.name.len()).unwrap_or(u32::MAX);
        let mut size = u32::try_from(self.data.len()).unwrap_or(u32::MAX);
        let mut kind = 0;
        // SAFETY: the key is open, and both buffers are valid for writes of the sizes that are told.
        let code = unsafe {
            RegEnumValueW(
                key,
                index,
                self.name.as_mut_ptr(),
                &raw mut length,
                ptr::null(),
                &raw mut kind,
                self.data.as_mut_ptr(),
                &raw mut size,
            )
        };
        (code, kind, usize::try_from(size).unwrap_or(usize::MAX))
    }
}
