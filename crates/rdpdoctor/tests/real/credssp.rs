//! What the server says of itself before anybody logs on.

use rdpdoctor_testbed::freerdp_shadow::{self, Security};
use rdpdoctor_testbed::{Network, Policy, SERVER_V4, Site, on_hand};

use crate::run::{BROKEN, HEALTHY, diagnose, diagnose_in, diagnose_lab};

#[test]
fn the_server_says_its_name_and_its_time() {
    let Some(server) = on_hand(freerdp_shadow::start(Security::Nla, &Site::loopback())) else { return };
    let diagnosis = diagnose(&server.target());
    diagnosis.expect("healthy", None, HEALTHY);
    let challenge = diagnosis.challenge().unwrap_or_else(|| panic!("no CHALLENGE: {}", diagnosis.summary()));
    let own = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let named = challenge["computer"].as_str().unwrap_or_default();
    assert!(own.trim().get(..15).unwrap_or(own.trim()).eq_ignore_ascii_case(named), "{challenge}");
    assert!(challenge["server_time"].is_string(), "{challenge}");
    for absent in ["clock-skew", "credssp-outdated", "ntlm-refused"] {
        assert_eq!(diagnosis.certainty_of(absent), None, "{}", diagnosis.summary());
    }
}

#[test]
fn the_clock_is_hours_off() {
    for hours in [-3, 5] {
        let Some(server) = on_hand(freerdp_shadow::start_at(Security::Nla, hours, &Site::loopback())) else { return };
        let diagnosis = diagnose(&server.target());
        diagnosis.expect("warning", Some("clock-skew"), BROKEN);
        assert_eq!(diagnosis.certainty(), Some("confirmed"), "{hours} h: {}", diagnosis.summary());
    }
}

/// An alias is no fault, and looks the same: so it is possible at most.
#[test]
fn the_name_leads_to_a_machine_with_another_name() {
    let Some(network) = on_hand(Network::new(Policy::default())) else { return };
    network.name("ts01.testbed.example", &[SERVER_V4.into()]).unwrap();
    let Some(_server) = on_hand(freerdp_shadow::start(Security::Nla, &network.site())) else { return };
    let diagnosis = diagnose_in(&network, "ts01.testbed.example");
    assert_eq!(diagnosis.certainty_of("wrong-host"), Some("possible"), "{}", diagnosis.summary());
    assert_ne!(diagnosis.verdict(), "broken", "{}", diagnosis.summary());
    assert!(diagnosis.connections() <= HEALTHY);
}

/// No server at hand speaks such old versions.
#[test]
fn credssp_from_before_2018() {
    for variant in ["version-2", "version-3", "version-4"] {
        diagnose_lab("credssp-outdated", variant).expect("warning", Some("credssp-outdated"), BROKEN);
    }
}
