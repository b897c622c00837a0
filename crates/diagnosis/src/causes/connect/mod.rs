//! TCP and the path.

mod signs;

pub(super) mod backlog_full;
pub(super) mod connection_closed_early;
pub(super) mod host_unreachable;
pub(super) mod middlebox_reset;
pub(super) mod not_rdp;
pub(super) mod path_mtu_black_hole;
pub(super) mod port_closed;
pub(super) mod port_filtered;
pub(super) mod proxy_mangles_negotiation;
pub(super) mod server_unresponsive;
pub(super) mod unstable_path;
pub(super) mod web_proxy_blocks;

#[cfg(test)]
mod stories;
