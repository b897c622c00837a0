//! Security identifiers and descriptors ([MS-DTYP] 2.4).

mod descriptor;
mod sddl;
mod sid;

pub use descriptor::{
    Access, Ace, AceKind, Descriptor, DescriptorError, FILE_ALL_ACCESS, FILE_GENERIC_EXECUTE, FILE_GENERIC_READ,
    FILE_GENERIC_WRITE, INHERIT_ONLY,
};
pub use sddl::SddlError;
pub use sid::{Sid, SidError};

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
        Sid::THIS_ORGANISATION,
        service,
    ]
}

/// Who LocalSystem is to an access check.
pub fn system_token() -> Vec<Sid> {
    vec![Sid::SYSTEM, Sid::ADMINISTRATORS, Sid::EVERYONE, Sid::AUTHENTICATED_USERS]
}
