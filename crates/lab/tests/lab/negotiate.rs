//! The faults of the stage `negotiate`, byte for byte.

use crate::client::{Ending, HYBRID, MSTSC, NO_NEGOTIATION, STANDARD, TLS_ONLY, failed, fault, health, selected};

const NO_NEGOTIATION_CONFIRM: &[u8] = b"\x03\x00\x00\x0b\x06\xd0\x00\x00\x12\x34\x00";

#[tokio::test]
async fn refuses_everybody_with_one_code() {
    let refusals = [
        ("certificate-missing", "ssl-cert-not-on-server", 3),
        ("negotiation-malformed", "hybrid-required-always", 5),
        ("negotiation-malformed", "inconsistent-flags", 4),
        ("negotiation-malformed", "ssl-required-always", 1),
        ("negotiation-malformed", "unknown-code", 0x2a),
        ("tls-not-allowed", "ssl-not-allowed", 2),
        ("user-auth-required", "ssl-with-user-auth", 6),
    ];
    for (cause, name, code) in refusals {
        let served = fault(cause, name).await;
        for request in [MSTSC, TLS_ONLY, STANDARD] {
            assert_eq!(served.talk(&[request]).await, (failed(code), Ending::Fin), "{cause} {name}");
        }
    }
}

#[tokio::test]
async fn demands_what_its_name_says_and_takes_it() {
    let nla = fault("nla-required", "hybrid-required").await;
    assert_eq!(nla.talk(&[MSTSC]).await, (selected(8), Ending::StillOpen));
    assert_eq!(nla.talk(&[HYBRID]).await, (selected(2), Ending::StillOpen));
    assert_eq!(nla.talk(&[TLS_ONLY]).await, (failed(5), Ending::Fin));
    assert_eq!(nla.talk(&[STANDARD]).await, (failed(5), Ending::Fin));
    let tls = fault("tls-required", "ssl-required").await;
    assert_eq!(tls.talk(&[MSTSC]).await, (selected(1), Ending::StillOpen));
    assert_eq!(tls.talk(&[STANDARD]).await, (failed(1), Ending::Fin));
}

#[tokio::test]
async fn standard_security_is_all_there_is() {
    let silent = fault("standard-security-only", "no-negotiation-data").await;
    assert_eq!(silent.talk(&[MSTSC]).await, (NO_NEGOTIATION_CONFIRM.to_vec(), Ending::StillOpen));
    let selects = fault("standard-security-only", "selects-rdp").await;
    assert_eq!(selects.talk(&[MSTSC]).await, (selected(0), Ending::StillOpen));
    let refuses = fault("standard-security-only", "refuses-tls").await;
    assert_eq!(refuses.talk(&[MSTSC]).await, (failed(2), Ending::Fin));
    assert_eq!(refuses.talk(&[TLS_ONLY]).await, (failed(2), Ending::Fin));
    assert_eq!(refuses.talk(&[STANDARD]).await, (selected(0), Ending::StillOpen));
    assert_eq!(refuses.talk(&[NO_NEGOTIATION]).await, (NO_NEGOTIATION_CONFIRM.to_vec(), Ending::StillOpen));
}

#[tokio::test]
async fn says_what_no_server_may_say() {
    let mut bad_length = selected(1);
    bad_length[13] = 12;
    let served = fault("negotiation-malformed", "bad-length").await;
    assert_eq!(served.talk(&[MSTSC]).await, (bad_length, Ending::StillOpen));
    let served = fault("negotiation-malformed", "unasked-protocol").await;
    assert_eq!(served.talk(&[MSTSC]).await, (selected(4), Ending::StillOpen));
    let rdstls = b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x04\x00\x00\x00";
    assert_eq!(served.talk(&[rdstls]).await, (selected(16), Ending::StillOpen));
}

#[tokio::test]
async fn healthy_servers_negotiate_as_windows_does() {
    let nla = health("nla").await;
    assert_eq!(nla.talk(&[MSTSC]).await, (selected(8), Ending::StillOpen));
    assert_eq!(nla.talk(&[TLS_ONLY]).await, (failed(5), Ending::Fin));
    for name in ["tls", "tls12-only"] {
        let tls = health(name).await;
        assert_eq!(tls.talk(&[MSTSC]).await, (selected(1), Ending::StillOpen), "{name}");
        assert_eq!(tls.talk(&[STANDARD]).await, (selected(0), Ending::StillOpen), "{name}");
        assert_eq!(tls.talk(&[NO_NEGOTIATION]).await, (NO_NEGOTIATION_CONFIRM.to_vec(), Ending::StillOpen), "{name}");
    }
}
