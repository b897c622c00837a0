//! TCP ports that somebody listens on.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};

use windows_sys::Win32::Foundation::{ERROR_NOT_SUPPORTED, ERROR_SUCCESS};
use windows_sys::Win32::NetworkManagement::IpHelper::{GetExtendedTcpTable, TCP_TABLE_OWNER_PID_LISTENER};
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6};
use windows_sys::Win32::System::Threading::{
    OpenProcess, PROCESS_NAME_WIN32, PROCESS_QUERY_LIMITED_INFORMATION, QueryFullProcessImageNameW,
};

use super::system::{bytes_of, filled, narrow};
use crate::{Listener, Unreadable};

/// Some hundred thousand listeners.
const LARGEST_TABLE: usize = 16 << 20;
/// MIB_TCPROW_OWNER_PID and MIB_TCP6ROW_OWNER_PID, in bytes.
const ROW4: usize = 24;
const ROW6: usize = 56;
/// The kernel's process, which has no file; HTTP.sys listens in it.
const SYSTEM: u32 = 4;

/// All listeners, IPv4 first.
pub(super) fn all() -> Result<Vec<Listener>, Unreadable> {
    let mut found: Vec<Listener> = rows(&table(AF_INET)?, ROW4).filter_map(row4).collect();
    found.extend(rows(&table(AF_INET6)?, ROW6).filter_map(row6));
    for listener in &mut found {
        listener.program = listener.process.and_then(program);
    }
    Ok(found)
}

/// The table of one address family: the number of rows, then the rows. Without the family it is empty.
fn table(family: u16) -> Result<Vec<u8>, Unreadable> {
    filled(LARGEST_TABLE, |buffer| {
        let mut size = bytes_of(buffer);
        let room = buffer.as_mut_ptr().cast();
        // SAFETY: the buffer is valid for writes of the size that is told.
        let code =
            unsafe { GetExtendedTcpTable(room, &raw mut size, 1, u32::from(family), TCP_TABLE_OWNER_PID_LISTENER, 0) };
        if code == ERROR_NOT_SUPPORTED { (ERROR_SUCCESS, 0) } else { (code, size) }
    })
}

fn rows(table: &[u8], size: usize) -> impl Iterator<Item = &[u8]> {
    let count = table.first_chunk().map_or(0, |count| u32::from_le_bytes(*count));
    let rows = table.get(4..).unwrap_or_default().chunks_exact(size);
    rows.take(usize::try_from(count).unwrap_or(usize::MAX))
}

/// State, local address, local port, remote address, remote port, process.
fn row4(row: &[u8]) -> Option<Listener> {
    let address = Ipv4Addr::from(bytes::<4>(row, 4)?);
    let address = SocketAddrV4::new(address, u16::from_be_bytes(bytes(row, 8)?));
    Some(listener(address.into(), number(row, 20)?))
}

/// Local address, scope, port, remote address, scope, port, state, process.
fn row6(row: &[u8]) -> Option<Listener> {
    let address = Ipv6Addr::from(bytes::<16>(row, 0)?);
    let address = SocketAddrV6::new(address, u16::from_be_bytes(bytes(row, 20)?), 0, number(row, 16)?);
    Some(listener(address.into(), number(row, 52)?))
}

/// Process 0 owns nothing: it stands for "not told".
fn listener(address: SocketAddr, process: u32) -> Listener {
    Listener { address, process: (process != 0).then_some(process), program: None }
}

fn number(row: &[u8], at: usize) -> Option<u32> {
    bytes(row, at).map(u32::from_le_bytes)
}

fn bytes<const N: usize>(row: &[u8], at: usize) -> Option<[u8; N]> {
    row.get(at..)?.first_chunk().copied()
}

/// The file name of a process' program.
fn program(process: u32) -> Option<String> {
    if process == SYSTEM {
        return Some("System".to_owned());
    }
    // SAFETY: it opens a process for its name alone, or none.
    let handle = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, process) };
    // SAFETY: a handle that is not null is open and nobody else's.
    let handle = (!handle.is_null()).then(|| unsafe { OwnedHandle::from_raw_handle(handle) })?;
    let mut path = [0_u16; 1024];
    let mut length = 1024;
    let room = path.as_mut_ptr();
    // SAFETY: the process is open, and the path valid for writes of the units that are told.
    let done = unsafe { QueryFullProcessImageNameW(handle.as_raw_handle(), PROCESS_NAME_WIN32, room, &raw mut length) };
    let path = narrow(&path);
    (done != 0).then(|| path.rsplit('\\').next().map(str::to_owned))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_and_no_more_than_are_counted() {
        let mut table = vec![1, 0, 0, 0];
        table.extend([2, 0, 0, 0, 127, 0, 0, 1, 0x0D, 0x3D, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xE8, 3, 0, 0]);
        table.extend([0; ROW4]);
        let found: Vec<Listener> = rows(&table, ROW4).filter_map(row4).collect();
        assert_eq!(found, [listener("127.0.0.1:3389".parse().unwrap(), 1000)]);
        assert_eq!(rows(&[9, 0, 0, 0, 1], ROW4).count(), 0);
        assert_eq!(rows(&[], ROW4).count(), 0);
    }

    #[test]
    fn the_later_protocol_has_a_scope() {
        let mut row = vec![0; ROW6];
        row[15] = 1;
        row[16] = 7;
        row[20..22].copy_from_slice(&3389_u16.to_be_bytes());
        let found = row6(&row).unwrap();
        assert_eq!(found.address, SocketAddrV6::new(Ipv6Addr::LOCALHOST, 3389, 0, 7).into());
        assert_eq!(found.process, None);
    }
}
