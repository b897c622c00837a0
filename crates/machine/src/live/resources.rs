//! Memory, disk and handles.

use std::ptr;

use windows_sys::Win32::Storage::FileSystem::GetDiskFreeSpaceExW;
use windows_sys::Win32::System::ProcessStatus::{K32GetPerformanceInfo, PERFORMANCE_INFORMATION};
use windows_sys::Win32::System::SystemInformation::{GlobalMemoryStatusEx, MEMORYSTATUSEX};

use super::system::{check, size_of_u32, wide};
use crate::{Resources, Unreadable};

/// What is left now.
pub(super) fn now(drive: &str) -> Result<Resources, Unreadable> {
    let memory = memory()?;
    let system = system()?;
    Ok(Resources {
        memory_free: Some(memory.ullAvailPhys),
        commit_free: Some(commit_free(&system)),
        system_disk: Some(disk(drive)?),
        handles: Some(u64::from(system.HandleCount)),
    })
}

fn memory() -> Result<MEMORYSTATUSEX, Unreadable> {
    let mut memory = MEMORYSTATUSEX { dwLength: size_of_u32::<MEMORYSTATUSEX>(), ..Default::default() };
    // SAFETY: the structure is valid for writes and says its own size.
    check(unsafe { GlobalMemoryStatusEx(&raw mut memory) })?;
    Ok(memory)
}

fn system() -> Result<PERFORMANCE_INFORMATION, Unreadable> {
    let size = size_of_u32::<PERFORMANCE_INFORMATION>();
    let mut system = PERFORMANCE_INFORMATION { cb: size, ..Default::default() };
    // SAFETY: the structure is valid for writes of the size that is told.
    check(unsafe { K32GetPerformanceInfo(&raw mut system, size) })?;
    Ok(system)
}

/// Of the whole system: MEMORYSTATUSEX tells what this process may have at most.
fn commit_free(system: &PERFORMANCE_INFORMATION) -> u64 {
    let bytes = system.CommitLimit.saturating_sub(system.CommitTotal).saturating_mul(system.PageSize);
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Free bytes, whatever quota we have, and all bytes.
fn disk(drive: &str) -> Result<(u64, u64), Unreadable> {
    let root = wide(&format!(r"{drive}\"))?;
    let (mut all, mut free) = (0, 0);
    // SAFETY: the path is terminated, and the numbers are valid for writes.
    check(unsafe { GetDiskFreeSpaceExW(root.as_ptr(), ptr::null_mut(), &raw mut all, &raw mut free) })?;
    Ok((free, all))
}
