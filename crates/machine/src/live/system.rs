//! What all calls share: text, time, errors, buffers.

use std::io;

use jiff::Timestamp;
use windows_sys::Wdk::System::SystemServices::RtlGetVersion;
use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_CALL_NOT_IMPLEMENTED, ERROR_INSUFFICIENT_BUFFER, ERROR_MORE_DATA, ERROR_NOT_SUPPORTED,
    ERROR_PRIVILEGE_NOT_HELD, ERROR_SUCCESS, FILETIME, GetLastError, SetLastError,
};
use windows_sys::Win32::System::SystemInformation::{GetSystemWindowsDirectoryW, OSVERSIONINFOW};
use windows_sys::Win32::UI::WindowsAndMessaging::{GetSystemMetrics, SM_REMOTESESSION};

use crate::Unreadable;
use crate::filetime::timestamp;

/// What calls are offered at first; most need less.
const FIRST_ROOM: usize = 4096;
/// How often a buffer grows before we no longer believe what is asked for.
const ATTEMPTS: usize = 16;

/// Major and minor version and the build, not what the program's manifest makes of them.
pub fn os_version() -> Option<(u32, u32, u32)> {
    let mut version = OSVERSIONINFOW { dwOSVersionInfoSize: size_of_u32::<OSVERSIONINFOW>(), ..Default::default() };
    // SAFETY: the structure is valid for writes and says its own size.
    let status = unsafe { RtlGetVersion(&raw mut version) };
    (status == 0).then_some((version.dwMajorVersion, version.dwMinorVersion, version.dwBuildNumber))
}

/// Whether this process runs within a session of Remote Desktop.
pub fn is_in_remote_session() -> bool {
    // SAFETY: the call takes a number and touches no memory of ours.
    unsafe { GetSystemMetrics(SM_REMOTESESSION) != 0 }
}

/// The system drive, as `C:`.
pub fn drive() -> Result<String, Unreadable> {
    let folder = folder()?;
    match folder.get(..2) {
        Some(drive) if drive.ends_with(':') => Ok(drive.to_owned()),
        _ => Err(Unreadable::Damaged(format!("the system's folder is {folder}"))),
    }
}

/// The folder of Windows. (GetWindowsDirectoryW would name one of the user on a session host.)
pub fn folder() -> Result<String, Unreadable> {
    let mut buffer = [0_u16; 260];
    // SAFETY: the buffer is valid for writes of the 260 units that the call is told of.
    let length = unsafe { GetSystemWindowsDirectoryW(buffer.as_mut_ptr(), 260) };
    let folder = narrow(&buffer);
    match length {
        1..260 => Ok(folder),
        0 => Err(why(last_error())),
        _ => Err(Unreadable::Damaged(format!("the system's folder is {folder}"))),
    }
}

/// UTF-16 with a terminator.
pub(super) fn wide(text: &str) -> Result<Vec<u16>, Unreadable> {
    if text.contains('\0') {
        return Err(Unreadable::Damaged("a NUL in a name".to_owned()));
    }
    Ok(text.encode_utf16().chain([0]).collect())
}

/// The text up to the terminator, or all of it.
pub(super) fn narrow(units: &[u16]) -> String {
    units.split(|unit| *unit == 0).next().map(String::from_utf16_lossy).unwrap_or_default()
}

/// The moment of a FILETIME; 0 is none.
pub(super) fn moment(time: FILETIME) -> Option<Timestamp> {
    let ticks = (u64::from(time.dwHighDateTime) << 32) | u64::from(time.dwLowDateTime);
    if ticks == 0 { None } else { timestamp(ticks) }
}

/// What the last call of this thread left.
pub(super) fn last_error() -> u32 {
    // SAFETY: it reads a number of this thread.
    unsafe { GetLastError() }
}

/// Has the next call that fails and says nothing leave 0.
pub(super) fn forget_error() {
    // SAFETY: it writes a number of this thread.
    unsafe { SetLastError(ERROR_SUCCESS) };
}

/// The error of a call that says with 0 that it failed.
pub(super) fn check(outcome: i32) -> Result<(), Unreadable> {
    if outcome == 0 { Err(why(last_error())) } else { Ok(()) }
}

/// What an error number means. A call that failed and left none did not do its work.
pub(super) fn why(code: u32) -> Unreadable {
    match code {
        ERROR_ACCESS_DENIED | ERROR_PRIVILEGE_NOT_HELD => Unreadable::Denied,
        ERROR_SUCCESS | ERROR_CALL_NOT_IMPLEMENTED | ERROR_NOT_SUPPORTED => Unreadable::NoAnswer,
        _ => Unreadable::System(io::Error::from_raw_os_error(code.cast_signed()).to_string()),
    }
}

/// The bytes that `call` writes. It is given a buffer and answers with the error number and the bytes used or needed;
/// the buffer grows as it asks, to `limit` bytes.
pub(super) fn filled(limit: usize, mut call: impl FnMut(&mut [u32]) -> (u32, u32)) -> Result<Vec<u8>, Unreadable> {
    let mut room = FIRST_ROOM.min(limit);
    for _ in 0..ATTEMPTS {
        let mut buffer = vec![0_u32; room.div_ceil(4)];
        let (code, size) = call(&mut buffer);
        let size = usize::try_from(size).map_err(|_| Unreadable::TooLarge { limit })?;
        match code {
            ERROR_SUCCESS => return Ok(buffer.into_iter().flat_map(u32::to_le_bytes).take(size).collect()),
            ERROR_INSUFFICIENT_BUFFER | ERROR_MORE_DATA if size > limit => return Err(Unreadable::TooLarge { limit }),
            // A little more than it asks for, as tables grow between two calls.
            ERROR_INSUFFICIENT_BUFFER | ERROR_MORE_DATA => room = size.max(room).saturating_add(room / 2).min(limit),
            _ => return Err(why(code)),
        }
    }
    Err(Unreadable::NoAnswer)
}

/// The size of a buffer for [`filled`], in bytes.
pub(super) fn bytes_of(buffer: &[u32]) -> u32 {
    u32::try_from(size_of_val(buffer)).unwrap_or(!3)
}

/// The size of a structure that says its own size.
pub(super) fn size_of_u32<T>() -> u32 {
    u32::try_from(size_of::<T>()).unwrap_or(u32::MAX)
}

/// The text behind a pointer, of at most `most` units; none where it is null.
///
/// # Safety
/// The pointer is null, or valid for reads up to a terminator.
pub(super) unsafe fn text_at(pointer: *const u16, most: usize) -> Option<String> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: the caller vouches for every unit up to the terminator, and nothing beyond it is read.
    let units = (0..most).map(|index| unsafe { pointer.add(index).read_unaligned() });
    let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
    Some(String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_count_from_1601() {
        let of = |ticks: u64| {
            let [low, high] = [ticks & 0xFFFF_FFFF, ticks >> 32].map(|half| u32::try_from(half).unwrap());
            moment(FILETIME { dwLowDateTime: low, dwHighDateTime: high })
        };
        assert_eq!(of(0), None);
        assert_eq!(of(116_444_736_000_000_000), Some(Timestamp::UNIX_EPOCH));
        assert_eq!(of(133_485_408_000_000_001).unwrap().to_string(), "2024-01-01T00:00:00.0000001Z");
        assert_eq!(of(u64::MAX), None);
    }

    #[test]
    fn a_buffer_grows_as_asked_and_no_further() {
        let asks = |needed: u32| {
            move |buffer: &mut [u32]| {
                let code = if bytes_of(buffer) < needed { ERROR_INSUFFICIENT_BUFFER } else { ERROR_SUCCESS };
                buffer[0] = 0x0403_0201;
                (code, needed)
            }
        };
        assert_eq!(filled(1 << 20, asks(3)), Ok(vec![1, 2, 3]));
        assert_eq!(filled(1 << 20, asks(70_001)).unwrap().len(), 70_001);
        assert_eq!(filled(70_000, asks(70_001)), Err(Unreadable::TooLarge { limit: 70_000 }));
        assert_eq!(filled(1 << 20, |_| (ERROR_MORE_DATA, 1)), Err(Unreadable::NoAnswer));
    }

    #[test]
    fn a_name_ends_at_its_terminator_and_has_none_within() {
        assert_eq!(narrow(&[97, 0, 98]), "a");
        assert!(wide("a\0b").is_err());
    }
}
