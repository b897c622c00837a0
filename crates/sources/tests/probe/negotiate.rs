//! TCP and X.224.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::channel;

use rdpdoctor_diagnosis::evidence::{Ending, NegotiateAnswer, NegotiateOffer, Offer, Routing};
use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};
use rdpdoctor_protocol::x224::{self, ConnectionConfirm, DisconnectReason, RejectCause, ServerTpdu, UltimatumReason};

use crate::server::{
    Course, answer, attempt, confirm, drip, failure, fin, meet, request, reset, selected, serve, stay_silent,
};

#[tokio::test]
async fn a_closed_port_refuses() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let attempt = attempt(closed, Offer::mstsc()).await;
    assert_eq!(Course::of(&attempt), Course { connected: false, ..Course::connected(Ending::Refused) });
    assert_eq!((attempt.endpoint, attempt.local), (closed, None));
}

#[tokio::test]
async fn a_knock_sends_nothing() {
    let (sender, heard) = channel();
    let address = serve(move |mut stream| {
        let mut sink = Vec::new();
        stream.read_to_end(&mut sink).unwrap();
        sender.send(sink).unwrap();
    });
    let attempt = attempt(address, Offer::knock()).await;
    assert_eq!(Course::of(&attempt), Course::connected(Ending::Ours));
    assert_eq!(heard.recv(), Ok(Vec::new()));
    assert_eq!(attempt.local.map(|local| local.ip()), Some(address.ip()));
}

#[tokio::test]
async fn the_offer_is_what_is_asked() {
    let address = serve(|mut stream| {
        let request = request(&mut stream);
        let ours = request.routing == x224::Routing::cookie("rdpdoctor").ok() && request.correlation.is_none();
        let asked = request.negotiation.map(|negotiation| negotiation.protocols);
        let known = ours && asked == Some(Protocols::SSL | Protocols::HYBRID);
        stream.write_all(&confirm(if known { Protocols::RDSTLS } else { Protocols::RDP })).unwrap();
    });
    let attempt = attempt(address, Offer::negotiate(Protocols::SSL | Protocols::HYBRID)).await;
    let answer = Some(selected(Protocols::RDSTLS));
    let expected = Course { answer, ..Course::connected(Ending::Ours) }.received(&confirm(Protocols::RDP));
    assert_eq!(Course::of(&attempt), expected);
}

#[tokio::test]
async fn an_old_client_asks_without_negotiation_data() {
    let address = serve(|mut stream| {
        let request = request(&mut stream);
        let bare = request.routing.is_none() && request.negotiation.is_none();
        let code = if bare { FailureCode::SSL_REQUIRED_BY_SERVER } else { FailureCode::INCONSISTENT_FLAGS };
        stream.write_all(&failure(code)).unwrap();
    });
    let negotiate = Some(NegotiateOffer { protocols: None, routing: Routing::None });
    let attempt = attempt(address, Offer { negotiate, ..Offer::knock() }).await;
    assert_eq!(attempt.failure_code(), Some(FailureCode::SSL_REQUIRED_BY_SERVER));
}

#[tokio::test]
async fn standard_rdp_security_ends_without_tls() {
    let empty = ConnectionConfirm::default().encode();
    for (bytes, expected) in [(empty, NegotiateAnswer::NoData), (confirm(Protocols::RDP), selected(Protocols::RDP))] {
        let sent = bytes.clone();
        let attempt = meet(move |mut stream| answer(&mut stream, &sent)).await;
        let expected = Course { answer: Some(expected), ..Course::connected(Ending::Ours) }.received(&bytes);
        assert_eq!(Course::of(&attempt), expected);
    }
}

#[tokio::test]
async fn a_failure_keeps_its_code() {
    for code in [FailureCode::HYBRID_REQUIRED_BY_SERVER, FailureCode(0x77)] {
        let attempt = meet(move |mut stream| answer(&mut stream, &failure(code))).await;
        let expected = Course::connected(Ending::NegotiationFailure { code }).received(&failure(code));
        assert_eq!(Course::of(&attempt), expected);
    }
}

#[tokio::test]
async fn a_disconnect_keeps_its_reason() {
    let cases = [
        (
            ServerTpdu::DisconnectRequest { reason: DisconnectReason::CONGESTION_AT_TSAP },
            "X.224 Disconnect Request: congestion-at-tsap",
        ),
        (ServerTpdu::Error { cause: RejectCause::INVALID_TPDU_TYPE }, "X.224 Error: invalid-tpdu-type"),
        (
            ServerTpdu::DisconnectProviderUltimatum { reason: UltimatumReason::USER_REQUESTED },
            "MCS Disconnect Provider Ultimatum: rn-user-requested",
        ),
    ];
    for (tpdu, reason) in cases {
        let attempt = meet(move |mut stream| answer(&mut stream, &tpdu.encode())).await;
        let expected = Course::connected(Ending::Disconnect { reason: reason.to_owned() }).received(&tpdu.encode());
        assert_eq!(Course::of(&attempt), expected);
    }
}

#[tokio::test]
async fn fin_reset_and_silence_after_the_request_are_told_apart() {
    let closed = meet(|mut stream| {
        request(&mut stream);
        fin(&stream);
    });
    assert_eq!(Course::of(&closed.await), Course::connected(Ending::Fin));
    let cut = meet(|mut stream| {
        request(&mut stream);
        reset(stream);
    });
    assert_eq!(Course::of(&cut.await), Course::connected(Ending::Reset));
    let silent = meet(stay_silent).await;
    assert_eq!(Course::of(&silent), Course::connected(Ending::Silent));
    assert!(silent.ended_ms >= 800.0, "{}", silent.ended_ms);
}

#[tokio::test]
async fn a_confirm_cut_short_shows_in_the_bytes_received() {
    let attempt = meet(|mut stream| {
        answer(&mut stream, &confirm(Protocols::SSL)[..6]);
        fin(&stream);
    });
    assert_eq!(Course::of(&attempt.await), Course::connected(Ending::Fin).received(&[0; 6]));
}

#[tokio::test]
async fn a_drip_costs_one_wait() {
    let attempt = meet(|stream| drip(stream, &[3, 0, 0, 0x20, 0])).await;
    assert_eq!(attempt.ending, Ending::Silent);
    assert!((1..40).contains(&attempt.received), "{}", attempt.received);
    assert!(attempt.ended_ms < 5000.0, "{}", attempt.ended_ms);
}

#[tokio::test]
async fn what_begins_like_tpkt_and_is_none_is_malformed() {
    let malformed: [&[u8]; 3] = [&[3, 0, 0, 2], &[3, 0, 0xff, 0xff, 0xff], &[3, 0, 0, 7, 2, 0xf0, 0x80]];
    for bytes in malformed {
        let attempt = meet(|mut stream| {
            answer(&mut stream, bytes);
            fin(&stream);
        })
        .await;
        assert!(matches!(attempt.ending, Ending::Malformed { .. }), "{bytes:02x?}: {:?}", attempt.ending);
        assert_eq!(attempt.negotiated, None);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn small_segments_are_asked_for() {
    let address = serve(|mut stream| {
        request(&mut stream);
        let segment = socket2::SockRef::from(&stream).tcp_mss().unwrap();
        let code = if segment <= 536 { 2 } else { 1 };
        stream.write_all(&failure(FailureCode(code))).unwrap();
    });
    let offer = Offer::negotiate(Protocols::SSL);
    let plain = attempt(address, offer.clone()).await;
    assert_eq!(plain.failure_code(), Some(FailureCode(1)));
    let limited = attempt(address, offer.with_max_segment(536)).await;
    assert_eq!(limited.failure_code(), Some(FailureCode(2)));
}

#[tokio::test]
async fn what_our_own_system_forbids_says_nothing_of_the_target() {
    let broadcast: SocketAddr = "255.255.255.255:3389".parse().unwrap();
    let attempt = attempt(broadcast, Offer::knock()).await;
    assert!(matches!(attempt.ending, Ending::OurSystem { .. } | Ending::Unreachable { .. }), "{:?}", attempt.ending);
    assert_eq!(attempt.connected, None);
}
