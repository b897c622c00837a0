//! Each server starts, listens, and answers an X.224 Connection Request as it is known to.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rdpdoctor_testbed::freerdp_shadow::{self, Security};
use rdpdoctor_testbed::nginx::{self, Scheme};
use rdpdoctor_testbed::responder::{Manner, Responder};
use rdpdoctor_testbed::xrdp::{SecurityLayer, Xrdp};
use rdpdoctor_testbed::{Server, Site, Unavailable, on_hand, sshd, weston};

const SSL: u8 = 1;
const HYBRID: u8 = 3;
const RESPONSE: u8 = 2;
const FAILURE: u8 = 3;

/// Sends RDP_NEG_REQ and reads what comes first.
fn answer(address: SocketAddr, protocols: u8) -> Vec<u8> {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    connection.write_all(&[3, 0, 0, 19, 14, 0xE0, 0, 0, 0, 0, 0, 1, 0, 8, 0, protocols, 0, 0, 0]).unwrap();
    let mut answer = [0; 256];
    let length = connection.read(&mut answer).unwrap();
    answer[..length].to_vec()
}

/// Type and first value byte of the negotiation structure in a Connection Confirm.
fn negotiated(started: Result<Server, Unavailable>, protocols: u8) -> Option<(u8, u8)> {
    let server = on_hand(started)?;
    let answer = answer(server.address(), protocols);
    assert_eq!(answer[..2], [3, 0], "no TPKT: {answer:?}; {}", server.log());
    assert_eq!(answer[5], 0xD0, "no Connection Confirm: {answer:?}");
    Some((answer[11], answer[15]))
}

fn expect(negotiated: Option<(u8, u8)>, expected: (u8, u8)) {
    if let Some(negotiated) = negotiated {
        assert_eq!(negotiated, expected);
    }
}

#[test]
fn xrdp_selects_tls_even_if_hybrid_is_asked_for() {
    expect(negotiated(Xrdp::default().start(&Site::loopback()), HYBRID), (RESPONSE, SSL));
}

#[test]
fn xrdp_with_classic_security_selects_it() {
    let xrdp = Xrdp { security_layer: SecurityLayer::Rdp, ..Xrdp::default() };
    let Some(server) = on_hand(xrdp.start(&Site::loopback())) else { return };
    let answer = answer(server.address(), HYBRID);
    // No negotiation structure, or one that refuses TLS: either says Standard RDP Security.
    assert_eq!(answer[5], 0xD0, "{answer:?}");
    assert!(answer.len() == 11 || answer[11] == FAILURE || answer[15] == 0, "{answer:?}");
}

#[test]
fn shadow_with_tls_selects_it() {
    expect(negotiated(freerdp_shadow::start(Security::Tls, &Site::loopback()), SSL), (RESPONSE, SSL));
}

#[test]
fn shadow_with_nla_requires_hybrid() {
    let hybrid_required = 5;
    expect(negotiated(freerdp_shadow::start(Security::Nla, &Site::loopback()), SSL), (FAILURE, hybrid_required));
}

#[test]
fn shadow_with_classic_security_refuses_tls() {
    let ssl_not_allowed = 2;
    expect(negotiated(freerdp_shadow::start(Security::Rdp, &Site::loopback()), SSL), (FAILURE, ssl_not_allowed));
}

#[test]
fn weston_selects_tls() {
    expect(negotiated(weston::start(&Site::loopback()), SSL), (RESPONSE, SSL));
}

#[test]
fn sshd_speaks_first() {
    let Some(server) = on_hand(sshd::start(&Site::loopback())) else { return };
    assert!(answer(server.address(), SSL).starts_with(b"SSH-2.0-"));
}

#[test]
fn nginx_answers_in_http() {
    for scheme in [Scheme::Http, Scheme::Https] {
        let Some(server) = on_hand(nginx::start(scheme, &Site::loopback())) else { return };
        let answer = answer(server.address(), SSL);
        assert!(answer.starts_with(b"HTTP/1.1 400") || answer[0] == 0x15, "{scheme:?}: {answer:?}");
    }
}

#[test]
fn a_dropped_server_no_longer_listens() {
    let Some(server) = on_hand(sshd::start(&Site::loopback())) else { return };
    let address = server.address();
    drop(server);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn the_responder_closes_after_the_request() {
    let responder = Responder::start(Manner::CloseAfterRequest).unwrap();
    assert_eq!(answer(responder.target().parse().unwrap(), SSL), b"");
    assert_eq!(responder.accepted(), 1);
}
