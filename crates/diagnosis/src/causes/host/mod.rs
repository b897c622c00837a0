//! What is wrong on the server itself. The security settings show on the wire; of the rest the wire at most refutes.

mod ahead;
mod anew;
pub(super) mod brute_force_attack;
pub(super) mod certificate_not_renewed;
pub(super) mod cloned_machine_keys;
pub(super) mod configured_certificate_missing;
pub(super) mod connection_limit_low;
pub(super) mod fips_mode;
mod firewall;
pub(super) mod firewall_rule_disabled;
mod firewall_service;
pub(super) mod in_use;
mod keys;
mod listener;
pub(super) mod listener_disabled;
pub(super) mod machine_keys_missing;
pub(super) mod machine_keys_permissions;
pub(super) mod nla_disabled;
pub(super) mod policy_conflict;
pub(super) mod port_changed;
pub(super) mod port_taken;
pub(super) mod rdp_disabled;
mod remedies;
mod renewal;
pub(super) mod resource_exhausted;
pub(super) mod schannel_ciphers_restricted;
pub(super) mod schannel_protocol_disabled;
pub(super) mod security_layer_weak;
pub(super) mod service_stopped;
pub(super) mod signs;
pub(super) mod stale_key_container;
pub(super) mod termsrv_patched;
pub(super) mod update_regression;

pub use anew::{Anew, anew};
pub use listener::{ListenerCertificate, listener_certificate, own_key_files};
