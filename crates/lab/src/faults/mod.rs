//! The faults, one file a cause.

mod backlog_full;
mod certificate_missing;
mod connection_closed_early;
mod handshake_reset;
mod negotiation_malformed;
mod nla_required;
mod not_rdp;
mod port_closed;
mod proxy_mangles_negotiation;
mod server_unresponsive;
mod standard_security_only;
mod tls_not_allowed;
mod tls_required;
mod user_auth_required;
mod web_proxy_blocks;

use crate::Fault;

/// Every cause that a server can show, sorted by its id.
pub static FAULTS: &[Fault] = &[
    backlog_full::FAULT,
    certificate_missing::FAULT,
    connection_closed_early::FAULT,
    handshake_reset::FAULT,
    negotiation_malformed::FAULT,
    nla_required::FAULT,
    not_rdp::FAULT,
    port_closed::FAULT,
    proxy_mangles_negotiation::FAULT,
    server_unresponsive::FAULT,
    standard_security_only::FAULT,
    tls_not_allowed::FAULT,
    tls_required::FAULT,
    user_auth_required::FAULT,
    web_proxy_blocks::FAULT,
];

/// The fault that shows this cause.
pub fn find(cause: &str) -> Option<&'static Fault> {
    FAULTS.iter().find(|fault| fault.cause == cause)
}
