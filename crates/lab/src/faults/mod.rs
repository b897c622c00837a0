//! The faults, one file a cause.

/// Takes the `ClientHello` and cuts the client off unless it makes this offer; goes on with the other steps.
macro_rules! gate {
    ($offer:expr, $cut:expr, $($step:expr),+) => {
        &[Step::Request, SELECT_NLA, Step::ClientHello, Step::Unless { offer: $offer, then: $cut }, $($step),+]
    };
}

mod backlog_full;
mod certificate_expired;
mod certificate_expiring;
mod certificate_missing;
mod certificate_name_mismatch;
mod certificate_not_yet_valid;
mod certificate_untrusted;
mod certificate_weak;
mod certificate_wrong_usage;
mod cipher_suite_mismatch;
mod clock_skew;
mod connection_closed_early;
mod credssp_outdated;
mod handshake_reset;
mod negotiation_malformed;
mod nla_disabled;
mod nla_required;
mod not_rdp;
mod ntlm_refused;
mod port_closed;
mod private_key_unusable;
mod proxy_mangles_negotiation;
mod security_layer_weak;
mod server_unresponsive;
mod standard_security_only;
mod tls13_breaks_server;
mod tls_intercepted;
mod tls_not_allowed;
mod tls_required;
mod tls_version_mismatch;
mod user_auth_required;
mod weak_key_exchange;
mod web_proxy_blocks;
mod wrong_host;

use crate::Fault;

/// Every cause that a server can show, sorted by its id.
pub static FAULTS: &[Fault] = &[
    backlog_full::FAULT,
    certificate_expired::FAULT,
    certificate_expiring::FAULT,
    certificate_missing::FAULT,
    certificate_name_mismatch::FAULT,
    certificate_not_yet_valid::FAULT,
    certificate_untrusted::FAULT,
    certificate_weak::FAULT,
    certificate_wrong_usage::FAULT,
    cipher_suite_mismatch::FAULT,
    clock_skew::FAULT,
    connection_closed_early::FAULT,
    credssp_outdated::FAULT,
    handshake_reset::FAULT,
    negotiation_malformed::FAULT,
    nla_disabled::FAULT,
    nla_required::FAULT,
    not_rdp::FAULT,
    ntlm_refused::FAULT,
    port_closed::FAULT,
    private_key_unusable::FAULT,
    proxy_mangles_negotiation::FAULT,
    security_layer_weak::FAULT,
    server_unresponsive::FAULT,
    standard_security_only::FAULT,
    tls_intercepted::FAULT,
    tls_not_allowed::FAULT,
    tls_required::FAULT,
    tls_version_mismatch::FAULT,
    tls13_breaks_server::FAULT,
    user_auth_required::FAULT,
    weak_key_exchange::FAULT,
    web_proxy_blocks::FAULT,
    wrong_host::FAULT,
];

/// The fault that shows this cause.
pub fn find(cause: &str) -> Option<&'static Fault> {
    FAULTS.iter().find(|fault| fault.cause == cause)
}
