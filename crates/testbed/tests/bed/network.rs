//! The cable between two namespaces does what its policy says.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use rdpdoctor_testbed::certificate::Certificate;
use rdpdoctor_testbed::xrdp::Xrdp;
use rdpdoctor_testbed::{Network, Policy, SERVER_V4, SERVER_V6, Tampering, on_hand};

/// Connects from the client's namespace: `port`, then what to send, in bash's printf notation; prints what comes back.
fn exchange(network: &Network, request: &str) -> Output {
    let script = format!(
        "exec 3<>/dev/tcp/{SERVER_V4}/3389 || exit 7; printf '{request}' >&3; timeout 3 head -c 19 <&3 | od -An -tx1 -v"
    );
    bash(network).arg(script).output().unwrap()
}

fn bash(network: &Network) -> Command {
    let mut command = network.client(Path::new("bash")).unwrap();
    command.arg("-c");
    command
}

const REQUEST: &str = r"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x01\x00\x00\x00";

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_good_cable_carries_both_families() {
    let Some(network) = on_hand(Network::new(Policy::default())) else { return };
    let Some(_server) = on_hand(Xrdp::default().start(&network.site())) else { return };
    let answer = exchange(&network, REQUEST);
    assert!(text(&answer.stdout).starts_with(" 03 00 00 13"), "{}", text(&answer.stderr));
    let closed = bash(&network).arg(format!("exec 3<>/dev/tcp/{SERVER_V6}/3389")).output().unwrap();
    assert!(text(&closed.stderr).contains("refused"), "IPv6 reaches the other end: {}", text(&closed.stderr));
}

#[test]
fn a_slow_cable_delays_each_way() {
    let delay = Duration::from_millis(150);
    let Some(network) = on_hand(Network::new(Policy { delay, ..Policy::default() })) else { return };
    let start = Instant::now();
    let closed = exchange(&network, "");
    assert_eq!(closed.status.code(), Some(7), "nothing listens");
    assert!(start.elapsed() >= delay * 2, "{:?}", start.elapsed());
}

#[test]
fn the_filter_rejects_and_drops() {
    let Some(network) = on_hand(Network::new(Policy::default())) else { return };
    let Some(()) = on_hand(network.filter("tcp dport 3389 reject with icmpx type admin-prohibited")) else { return };
    let rejected = exchange(&network, "");
    assert!(text(&rejected.stderr).contains("No route to host"), "{}", text(&rejected.stderr));
}

#[test]
fn names_are_those_of_the_test() {
    let Some(network) = on_hand(Network::new(Policy::default())) else { return };
    network.name("ts01.example", &[SERVER_V4.into(), SERVER_V6.into()]).unwrap();
    let found = bash(&network).arg("getent ahosts ts01.example").output().unwrap();
    assert!(text(&found.stdout).contains("10.9.0.2"), "{}", text(&found.stdout));
}

#[test]
fn the_black_hole_passes_short_packets() {
    let policy = Policy { longest_packet: Some(1300), ..Policy::default() };
    let Some(network) = on_hand(Network::new(policy)) else { return };
    let xrdp = Xrdp { certificate: Certificate::LONG, ..Xrdp::default() };
    let Some(_server) = on_hand(xrdp.start(&network.site())) else { return };
    assert!(text(&exchange(&network, REQUEST).stdout).starts_with(" 03 00 00 13"));
}

#[test]
fn a_hello_is_reset_but_a_request_is_not() {
    let policy = Policy { tampering: Tampering::ResetAtHello, ..Policy::default() };
    let Some(network) = on_hand(Network::new(policy)) else { return };
    let Some(_server) = on_hand(Xrdp::default().start(&network.site())) else { return };
    assert!(text(&exchange(&network, REQUEST).stdout).starts_with(" 03 00 00 13"));
    let reset = exchange(&network, r"\x16\x03\x01\x00\x01\x01");
    assert!(text(&reset.stderr).contains("reset"), "{}", text(&reset.stderr));
}
