//! The service control manager.

use std::ptr;

use windows_sys::Win32::Foundation::{ERROR_INVALID_NAME, ERROR_SERVICE_DOES_NOT_EXIST};
use windows_sys::Win32::System::Services::{
    CloseServiceHandle, OpenSCManagerW, OpenServiceW, QueryServiceStatusEx, SC_HANDLE, SC_MANAGER_CONNECT,
    SC_STATUS_PROCESS_INFO, SERVICE_QUERY_STATUS, SERVICE_STATUS_PROCESS,
};

use super::system::{check, last_error, size_of_u32, why, wide};
use crate::{Answer, ServiceStatus, Unreadable};

/// What a service does now.
pub(super) fn status(name: &str) -> Answer<ServiceStatus> {
    let Some(service) = Handle::service(name, SERVICE_QUERY_STATUS)? else { return Ok(None) };
    let status = service.status()?;
    let process = (status.dwProcessId != 0).then_some(status.dwProcessId);
    Ok(Some(ServiceStatus { state: status.dwCurrentState, process }))
}

/// An open manager or service.
pub(super) struct Handle(pub(super) SC_HANDLE);

impl Handle {
    /// A service by its name, not the one that is displayed.
    pub(super) fn service(name: &str, access: u32) -> Answer<Self> {
        let manager = Self::manager()?;
        let name = wide(name)?;
        // SAFETY: the manager is open, and the name terminated.
        let service = unsafe { OpenServiceW(manager.0, name.as_ptr(), access) };
        match Self::opened(service) {
            Ok(service) => Ok(Some(service)),
            Err(ERROR_SERVICE_DOES_NOT_EXIST | ERROR_INVALID_NAME) => Ok(None),
            Err(code) => Err(why(code)),
        }
    }

    pub(super) fn status(&self) -> Result<SERVICE_STATUS_PROCESS, Unreadable> {
        let mut status = SERVICE_STATUS_PROCESS::default();
        let mut needed = 0;
        // SAFETY: the service is open, and the structure valid for writes of the size that is told.
        check(unsafe {
            QueryServiceStatusEx(
                self.0,
                SC_STATUS_PROCESS_INFO,
                (&raw mut status).cast(),
                size_of_u32::<SERVICE_STATUS_PROCESS>(),
                &raw mut needed,
            )
        })?;
        Ok(status)
    }

    fn manager() -> Result<Self, Unreadable> {
        // SAFETY: two null pointers stand for this machine and its active services.
        let manager = unsafe { OpenSCManagerW(ptr::null(), ptr::null(), SC_MANAGER_CONNECT) };
        Self::opened(manager).map_err(why)
    }

    fn opened(handle: SC_HANDLE) -> Result<Self, u32> {
        if handle.is_null() { Err(last_error()) } else { Ok(Self(handle)) }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle was opened by us and is closed once.
        unsafe { CloseServiceHandle(self.0) };
    }
}
