//! What the account that we run as may do.

use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::LUID;
use windows_sys::Win32::Security::{
    AdjustTokenPrivileges, GetTokenInformation, LUID_AND_ATTRIBUTES, LookupPrivilegeValueW, SE_PRIVILEGE_ENABLED,
    TOKEN_ACCESS_MASK, TOKEN_ADJUST_PRIVILEGES, TOKEN_ELEVATION, TOKEN_PRIVILEGES, TOKEN_QUERY, TokenElevation,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use super::system::{check, size_of_u32, wide};
use crate::Unreadable;

/// Reads files whatever their descriptors say.
pub(super) const SE_BACKUP: &str = "SeBackupPrivilege";

/// Whether this process has its administrator's rights in force.
pub fn is_elevated() -> Result<bool, Unreadable> {
    let token = token(TOKEN_QUERY)?;
    let mut elevation = TOKEN_ELEVATION::default();
    let mut used = 0;
    // SAFETY: the token is open, and the structure is valid for writes of the size that is told.
    check(unsafe {
        GetTokenInformation(
            token.as_raw_handle(),
            TokenElevation,
            (&raw mut elevation).cast(),
            size_of_u32::<TOKEN_ELEVATION>(),
            &raw mut used,
        )
    })?;
    Ok(elevation.TokenIsElevated != 0)
}

/// What to say where administrators alone would get all answers. Where that cannot be told, each refusal still says why.
pub(super) fn note(elevated: &Result<bool, Unreadable>) -> Option<&'static str> {
    (*elevated == Ok(false)).then_some(
        "not run as administrator, so that keys, the Security log and user rights may be missing: run it again from a \
         prompt that was opened with \"Run as administrator\"",
    )
}

/// Enables a privilege for this process. Without it, what needs it is denied, and says so.
pub(super) fn enable(name: &str) {
    if let (Ok(token), Ok(luid)) = (token(TOKEN_ADJUST_PRIVILEGES), privilege(name)) {
        let privilege = LUID_AND_ATTRIBUTES { Luid: luid, Attributes: SE_PRIVILEGE_ENABLED };
        let wanted = TOKEN_PRIVILEGES { PrivilegeCount: 1, Privileges: [privilege] };
        // SAFETY: the token is open, the list has the one privilege that it counts, and no former state is asked for.
        unsafe {
            AdjustTokenPrivileges(token.as_raw_handle(), 0, &raw const wanted, 0, ptr::null_mut(), ptr::null_mut())
        };
    }
}

fn privilege(name: &str) -> Result<LUID, Unreadable> {
    let name = wide(name)?;
    let mut luid = LUID::default();
    // SAFETY: the name is terminated, and the LUID valid for writes.
    check(unsafe { LookupPrivilegeValueW(ptr::null(), name.as_ptr(), &raw mut luid) })?;
    Ok(luid)
}

fn token(access: TOKEN_ACCESS_MASK) -> Result<OwnedHandle, Unreadable> {
    let mut token = ptr::null_mut();
    // SAFETY: the pseudo handle of this process needs no closing, and the token is valid for writes.
    check(unsafe { OpenProcessToken(GetCurrentProcess(), access, &raw mut token) })?;
    // SAFETY: the call succeeded, so that the handle is open and nobody else's.
    Ok(unsafe { OwnedHandle::from_raw_handle(token) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_is_known_to_lack_rights_is_told_so() {
        assert!(note(&Ok(false)).is_some_and(|note| note.contains("Run as administrator") && !note.contains('\n')));
        assert_eq!(note(&Ok(true)), None);
        assert_eq!(note(&Err(Unreadable::NoAnswer)), None);
    }
}
