//! The root causes, one file each with its page beside it, by the stage in which the fault lies.

mod authenticate;
mod certificate;
mod client;
mod connect;
mod gateway;
mod host;
mod logged;
mod logons;
mod negotiate;
mod policy;
mod resolve;
mod session;
mod step;
mod tls;

use crate::Cause;

pub use host::{
    Anew, ListenerCertificate, Successor, SuccessorKey, anew, is_own_termsrv, listener_certificate, own_key_files,
    successor, suites_suffice,
};

/// Every cause, in the order of stages and then of ids.
pub static CAUSES: &[&Cause] = &[
    // resolve
    &resolve::address_family_broken::CAUSE,
    &resolve::dns_unavailable::CAUSE,
    &resolve::name_not_found::CAUSE,
    &resolve::wrong_host::CAUSE,
    // gateway
    &gateway::gateway_certificate::CAUSE,
    &gateway::gateway_policy::CAUSE,
    &gateway::gateway_service_failing::CAUSE,
    &gateway::gateway_target_unreachable::CAUSE,
    &gateway::gateway_unreachable::CAUSE,
    // connect
    &connect::backlog_full::CAUSE,
    &connect::connection_closed_early::CAUSE,
    &connect::host_unreachable::CAUSE,
    &connect::middlebox_reset::CAUSE,
    &connect::not_rdp::CAUSE,
    &connect::path_mtu_black_hole::CAUSE,
    &connect::port_closed::CAUSE,
    &connect::port_filtered::CAUSE,
    &connect::proxy_mangles_negotiation::CAUSE,
    &connect::server_unresponsive::CAUSE,
    &connect::unstable_path::CAUSE,
    &connect::web_proxy_blocks::CAUSE,
    // negotiate
    &negotiate::certificate_missing::CAUSE,
    &negotiate::negotiation_malformed::CAUSE,
    &negotiate::nla_required::CAUSE,
    &negotiate::standard_security_only::CAUSE,
    &negotiate::tls_not_allowed::CAUSE,
    &negotiate::tls_required::CAUSE,
    &negotiate::user_auth_required::CAUSE,
    // tls
    &tls::cipher_suite_mismatch::CAUSE,
    &tls::handshake_reset::CAUSE,
    &tls::private_key_unusable::CAUSE,
    &tls::tls_intercepted::CAUSE,
    &tls::tls_version_mismatch::CAUSE,
    &tls::tls13_breaks_server::CAUSE,
    &tls::weak_key_exchange::CAUSE,
    // certificate
    &certificate::certificate_expired::CAUSE,
    &certificate::certificate_expiring::CAUSE,
    &certificate::certificate_name_mismatch::CAUSE,
    &certificate::certificate_not_yet_valid::CAUSE,
    &certificate::certificate_revoked::CAUSE,
    &certificate::certificate_shared::CAUSE,
    &certificate::certificate_untrusted::CAUSE,
    &certificate::certificate_weak::CAUSE,
    &certificate::certificate_wrong_usage::CAUSE,
    // authenticate
    &authenticate::account_disabled::CAUSE,
    &authenticate::account_expired::CAUSE,
    &authenticate::account_locked::CAUSE,
    &authenticate::account_restricted::CAUSE,
    &authenticate::bad_credentials::CAUSE,
    &authenticate::clock_skew::CAUSE,
    &authenticate::credssp_outdated::CAUSE,
    &authenticate::domain_trust_broken::CAUSE,
    &authenticate::domain_unreachable::CAUSE,
    &authenticate::entra_sign_in_required::CAUSE,
    &authenticate::kerberos_unavailable::CAUSE,
    &authenticate::logon_refused::CAUSE,
    &authenticate::logon_right_missing::CAUSE,
    &authenticate::ntlm_refused::CAUSE,
    &authenticate::password_expired::CAUSE,
    &authenticate::smart_card_unusable::CAUSE,
    &authenticate::spn_mismatch::CAUSE,
    // session
    &session::broker_misconfigured::CAUSE,
    &session::broker_target_unavailable::CAUSE,
    &session::drain_mode::CAUSE,
    &session::license_unavailable::CAUSE,
    &session::redirected::CAUSE,
    &session::server_denied::CAUSE,
    &session::session_driver_crash::CAUSE,
    &session::session_limit::CAUSE,
    &session::udp_transport_broken::CAUSE,
    // host
    &host::brute_force_attack::CAUSE,
    &host::certificate_not_renewed::CAUSE,
    &host::cloned_machine_keys::CAUSE,
    &host::configured_certificate_missing::CAUSE,
    &host::connection_limit_low::CAUSE,
    &host::fips_mode::CAUSE,
    &host::firewall_rule_disabled::CAUSE,
    &host::listener_disabled::CAUSE,
    &host::machine_keys_missing::CAUSE,
    &host::machine_keys_permissions::CAUSE,
    &host::nla_disabled::CAUSE,
    &host::policy_conflict::CAUSE,
    &host::port_changed::CAUSE,
    &host::port_taken::CAUSE,
    &host::rdp_disabled::CAUSE,
    &host::resource_exhausted::CAUSE,
    &host::schannel_ciphers_restricted::CAUSE,
    &host::schannel_protocol_disabled::CAUSE,
    &host::security_layer_weak::CAUSE,
    &host::service_stopped::CAUSE,
    &host::stale_key_container::CAUSE,
    &host::termsrv_patched::CAUSE,
    &host::update_regression::CAUSE,
    // client
    &client::client_credssp_broken::CAUSE,
    &client::client_defect::CAUSE,
    &client::client_firewall::CAUSE,
    &client::client_is_server::CAUSE,
    &client::client_license_store_damaged::CAUSE,
    &client::client_policy_forbids::CAUSE,
    &client::client_profile_stale::CAUSE,
    &client::client_tls_too_old::CAUSE,
];

/// Ids that once named a cause, and what replaced them. A released id is never used for anything else.
static RENAMED: &[(&str, &str)] = &[];

/// The cause with this id, old names included.
pub fn find(id: &str) -> Option<&'static Cause> {
    let id = RENAMED.iter().find(|(old, _)| *old == id).map_or(id, |(_, new)| new);
    CAUSES.iter().copied().find(|cause| cause.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Scene;

    const HEADINGS: [&str; 6] =
        ["## What it is", "## What you see", "## Why it happens", "## How it is proven", "## Remedy", "## References"];

    #[test]
    fn the_table_is_sorted_and_names_are_unique() {
        let keys: Vec<_> = CAUSES.iter().map(|cause| (cause.stage, cause.id)).collect();
        assert!(keys.is_sorted(), "sort CAUSES by stage and id: {keys:?}");
        let mut ids: Vec<_> = CAUSES.iter().map(|cause| cause.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), CAUSES.len());
        assert!(RENAMED.iter().all(|(old, new)| !ids.contains(old) && ids.contains(new)));
    }

    #[test]
    fn ids_are_kebab_case() {
        for cause in CAUSES {
            let clean = cause.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
            assert!(clean, "{}", cause.id);
        }
    }

    #[test]
    fn every_page_has_every_section_in_order_and_a_source() {
        for cause in CAUSES {
            assert!(cause.page.starts_with(&format!("# {}\n", cause.title)), "{}: title and page differ", cause.id);
            let places: Vec<_> = HEADINGS.iter().map(|heading| cause.page.find(&format!("\n{heading}\n"))).collect();
            assert!(places.iter().all(Option::is_some), "{}: a section is missing: {places:?}", cause.id);
            assert!(places.is_sorted(), "{}: sections out of order", cause.id);
            let references = cause.page.split("## References").nth(1).unwrap_or_default();
            assert!(references.contains("\n- "), "{}: no source", cause.id);
        }
    }

    #[test]
    fn symptoms_are_causes_too() {
        for cause in CAUSES {
            for id in cause.explains {
                assert!(find(id).is_some(), "{} explains {id}, which does not exist", cause.id);
            }
        }
    }

    #[test]
    fn every_remedy_says_what_it_interrupts_and_how_to_undo() {
        let evidence = Scene::named("ts01", &["10.0.0.5"]).client(|a| a).evidence();
        for cause in CAUSES {
            let remedies = (cause.remedies)(&evidence);
            assert!(!remedies.is_empty(), "{}: nothing to do", cause.id);
            for remedy in remedies {
                assert!(!remedy.title.is_empty() && !remedy.undo.is_empty(), "{}: {}", cause.id, remedy.title);
            }
        }
    }

    #[test]
    fn nothing_fires_on_nothing() {
        let evidence = Scene::unresolved("ts01").evidence();
        for cause in CAUSES {
            let detection = (cause.detect)(&evidence);
            let silent = matches!(detection, crate::Detection::Unknown(_) | crate::Detection::RuledOut);
            assert!(silent, "{}: {detection:?}", cause.id);
        }
    }
}
