//! Names to addresses.

pub(super) mod address_family_broken;
pub(super) mod dns_unavailable;
pub(super) mod name_not_found;
pub(super) mod wrong_host;

mod answers;
mod cached;
mod identity;
mod pinned;
