//! CredSSP without credentials.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::client::{MSTSC, Served, attack, fault, health};
use crate::tls::handshake;
use openssl::ssl::SslStream;
use rdpdoctor_protocol::credssp::TsRequest;
use rdpdoctor_protocol::credssp::ntlm::{AvId, Challenge, Negotiate};
use rdpdoctor_protocol::credssp::spnego::NegotiationToken;

const FILETIME_1970: u64 = 116_444_736_000_000_000;
const HOUR: u64 = 36_000_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn healthy_servers_say_who_they_are() {
    for name in ["nla", "tls13-only", "gcm-only-picky", "ec-key"] {
        let (request, challenge) = challenge(&health(name).await).await;
        assert_eq!(request.version, 6, "{name}");
        assert_eq!(challenge.text(AvId::NB_COMPUTER_NAME).unwrap(), "LAB01");
        assert_eq!(challenge.text(AvId::NB_DOMAIN_NAME).unwrap(), "LAB");
        assert_eq!(challenge.text(AvId::DNS_COMPUTER_NAME).unwrap(), "LAB01.lab.example");
        assert_eq!(challenge.text(AvId::DNS_TREE_NAME).unwrap(), "lab.example");
        assert_eq!(challenge.version.unwrap().build, 20348);
        assert!(off(&challenge).unsigned_abs() < HOUR / 60, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_refused() {
    let served = health("nla").await;
    let mut tls = ask(&served).await;
    answer(&mut tls).unwrap();
    tls.write_all(&TsRequest { version: 6, pub_key_auth: Some(vec![0]), ..TsRequest::default() }.encode()).unwrap();
    assert_eq!(answer(&mut tls).unwrap().error_code, Some(0xc000_006d));
    assert_eq!(tls.read(&mut [0]).unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_clocks_and_names_are_as_the_variant_says() {
    for version in [2, 3, 4] {
        let served = fault("credssp-outdated", &format!("version-{version}")).await;
        assert_eq!(challenge(&served).await.0.version, version);
    }
    let hour = i64::try_from(HOUR).unwrap();
    for (name, hours) in [("two-hours-ahead", 2), ("ten-years-behind", -87_660)] {
        let (_, challenge) = challenge(&fault("clock-skew", name).await).await;
        assert!((off(&challenge) - hours * hour).abs() < hour / 60, "{name}");
    }
    let (_, behind) = challenge(&fault("clock-skew", "six-minutes-behind").await).await;
    assert!((off(&behind) + hour / 10).abs() < hour / 60);
    for cause in ["wrong-host", "tls-intercepted"] {
        let (_, other) = challenge(&fault(cause, "other-machine").await).await;
        assert_eq!(other.text(AvId::NB_COMPUTER_NAME).unwrap(), "WS17", "{cause}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ntlm_is_refused_in_three_ways() {
    for name in ["spnego-reject", "kerberos-only"] {
        let request = answer(&mut ask(&fault("ntlm-refused", name).await).await).unwrap();
        let token = NegotiationToken::decode(&request.nego_tokens[0]).unwrap();
        assert!(token.refuses_ntlm(), "{name}");
    }
    let request = answer(&mut ask(&fault("ntlm-refused", "blocked").await).await).unwrap();
    assert_eq!((request.error_code, request.nego_tokens.len()), (Some(0xc000_0418), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn attacks_inside_credssp_are_what_they_say() {
    let (_, names) = challenge(&attack("credssp-escapes").await).await;
    let name = names.text(AvId::NB_COMPUTER_NAME).unwrap();
    assert!(name.contains('\x1b') && name.contains('\u{202e}') && name.contains("<script>"));
    let served = attack("credssp-offsets").await;
    let mut tls = ask(&served).await;
    let request = answer(&mut tls).unwrap();
    Challenge::decode(&request.nego_tokens[0]).unwrap_err();
    let served = attack("credssp-endless").await;
    let mut tls = ask(&served).await;
    let mut start = [0; 6];
    tls.read_exact(&mut start).unwrap();
    assert_eq!(start, *b"\x30\x84\x7f\xff\xff\xff");
    let served = attack("credssp-silent").await;
    let mut tls = ask(&served).await;
    tls.get_ref().set_read_timeout(Some(std::time::Duration::from_millis(300))).unwrap();
    tls.read(&mut start).unwrap_err();
}

/// How far the server's clock is ahead, in FILETIME's 100 ns.
fn off(challenge: &Challenge) -> i64 {
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() / 100).unwrap();
    challenge.timestamp().unwrap().checked_signed_diff(now + FILETIME_1970).unwrap()
}

async fn challenge(served: &Served) -> (TsRequest, Challenge) {
    let request = answer(&mut ask(served).await).unwrap();
    let token = NegotiationToken::decode(request.nego_tokens.first().unwrap()).unwrap();
    let challenge = Challenge::decode(token.ntlm_message().unwrap()).unwrap();
    (request, challenge)
}

async fn ask(served: &Served) -> SslStream<TcpStream> {
    let mut tls = handshake(served, Some(MSTSC)).await;
    let token = NegotiationToken::init_with_ntlm(Negotiate::of_windows().encode()).encode();
    let request = TsRequest { version: 6, nego_tokens: vec![token], ..TsRequest::default() };
    tls.write_all(&request.encode()).unwrap();
    tls
}

fn answer(tls: &mut SslStream<TcpStream>) -> std::io::Result<TsRequest> {
    let mut buffer = vec![0; 4096];
    let length = tls.read(&mut buffer)?;
    buffer.truncate(length);
    Ok(TsRequest::decode(&buffer).unwrap())
}
