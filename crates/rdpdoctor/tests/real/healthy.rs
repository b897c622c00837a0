use rdpdoctor_testbed::freerdp_shadow::{self, Security};
use rdpdoctor_testbed::xrdp::{SecurityLayer, Xrdp};
use rdpdoctor_testbed::{Server, Site, Unavailable, on_hand, weston};

use crate::run::{BROKEN, HEALTHY, diagnose};

fn expect_healthy(started: Result<Server, Unavailable>) {
    let Some(server) = on_hand(started) else { return };
    diagnose(&server.target()).expect("healthy", None, HEALTHY);
}

fn expect_classic_only(started: Result<Server, Unavailable>) {
    let Some(server) = on_hand(started) else { return };
    diagnose(&server.target()).expect("warning", Some("standard-security-only"), BROKEN);
}

#[test]
fn xrdp_with_its_defaults() {
    expect_healthy(Xrdp::default().start(&Site::loopback()));
}

#[test]
fn xrdp_that_insists_on_tls() {
    expect_healthy(Xrdp { security_layer: SecurityLayer::Tls, ..Xrdp::default() }.start(&Site::loopback()));
}

#[test]
fn xrdp_that_knows_no_tls_13() {
    expect_healthy(Xrdp { ssl_protocols: "TLSv1.2", ..Xrdp::default() }.start(&Site::loopback()));
}

#[test]
fn shadow_with_tls() {
    expect_healthy(freerdp_shadow::start(Security::Tls, &Site::loopback()));
}

#[test]
fn shadow_with_nla() {
    expect_healthy(freerdp_shadow::start(Security::Nla, &Site::loopback()));
}

#[test]
fn weston_with_tls() {
    expect_healthy(weston::start(&Site::loopback()));
}

#[test]
fn xrdp_with_classic_security_only() {
    expect_classic_only(Xrdp { security_layer: SecurityLayer::Rdp, ..Xrdp::default() }.start(&Site::loopback()));
}

#[test]
fn shadow_with_classic_security_only() {
    expect_classic_only(freerdp_shadow::start(Security::Rdp, &Site::loopback()));
}
