use rdpdoctor_testbed::nginx::{self, Scheme};
use rdpdoctor_testbed::{Server, Site, Unavailable, on_hand, sshd};

use crate::run::{BROKEN, diagnose};

/// The stranger is recognised, and called by its name and no other.
fn expect_stranger(started: Result<Server, Unavailable>, name: &str, not: &[&str]) {
    let Some(server) = on_hand(started) else { return };
    let diagnosis = diagnose(&server.target());
    diagnosis.expect("broken", Some("not-rdp"), BROKEN);
    let words = diagnosis.words();
    assert!(words.contains(name), "{name} is not named: {words}");
    for wrong in not {
        assert!(!words.contains(wrong), "{name} is called {wrong}: {words}");
    }
}

#[test]
fn sshd_is_ssh() {
    expect_stranger(sshd::start(&Site::loopback()), "SSH", &["HTTP"]);
}

#[test]
fn nginx_in_clear_is_http() {
    expect_stranger(nginx::start(Scheme::Http, &Site::loopback()), "HTTP", &["HTTPS", "SSH"]);
}

#[test]
fn nginx_in_tls_is_http() {
    // It may answer the clear request with "400 The plain HTTP request was sent to HTTPS port".
    expect_stranger(nginx::start(Scheme::Https, &Site::loopback()), "HTTP", &["SSH"]);
}
