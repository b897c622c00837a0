//! Stored credentials: for whom they are, never what they are.

use std::ptr;

use windows_sys::Win32::Foundation::{ERROR_NO_SUCH_LOGON_SESSION, ERROR_NOT_FOUND};
use windows_sys::Win32::Security::Credentials::{CREDENTIALW, CredEnumerateW, CredFree};

use super::system::{last_error, text_at, why, wide};
use crate::Unreadable;

/// CRED_MAX_GENERIC_TARGET_NAME_LENGTH, which no name or user exceeds.
const LONGEST: usize = 32_767;

/// Targets and users of what is stored for Remote Desktop in this account.
pub(super) fn of_remote_desktop() -> Result<Vec<(String, Option<String>)>, Unreadable> {
    let filter = wide("TERMSRV/*")?;
    let mut list = List { entries: ptr::null_mut(), count: 0 };
    // SAFETY: the filter is terminated, and the list valid for writes.
    let done = unsafe { CredEnumerateW(filter.as_ptr(), 0, &raw mut list.count, &raw mut list.entries) };
    match (done, last_error()) {
        (0, ERROR_NOT_FOUND) => Ok(Vec::new()),
        // A logon over the network has no store of its own.
        (0, ERROR_NO_SUCH_LOGON_SESSION) => Err(Unreadable::NoAnswer),
        (0, code) => Err(why(code)),
        _ => Ok(list.names()),
    }
}

/// What Windows allocated for us.
struct List {
    entries: *mut *mut CREDENTIALW,
    count: u32,
}

impl List {
    fn names(&self) -> Vec<(String, Option<String>)> {
        let count = usize::try_from(self.count).unwrap_or(0);
        if self.entries.is_null() || count == 0 {
            return Vec::new();
        }
        // SAFETY: the call succeeded, so that the list has as many entries as it counted, and lives until it is freed.
        let entries = unsafe { std::slice::from_raw_parts(self.entries, count) };
        // SAFETY: each entry is null or points to a credential within the same allocation.
        entries.iter().filter_map(|entry| unsafe { entry.as_ref() }).filter_map(names).collect()
    }
}

impl Drop for List {
    fn drop(&mut self) {
        if !self.entries.is_null() {
            // SAFETY: Windows allocated it for us, and it is freed once.
            unsafe { CredFree(self.entries.cast()) };
        }
    }
}

fn names(credential: &CREDENTIALW) -> Option<(String, Option<String>)> {
    // SAFETY: both are null or terminated.
    let (target, user) = unsafe { (text_at(credential.TargetName, LONGEST), text_at(credential.UserName, LONGEST)) };
    Some((target?, user.filter(|user| !user.is_empty())))
}
