use std::ptr;
use std::thread;
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::{
    ERROR_DEPENDENT_SERVICES_RUNNING, ERROR_SERVICE_ALREADY_RUNNING, ERROR_SERVICE_DISABLED, ERROR_SERVICE_NOT_ACTIVE,
    ERROR_SERVICE_SPECIFIC_ERROR, ERROR_SUCCESS,
};
use windows_sys::Win32::System::Services::{
    ChangeServiceConfigW, ControlService, ENUM_SERVICE_STATUSW, EnumDependentServicesW, SERVICE_ACTIVE,
    SERVICE_CHANGE_CONFIG, SERVICE_CONTROL_STOP, SERVICE_ENUMERATE_DEPENDENTS, SERVICE_NO_CHANGE, SERVICE_QUERY_STATUS,
    SERVICE_RUNNING, SERVICE_START, SERVICE_STATUS, SERVICE_STATUS_PROCESS, SERVICE_STOP, SERVICE_STOPPED,
    StartServiceW,
};

use super::super::service::Handle;
use super::super::system::{check, last_error, size_of_u32, text_at, why, wide};
use crate::change::{Start, Unchanged};

/// Names of services have at most 256 units.
const LONGEST_NAME: usize = 256;
/// More dependents than any service has.
const MOST_DEPENDENTS: usize = 512;
/// How long between two looks at a service.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) fn start(name: &str, patience: Duration) -> Result<(), Unchanged> {
    let service = existing(name, SERVICE_START | SERVICE_QUERY_STATUS)?;
    // SAFETY: the service is open, and no arguments are given.
    let done = unsafe { StartServiceW(service.0, 0, ptr::null()) };
    match outcome(done) {
        ERROR_SUCCESS | ERROR_SERVICE_ALREADY_RUNNING => {}
        ERROR_SERVICE_DISABLED => return Err(Unchanged::Disabled),
        code => return Err(why(code).into()),
    }
    let status = settled(&service, SERVICE_RUNNING, patience)?;
    match status.dwCurrentState {
        SERVICE_RUNNING => Ok(()),
        SERVICE_STOPPED => Err(Unchanged::Ended(exit_code(&status))),
        state => Err(Unchanged::TooSlow(state)),
    }
}

pub(super) fn stop(name: &str, patience: Duration) -> Result<(), Unchanged> {
    let service = existing(name, SERVICE_STOP | SERVICE_QUERY_STATUS)?;
    let mut status = SERVICE_STATUS::default();
    // SAFETY: the service is open, and the status valid for writes.
    let done = unsafe { ControlService(service.0, SERVICE_CONTROL_STOP, &raw mut status) };
    match outcome(done) {
        ERROR_SUCCESS | ERROR_SERVICE_NOT_ACTIVE => {}
        ERROR_DEPENDENT_SERVICES_RUNNING => return Err(Unchanged::HasDependents),
        code => return Err(why(code).into()),
    }
    match settled(&service, SERVICE_STOPPED, patience)?.dwCurrentState {
        SERVICE_STOPPED => Ok(()),
        state => Err(Unchanged::TooSlow(state)),
    }
}

pub(super) fn set_start(name: &str, start: Start) -> Result<(), Unchanged> {
    let service = existing(name, SERVICE_CHANGE_CONFIG)?;
    let (unchanged, kept) = (SERVICE_NO_CHANGE, ptr::null());
    let no_tag = ptr::null_mut();
    // SAFETY: the service is open, and everything but the start is left as it is.
    check(unsafe {
        let start = start.number();
        ChangeServiceConfigW(service.0, unchanged, start, unchanged, kept, kept, no_tag, kept, kept, kept, kept)
    })?;
    Ok(())
}

/// An empty password is that of the accounts that have none.
pub(super) fn set_account(name: &str, account: &str) -> Result<(), Unchanged> {
    let service = existing(name, SERVICE_CHANGE_CONFIG)?;
    let (unchanged, kept, no_tag) = (SERVICE_NO_CHANGE, ptr::null(), ptr::null_mut());
    let (account, none) = (wide(account)?, wide("")?);
    // SAFETY: the service is open, both texts are terminated, and everything but the account is left as it is.
    check(unsafe {
        let (account, none) = (account.as_ptr(), none.as_ptr());
        ChangeServiceConfigW(service.0, unchanged, unchanged, unchanged, kept, kept, no_tag, kept, account, none, kept)
    })?;
    Ok(())
}

pub(super) fn running_dependents(name: &str) -> Result<Vec<String>, Unchanged> {
    let service = existing(name, SERVICE_ENUMERATE_DEPENDENTS)?;
    // Behind the entries lie the texts that they point to.
    let mut room = vec![ENUM_SERVICE_STATUSW::default(); MOST_DEPENDENTS];
    let size = size_of_u32::<ENUM_SERVICE_STATUSW>().saturating_mul(u32::try_from(room.len()).unwrap_or(0));
    let (mut needed, mut count) = (0, 0);
    let entries = room.as_mut_ptr();
    // SAFETY: the service is open, and the buffer valid for writes of the size that is told.
    let done =
        unsafe { EnumDependentServicesW(service.0, SERVICE_ACTIVE, entries, size, &raw mut needed, &raw mut count) };
    check(done)?;
    let listed = (0..usize::try_from(count).unwrap_or(0).min(MOST_DEPENDENTS)).map(|index| {
        // SAFETY: the call wrote as many entries as it counted, their names are terminated and lie in the same buffer,
        // which is touched by nobody else until the names are copied.
        unsafe { text_at((*entries.add(index)).lpServiceName, LONGEST_NAME) }
    });
    Ok(listed.flatten().collect())
}

fn existing(name: &str, access: u32) -> Result<Handle, Unchanged> {
    Handle::service(name, access)?.ok_or(Unchanged::Absent)
}

fn outcome(done: i32) -> u32 {
    if done == 0 { last_error() } else { ERROR_SUCCESS }
}

/// The status once the service is in the wanted state or has ended, or when the time is up.
fn settled(service: &Handle, wanted: u32, patience: Duration) -> Result<SERVICE_STATUS_PROCESS, Unchanged> {
    let began = Instant::now();
    loop {
        let status = service.status()?;
        let is_settled = status.dwCurrentState == wanted || status.dwCurrentState == SERVICE_STOPPED;
        if is_settled || began.elapsed() >= patience {
            return Ok(status);
        }
        thread::sleep(PAUSE);
    }
}

fn exit_code(status: &SERVICE_STATUS_PROCESS) -> u32 {
    match status.dwWin32ExitCode {
        ERROR_SERVICE_SPECIFIC_ERROR => status.dwServiceSpecificExitCode,
        code => code,
    }
}
