//! Statements that other tools make of such servers, and that are false.

use std::net::{Ipv4Addr, TcpListener};

use rdpdoctor_testbed::freerdp_shadow::{self, Security};
use rdpdoctor_testbed::nginx::{self, Scheme};
use rdpdoctor_testbed::responder::{Manner, Responder};
use rdpdoctor_testbed::xrdp::Xrdp;
use rdpdoctor_testbed::{Network, Policy, SERVER_V4, Site, Tampering, on_hand};

use crate::run::{BROKEN, diagnose, diagnose_in, diagnose_lab};

const PROTOCOLS: [&str; 6] = ["rdp", "ssl", "hybrid", "hybrid_ex", "rdstls", "rdsaad"];

/// nmap: "CredSSP (NLA): SUCCESS", "RDSTLS: SUCCESS" for any answer at all.
#[test]
fn an_answer_is_not_taken_for_consent() {
    let Some(server) = on_hand(Xrdp::default().start(&Site::loopback())) else { return };
    let diagnosis = diagnose(&server.target());
    assert_eq!(diagnosis.protocol("ssl"), "offered");
    for absent in ["hybrid", "hybrid_ex", "rdstls", "rdsaad"] {
        let state = diagnosis.protocol(absent);
        assert!(["refused", "not-measured"].contains(&state), "xrdp has no {absent}: {state}");
    }
}

/// nmap: an empty report where NLA is required of everyone.
#[test]
fn required_nla_is_reported() {
    let Some(server) = on_hand(freerdp_shadow::start(Security::Nla, &Site::loopback())) else { return };
    let diagnosis = diagnose(&server.target());
    assert_eq!(diagnosis.protocol("hybrid"), "required", "{}", diagnosis.summary());
    assert_eq!(diagnosis.protocol("ssl"), "refused", "{}", diagnosis.summary());
}

/// nmap: an empty report where the server has no certificate; impacket: "doesn't support PROTOCOL_HYBRID" for the same.
#[test]
fn a_missing_certificate_is_not_missing_nla() {
    let diagnosis = diagnose_lab("certificate-missing", "ssl-cert-not-on-server");
    diagnosis.expect("broken", Some("certificate-missing"), BROKEN);
    assert_eq!(diagnosis.certainty(), Some("confirmed"));
    let words = diagnosis.words();
    assert!(words.contains("SSL_CERT_NOT_ON_SERVER") && !words.contains("not support"), "{words}");
    for protocol in ["hybrid", "hybrid_ex"] {
        assert_eq!(diagnosis.protocol(protocol), "not-measured", "no certificate says nothing of {protocol}");
    }
}

/// impacket: "doesn't support PROTOCOL_HYBRID" of a server that demands it.
#[test]
fn demanded_is_not_unsupported() {
    let diagnosis = diagnose_lab("negotiation-malformed", "hybrid-required-always");
    diagnosis.expect("broken", Some("negotiation-malformed"), BROKEN);
    let words = diagnosis.words();
    assert!(words.contains("HYBRID_REQUIRED_BY_SERVER") && !words.contains("not support"), "{words}");
}

/// xfreerdp: exit code 0 for any password where the server has no NLA.
#[test]
fn credentials_are_not_vouched_for() {
    let Some(server) = on_hand(Xrdp::default().start(&Site::loopback())) else { return };
    let diagnosis = diagnose(&server.target());
    assert!(diagnosis.stage("authenticate").iter().all(|(outcome, _)| *outcome == "skipped"), "{}", diagnosis.words());
    let words = diagnosis.words().to_lowercase();
    assert!(!words.contains("password is right") && !words.contains("credentials are"), "{words}");
}

/// rdp-sec-check: "NLA not supported" of servers that never answered.
#[test]
fn unanswered_is_not_refused() {
    for manner in [Manner::Silence, Manner::CloseOnAccept, Manner::CloseAfterRequest] {
        let responder = Responder::start(manner).unwrap();
        let diagnosis = diagnose(&responder.target());
        for protocol in PROTOCOLS {
            assert_eq!(diagnosis.protocol(protocol), "not-measured", "{manner:?}, {protocol}");
        }
    }
}

/// nmap: "SSL: SUCCESS" where every handshake is reset; sslscan: "disabled" for the same.
#[test]
fn a_reset_handshake_is_neither_success_nor_disabled() {
    let policy = Policy { tampering: Tampering::ResetAtHello, ..Policy::default() };
    let Some(network) = on_hand(Network::new(policy)) else { return };
    let Some(_server) = on_hand(Xrdp::default().start(&network.site())) else { return };
    let diagnosis = diagnose_in(&network, &SERVER_V4.to_string());
    assert_eq!(diagnosis.protocol("ssl"), "offered", "negotiation selected it");
    assert!(diagnosis.stage("tls").iter().any(|(outcome, _)| *outcome == "failed"), "{}", diagnosis.summary());
    let statements = diagnosis.statements();
    assert!(!statements.contains("disabled") && !statements.contains("switched off"), "{statements}");
}

/// sslscan, sslyze: a description of TLS on a server whose negotiation refuses it.
#[test]
fn refused_tls_is_not_described() {
    let Some(server) = on_hand(freerdp_shadow::start(Security::Rdp, &Site::loopback())) else { return };
    let diagnosis = diagnose(&server.target());
    assert_eq!(diagnosis.protocol("ssl"), "refused", "{}", diagnosis.summary());
    for stage in ["tls", "certificate"] {
        assert!(diagnosis.stage(stage).iter().all(|(outcome, _)| *outcome == "skipped"), "{}", diagnosis.summary());
    }
}

/// sslyze: one sentence for "refused" and "accepted, then closed"; xfreerdp: a broken pipe for a closed port.
#[test]
fn closed_is_not_accepted_then_closed() {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr()).unwrap();
    let closed = diagnose(&free.to_string());
    let responder = Responder::start(Manner::CloseOnAccept).unwrap();
    let early = diagnose(&responder.target());
    assert_eq!((closed.verdict(), early.verdict()), ("unreachable", "broken"));
    assert_ne!(closed.root_cause(), early.root_cause());
    assert!(closed.words().contains("refuses"), "{}", closed.words());
    assert!(!early.stage("connect").iter().any(|(_, summary)| summary.contains("refuse")), "{}", early.words());
    for diagnosis in [&closed, &early] {
        assert!(!diagnosis.words().to_lowercase().contains("broken pipe"), "{}", diagnosis.words());
    }
}

/// sslscan: "Unexpected EOF" after a silence of three seconds.
#[test]
fn silence_is_not_an_end_of_file() {
    let responder = Responder::start(Manner::Silence).unwrap();
    let diagnosis = diagnose(&responder.target());
    let words = diagnosis.words().to_lowercase();
    assert!(!words.contains("eof") && !words.contains("end of file"), "{words}");
    assert!(!diagnosis.causes().contains(&"connection-closed-early"), "{words}");
}

/// rdpscan: "SSH response seen" of a web server.
#[test]
fn a_web_server_is_not_called_ssh() {
    let Some(server) = on_hand(nginx::start(Scheme::Http, &Site::loopback())) else { return };
    let said = diagnose(&server.target()).statements();
    assert!(said.contains("HTTP") && !said.contains("SSH"), "{said}");
}
