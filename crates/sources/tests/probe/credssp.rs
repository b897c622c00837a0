//! The first exchange of CredSSP on a completed connection.

use std::io::{Read, Write};
use std::net::TcpStream;

use jiff::{SignedDuration, Timestamp};
use openssl::ssl::{SslStream, SslVersion};
use rdpdoctor_diagnosis::evidence::{Attempt, CredsspSeen, Ending, NtlmVersion};
use rdpdoctor_protocol::credssp::TsRequest;
use rdpdoctor_protocol::credssp::ntlm::{AvId, AvPair, Negotiate};
use rdpdoctor_protocol::credssp::spnego::{Mechanism, NegState, NegotiationToken};
use rdpdoctor_protocol::negotiation::Protocols;
use rdpdoctor_protocol::tls::{AlertDescription, AlertLevel};

use crate::server::{acceptor, answer, challenge, confirm, meet, reset, stay_silent, ts_request};

/// 2024-02-29 12:00 UTC.
const LEAP_DAY: u64 = 133_536_816_000_000_000;

/// A server that completes TLS and goes on like this.
async fn after_tls(chosen: Protocols, script: impl Fn(SslStream<TcpStream>) + Send + Sync + 'static) -> Attempt {
    let acceptor = acceptor(SslVersion::TLS1_2, SslVersion::TLS1_3).build();
    let attempt = meet(move |mut stream| {
        answer(&mut stream, &confirm(chosen));
        script(acceptor.accept(stream).unwrap());
    })
    .await;
    assert!(attempt.completed_tls() && !attempt.broke_in_tls(), "{:?}", attempt.ending);
    attempt
}

/// Answers the first message with these bytes.
async fn answered(bytes: Vec<u8>) -> CredsspSeen {
    let attempt = after_tls(Protocols::HYBRID_EX, move |mut session| {
        ts_request(&mut session);
        session.write_all(&bytes).unwrap();
        // Nothing but a farewell may follow.
        assert_eq!(session.read(&mut [0; 64]).unwrap_or_default(), 0);
    })
    .await;
    assert_eq!(attempt.ending, Ending::Ours);
    attempt.credssp.unwrap()
}

fn names() -> Vec<AvPair> {
    vec![
        AvPair::text(AvId::NB_DOMAIN_NAME, "CONTOSO"),
        AvPair::text(AvId::NB_COMPUTER_NAME, "TS01"),
        AvPair::text(AvId::DNS_DOMAIN_NAME, "corp.contoso.example"),
        AvPair::text(AvId::DNS_COMPUTER_NAME, "ts01.corp.contoso.example"),
        AvPair::text(AvId::DNS_TREE_NAME, "contoso.example"),
        AvPair::timestamp(LEAP_DAY),
    ]
}

#[tokio::test]
async fn a_challenge_tells_names_release_and_time() {
    for version in [4, 6] {
        let seen = answered(challenge(version, names())).await;
        assert_eq!((seen.version, seen.error_code, seen.declined, seen.malformed), (Some(version), None, false, None));
        let told = seen.challenge.unwrap();
        assert_eq!((told.computer.as_deref(), told.domain.as_deref()), (Some("TS01"), Some("CONTOSO")));
        assert_eq!(told.dns_computer.as_deref(), Some("ts01.corp.contoso.example"));
        assert_eq!(told.dns_domain.as_deref(), Some("corp.contoso.example"));
        assert_eq!(told.forest.as_deref(), Some("contoso.example"));
        assert_eq!(told.version, Some(NtlmVersion { major: 10, minor: 0, build: 20348 }));
        assert_eq!(told.server_time, Some("2024-02-29T12:00:00Z".parse().unwrap()));
        let age = Timestamp::now().duration_since(told.local_time);
        assert!(age >= SignedDuration::ZERO && age < SignedDuration::from_mins(1), "{age}");
    }
}

#[tokio::test]
async fn a_challenge_that_tells_nothing_is_one() {
    let seen = answered(challenge(6, vec![AvPair::timestamp(u64::MAX)])).await;
    let told = seen.challenge.unwrap();
    assert_eq!((told.computer, told.forest, told.server_time), (None, None, None));
}

#[tokio::test]
async fn we_ask_as_a_current_windows_does_and_only_where_the_server_chose_it() {
    let (sender, asked) = std::sync::mpsc::channel();
    after_tls(Protocols::HYBRID, move |mut session| {
        sender.send(ts_request(&mut session)).unwrap();
        session.write_all(&challenge(6, names())).unwrap();
    })
    .await;
    let asked = asked.recv().unwrap();
    assert_eq!((asked.version, asked.nego_tokens.len()), (6, 1));
    let token = NegotiationToken::decode(&asked.nego_tokens[0]).unwrap();
    assert_eq!(Negotiate::decode(token.ntlm_message().unwrap()), Ok(Negotiate::of_windows()));
    let plain = after_tls(Protocols::SSL, |mut session| {
        assert_eq!(session.read(&mut [0; 64]).unwrap(), 0);
    })
    .await;
    assert_eq!((plain.ending, plain.credssp), (Ending::Ours, None));
}

#[tokio::test]
async fn a_refusal_is_kept_in_the_servers_words() {
    let reject = NegotiationToken::Response { state: Some(NegState::REJECT), mechanism: None, token: None };
    let kerberos = NegotiationToken::Response {
        state: Some(NegState::ACCEPT_INCOMPLETE),
        mechanism: Some(Mechanism::Kerberos),
        token: None,
    };
    for token in [reject, kerberos] {
        let request = TsRequest { version: 6, nego_tokens: vec![token.encode()], ..TsRequest::default() };
        let seen = answered(request.encode()).await;
        assert!(seen.declined && seen.challenge.is_none() && seen.malformed.is_none(), "{seen:?}");
    }
    let status = TsRequest { version: 6, error_code: Some(0xc000_006d), ..TsRequest::default() };
    let seen = answered(status.encode()).await;
    assert_eq!((seen.error_code, seen.declined, seen.malformed), (Some(0xc000_006d), false, None));
}

#[tokio::test]
async fn what_cannot_be_read_is_named() {
    let broken = TsRequest { version: 6, nego_tokens: vec![vec![0x04, 0x00]], ..TsRequest::default() }.encode();
    let cases = [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), None, "TSRequest"),
        (vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff], None, "TSRequest"),
        (TsRequest { version: 3, ..TsRequest::default() }.encode(), Some(3), "neither a token nor an error"),
        (broken, Some(6), "SPNEGO"),
    ];
    for (bytes, version, part) in cases {
        let seen = answered(bytes).await;
        assert_eq!((seen.version, seen.challenge), (version, None));
        assert!(seen.malformed.as_ref().is_some_and(|what| what.contains(part)), "{:?}", seen.malformed);
    }
}

#[tokio::test]
async fn a_hang_up_or_silence_leaves_tls_completed() {
    let goodbye = after_tls(Protocols::HYBRID, |mut session| {
        ts_request(&mut session);
        session.shutdown().unwrap();
    });
    let (level, description) = (AlertLevel::WARNING, AlertDescription::CLOSE_NOTIFY);
    let cut = after_tls(Protocols::HYBRID, |mut session| {
        ts_request(&mut session);
        reset(session.get_ref().try_clone().unwrap());
    });
    let silent = after_tls(Protocols::HYBRID, |session| stay_silent(session.get_ref().try_clone().unwrap()));
    let half = after_tls(Protocols::HYBRID, |mut session| {
        ts_request(&mut session);
        session.write_all(&challenge(6, names())[..20]).unwrap();
        stay_silent(session.get_ref().try_clone().unwrap());
    });
    let cases = [
        (goodbye.await, Ending::Alert { level, description }),
        (cut.await, Ending::Reset),
        (silent.await, Ending::Silent),
        (half.await, Ending::Silent),
    ];
    for (attempt, ending) in cases {
        assert_eq!(attempt.ending, ending);
        let seen = attempt.credssp.unwrap();
        assert_eq!((seen.version, seen.challenge, seen.malformed), (None, None, None));
        assert!(seen.after_ms > 0.0 && seen.after_ms < 5000.0, "{}", seen.after_ms);
    }
}
