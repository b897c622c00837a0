use std::time::Duration;

use rdpdoctor_testbed::certificate::{Certificate, Key};
use rdpdoctor_testbed::responder::{Manner, Responder};
use rdpdoctor_testbed::xrdp::Xrdp;
use rdpdoctor_testbed::{Network, Policy, SERVER_V4, SERVER_V6, Tampering, on_hand};

use crate::run::{BROKEN, Diagnosis, HEALTHY, diagnose, diagnose_in, diagnose_lab};

/// A healthy xrdp behind the cable.
fn behind(policy: Policy, xrdp: &Xrdp) -> Option<Diagnosis> {
    let network = on_hand(Network::new(policy))?;
    let _server = on_hand(xrdp.start(&network.site()))?;
    Some(diagnose_in(&network, &SERVER_V4.to_string()))
}

/// A healthy xrdp behind a rule of its own packet filter.
fn behind_filter(rule: &str) -> Option<Diagnosis> {
    let network = on_hand(Network::new(Policy::default()))?;
    on_hand(network.filter(rule))?;
    let _server = on_hand(Xrdp::default().start(&network.site()))?;
    Some(diagnose_in(&network, &SERVER_V4.to_string()))
}

#[test]
fn a_slow_cable_is_healthy() {
    let policy = Policy { delay: Duration::from_millis(200), ..Policy::default() };
    let Some(diagnosis) = behind(policy, &Xrdp::default()) else { return };
    diagnosis.expect("healthy", None, HEALTHY);
}

#[test]
fn nothing_listens() {
    let Some(network) = on_hand(Network::new(Policy::default())) else { return };
    diagnose_in(&network, &SERVER_V4.to_string()).expect("unreachable", Some("port-closed"), BROKEN);
}

#[test]
fn the_filter_resets() {
    let Some(diagnosis) = behind_filter("tcp dport 3389 reject with tcp reset") else { return };
    diagnosis.expect("unreachable", Some("port-closed"), BROKEN);
}

#[test]
fn the_filter_is_silent() {
    let Some(diagnosis) = behind_filter("tcp dport 3389 drop") else { return };
    diagnosis.expect("unreachable", Some("port-filtered"), BROKEN);
}

#[test]
fn the_filter_prohibits() {
    let Some(diagnosis) = behind_filter("tcp dport 3389 reject with icmp type admin-prohibited") else { return };
    diagnosis.expect("unreachable", Some("port-filtered"), BROKEN);
}

#[test]
fn a_router_says_that_the_host_is_unreachable() {
    let Some(diagnosis) = behind_filter("tcp dport 3389 reject with icmp type host-unreachable") else { return };
    diagnosis.expect("unreachable", Some("host-unreachable"), BROKEN);
}

#[test]
fn the_hello_is_reset_on_the_way() {
    let policy = Policy { tampering: Tampering::ResetAtHello, ..Policy::default() };
    let Some(diagnosis) = behind(policy, &Xrdp::default()) else { return };
    // From outside a box on the way and a server that cannot use its key look the same: nothing is confirmed.
    assert_eq!(diagnosis.verdict(), "broken", "{}", diagnosis.summary());
    assert_eq!(diagnosis.exit(), Some(1));
    let root = diagnosis.root_cause().unwrap_or_default();
    assert!(["handshake-reset", "middlebox-reset", "private-key-unusable"].contains(&root), "{}", diagnosis.summary());
    assert_ne!(diagnosis.certainty(), Some("confirmed"), "{}", diagnosis.summary());
    assert!(diagnosis.connections() <= BROKEN);
}

#[test]
fn the_hello_vanishes_on_the_way() {
    let policy = Policy { tampering: Tampering::SilentFromHello, ..Policy::default() };
    let Some(diagnosis) = behind(policy, &Xrdp::default()) else { return };
    diagnosis.expect("broken", Some("server-unresponsive"), BROKEN);
    let failed: Vec<&str> = diagnosis.stage("tls").iter().map(|(outcome, _)| *outcome).collect();
    assert_eq!(failed, ["failed"], "the hello is what stays unanswered: {}", diagnosis.summary());
}

#[test]
fn the_reply_vanishes_on_the_way() {
    let policy = Policy { tampering: Tampering::SilentFromReply, ..Policy::default() };
    let Some(diagnosis) = behind(policy, &Xrdp::default()) else { return };
    let found = (diagnosis.verdict(), diagnosis.exit());
    assert_eq!(found, ("broken", Some(1)), "{}", diagnosis.summary());
    // An alert would get lost like a certificate: no size is to blame.
    assert_ne!(diagnosis.certainty_of("path-mtu-black-hole"), Some("confirmed"), "{}", diagnosis.summary());
    assert!(diagnosis.root_cause().is_some_and(|root| root != "private-key-unusable"), "{}", diagnosis.summary());
    assert!(diagnosis.connections() <= BROKEN);
}

#[test]
fn long_packets_vanish() {
    for (longest, ssl_protocols) in
        [(1300, "TLSv1.2, TLSv1.3"), (1300, "TLSv1.2"), (1000, "TLSv1.3"), (1492, "TLSv1.2, TLSv1.3")]
    {
        let policy = Policy { longest_packet: Some(longest), ..Policy::default() };
        let xrdp = Xrdp { certificate: Certificate::LONG, ssl_protocols, ..Xrdp::default() };
        let Some(diagnosis) = behind(policy, &xrdp) else { return };
        diagnosis.expect("broken", Some("path-mtu-black-hole"), BROKEN);
    }
}

/// Such a certificate passes where a longer one would not.
#[test]
fn short_packets_are_no_black_hole() {
    let policy = Policy { longest_packet: Some(1300), ..Policy::default() };
    let certificate = Certificate { key: Key::Ec, ..Certificate::PLAIN };
    let Some(diagnosis) = behind(policy, &Xrdp { certificate, ..Xrdp::default() }) else { return };
    diagnosis.expect("healthy", None, HEALTHY);
}

#[test]
fn one_of_two_addresses_fails() {
    let Some(network) = on_hand(Network::new(Policy::default())) else { return };
    let Some(()) = on_hand(network.filter("meta nfproto ipv6 tcp dport 3389 drop")) else { return };
    network.name("ts01.testbed.example", &[SERVER_V6.into(), SERVER_V4.into()]).unwrap();
    let Some(_server) = on_hand(Xrdp::default().start(&network.site())) else { return };
    let diagnosis = diagnose_in(&network, "ts01.testbed.example");
    diagnosis.expect("warning", Some("address-family-broken"), BROKEN);
    let failed: Vec<bool> = diagnosis.stage("connect").iter().map(|(outcome, _)| *outcome == "failed").collect();
    assert_eq!(failed, [true, false], "{}", diagnosis.summary());
}

#[test]
fn accepted_and_closed_at_once() {
    let responder = Responder::start(Manner::CloseOnAccept).unwrap();
    diagnose(&responder.target()).expect("broken", Some("connection-closed-early"), BROKEN);
}

#[test]
fn closed_after_the_request() {
    let responder = Responder::start(Manner::CloseAfterRequest).unwrap();
    let diagnosis = diagnose(&responder.target());
    assert_eq!((diagnosis.verdict(), diagnosis.exit()), ("broken", Some(1)), "{}", diagnosis.summary());
    assert!(responder.accepted() as u64 <= BROKEN);
}

#[test]
fn reset_after_the_request() {
    diagnose_lab("connection-closed-early", "rst-after-request").expect(
        "broken",
        Some("connection-closed-early"),
        BROKEN,
    );
}

#[test]
fn accepted_and_silent() {
    let responder = Responder::start(Manner::Silence).unwrap();
    let diagnosis = diagnose(&responder.target());
    diagnosis.expect("broken", Some("server-unresponsive"), BROKEN);
    assert_eq!(responder.accepted() as u64, diagnosis.connections(), "every connection is counted");
}
