//! Accounts with rights to log on, from the local security authority.

use std::ptr;

use windows_sys::Win32::Foundation::{
    NTSTATUS, STATUS_ACCESS_DENIED, STATUS_NO_MORE_ENTRIES, STATUS_NOT_IMPLEMENTED, STATUS_SUCCESS,
};
use windows_sys::Win32::Security::Authentication::Identity::{
    LSA_ENUMERATION_INFORMATION, LSA_HANDLE, LSA_OBJECT_ATTRIBUTES, LSA_UNICODE_STRING, LsaClose,
    LsaEnumerateAccountsWithUserRight, LsaFreeMemory, LsaNtStatusToWinError, LsaOpenPolicy, POLICY_LOOKUP_NAMES,
    POLICY_VIEW_LOCAL_INFORMATION,
};
use windows_sys::Win32::Security::{GetLengthSid, IsValidSid, PSID};

use super::system::{size_of_u32, why, wide};
use crate::security::Sid;
use crate::{LogonRight, RightHolder, Unreadable};

const RIGHTS: [&str; 4] = [
    "SeRemoteInteractiveLogonRight",
    "SeDenyRemoteInteractiveLogonRight",
    "SeNetworkLogonRight",
    "SeDenyNetworkLogonRight",
];
/// SeChangeNotifyPrivilege, which somebody holds on every Windows, and nobody under Wine.
const HELD_ANYWHERE: &str = "SeChangeNotifyPrivilege";

/// Who holds which of the rights.
pub(super) fn holders() -> Result<Vec<RightHolder>, Unreadable> {
    let policy = Policy::open()?;
    if policy.accounts(HELD_ANYWHERE)?.is_empty() {
        return Err(Unreadable::NoAnswer);
    }
    let mut found = Vec::new();
    for name in RIGHTS {
        let sids = policy.accounts(name)?;
        let right = LogonRight::named(name);
        found.extend(right.into_iter().flat_map(|right| sids.iter().map(move |sid| holder(right, sid))));
    }
    Ok(found)
}

fn holder(right: LogonRight, sid: &str) -> RightHolder {
    RightHolder { right, sid: sid.to_owned() }
}

struct Policy(LSA_HANDLE);

impl Policy {
    fn open() -> Result<Self, Unreadable> {
        let attributes = LSA_OBJECT_ATTRIBUTES { Length: size_of_u32::<LSA_OBJECT_ATTRIBUTES>(), ..Default::default() };
        let access = (POLICY_LOOKUP_NAMES | POLICY_VIEW_LOCAL_INFORMATION).cast_unsigned();
        let mut policy = 0;
        // SAFETY: a null name stands for this machine, the attributes say their size, the handle is valid for writes.
        let status = unsafe { LsaOpenPolicy(ptr::null(), &raw const attributes, access, &raw mut policy) };
        if status == STATUS_SUCCESS { Ok(Self(policy)) } else { Err(reason(status)) }
    }

    /// The identifiers of those who hold a right.
    fn accounts(&self, right: &str) -> Result<Vec<String>, Unreadable> {
        let mut units = wide(right)?;
        let size = u16::try_from(size_of_val(units.as_slice())).unwrap_or(u16::MAX);
        let right =
            LSA_UNICODE_STRING { Length: size.saturating_sub(2), MaximumLength: size, Buffer: units.as_mut_ptr() };
        let mut list = List { entries: ptr::null_mut(), count: 0 };
        // SAFETY: the policy is open, the name lives as long as the call, and the list is valid for writes.
        let status = unsafe {
            let entries = (&raw mut list.entries).cast();
            LsaEnumerateAccountsWithUserRight(self.0, &raw const right, entries, &raw mut list.count)
        };
        match status {
            STATUS_SUCCESS => list.sids(),
            STATUS_NO_MORE_ENTRIES => Ok(Vec::new()),
            status => Err(reason(status)),
        }
    }
}

impl Drop for Policy {
    fn drop(&mut self) {
        // SAFETY: the policy was opened by us and is closed once.
        unsafe { LsaClose(self.0) };
    }
}

/// What the authority allocated for us.
struct List {
    entries: *mut LSA_ENUMERATION_INFORMATION,
    count: u32,
}

impl List {
    fn sids(&self) -> Result<Vec<String>, Unreadable> {
        let count = usize::try_from(self.count).unwrap_or(0);
        if self.entries.is_null() {
            return Ok(Vec::new());
        }
        // SAFETY: the call succeeded, so that the list has as many entries as it counted, and lives until it is freed.
        let entries = unsafe { std::slice::from_raw_parts(self.entries, count) };
        // SAFETY: each entry points to an identifier within the same allocation.
        let sids = entries.iter().map(|entry| unsafe { sid_bytes(entry.Sid) });
        sids.map(|sid| sid.and_then(|bytes| Sid::read(&bytes).ok()).map(|(sid, _)| sid.to_string()))
            .collect::<Option<_>>()
            .ok_or_else(odd_sid)
    }
}

impl Drop for List {
    fn drop(&mut self) {
        if !self.entries.is_null() {
            // SAFETY: the authority allocated it for us, and it is freed once.
            unsafe { LsaFreeMemory(self.entries.cast()) };
        }
    }
}

fn odd_sid() -> Unreadable {
    Unreadable::Damaged("an account that is no identifier".to_owned())
}

/// The bytes of an identifier.
///
/// # Safety
/// The pointer is null, or the identifier is valid for reads of the length that it says.
unsafe fn sid_bytes(sid: PSID) -> Option<Vec<u8>> {
    // SAFETY: the caller vouches for it, and null is refused by the second.
    let is_valid = !sid.is_null() && unsafe { IsValidSid(sid) } != 0;
    // SAFETY: it is a valid identifier.
    let length = is_valid.then(|| unsafe { GetLengthSid(sid) })?;
    // SAFETY: a valid identifier has as many bytes as it says.
    let bytes = unsafe { std::slice::from_raw_parts(sid.cast::<u8>(), usize::try_from(length).ok()?) };
    Some(bytes.to_vec())
}

fn reason(status: NTSTATUS) -> Unreadable {
    match status {
        STATUS_ACCESS_DENIED => Unreadable::Denied,
        STATUS_NOT_IMPLEMENTED => Unreadable::NoAnswer,
        // SAFETY: it turns a number into another.
        status => why(unsafe { LsaNtStatusToWinError(status) }),
    }
}
