//! Security identifiers and descriptors ([MS-DTYP] 2.4).

mod access;
mod acl;
mod descriptor;
mod sddl;
mod serial;
mod sid;

pub use access::{Access, GenericMapping};
pub use acl::{Ace, AceKind, Acl, Entry, INHERIT_ONLY, INHERITED, ObjectTypes};
pub use descriptor::{Descriptor, DescriptorError};
pub use sddl::SddlError;
pub use sid::{Sid, SidError};

/// The right to read descriptors.
pub const READ_CONTROL: u32 = 0x0002_0000;
/// The right to change access lists.
pub const WRITE_DAC: u32 = 0x0004_0000;
/// Everything with a file.
pub const FILE_ALL_ACCESS: u32 = 0x001f_01ff;
/// What opening a file to read it asks for.
pub const FILE_GENERIC_READ: u32 = 0x0012_0089;
/// What opening a file to write it asks for.
pub const FILE_GENERIC_WRITE: u32 = 0x0012_0116;
/// What running a file asks for.
pub const FILE_GENERIC_EXECUTE: u32 = 0x0012_00a0;
/// Everything with a registry key.
pub const KEY_ALL_ACCESS: u32 = 0x000f_003f;
/// What reading a registry key asks for.
pub const KEY_READ: u32 = 0x0002_0019;
/// What writing to a registry key asks for.
pub const KEY_WRITE: u32 = 0x0002_0006;

/// Who a process of a service that runs as NETWORK SERVICE is to an access check: Remote Desktop among them.
pub fn network_service_token() -> Vec<Sid> {
    let service = Sid::of_service("TermService");
    vec![
        Sid::NETWORK_SERVICE,
        Sid::EVERYONE,
        Sid::USERS,
        Sid::AUTHENTICATED_USERS,
        Sid::SERVICE,
        Sid::LOCAL,
        Sid::CONSOLE_LOGON,
        Sid::THIS_ORGANISATION,
        service,
    ]
}

/// Who LocalSystem is to an access check.
pub fn system_token() -> Vec<Sid> {
    vec![Sid::SYSTEM, Sid::ADMINISTRATORS, Sid::EVERYONE, Sid::AUTHENTICATED_USERS]
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
