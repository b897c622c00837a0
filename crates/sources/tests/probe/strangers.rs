//! Other protocols on the port.

use std::io::Write;
use std::thread;
use std::time::Duration;

use rdpdoctor_diagnosis::evidence::{Attempt, Ending, StrangerSeen};
use rdpdoctor_protocol::stranger::Stranger;

use crate::server::{answer, fin, flood, meet, request, stay_silent};

fn stranger(attempt: &Attempt) -> &StrangerSeen {
    let Ending::Stranger(seen) = &attempt.ending else { panic!("{:?}", attempt.ending) };
    assert!(attempt.connected.is_some() && attempt.negotiated.is_none() && attempt.tls.is_none());
    seen
}

#[tokio::test]
async fn a_server_that_greets_spoke_first() {
    let cases: [(&[u8], Stranger, &str); 4] = [
        (b"SSH-2.0-OpenSSH_9.6\r\n", Stranger::Ssh, "SSH-2.0-OpenSSH_9.6"),
        (b"RFB 003.008\n", Stranger::Vnc, "RFB 003.008"),
        (b"220 mail.example.com ESMTP Postfix\r\n", Stranger::Smtp, "220 mail.example.com ESMTP Postfix"),
        (b"J\0\0\0\n8.0.36\0\x08\0\0\0", Stranger::Mysql, "J\\x00\\x00\\x00"),
    ];
    for (greeting, protocol, banner) in cases {
        let attempt = meet(move |mut stream| {
            stream.write_all(greeting).unwrap();
            stay_silent(stream);
        })
        .await;
        let seen = stranger(&attempt);
        assert_eq!((seen.protocol, seen.spoke_first), (protocol, true));
        assert_eq!(seen.banner, banner);
        assert_eq!(attempt.received, u64::try_from(greeting.len()).unwrap());
    }
}

#[tokio::test]
async fn a_greeting_in_pieces_is_read_to_its_end() {
    let attempt = meet(|mut stream| {
        stream.set_nodelay(true).unwrap();
        stream.write_all(b"SSH-2.0-").unwrap();
        thread::sleep(Duration::from_millis(50));
        stream.write_all(b"dropbear\r\n").unwrap();
        stay_silent(stream);
    })
    .await;
    assert_eq!(stranger(&attempt).banner, "SSH-2.0-dropbear");
}

#[tokio::test]
async fn a_server_that_answers_did_not_speak_first() {
    let cases: [(&[u8], Stranger); 2] = [
        (b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n<html>", Stranger::Http),
        (b"\x15\x03\x01\x00\x02\x02\x46", Stranger::Tls),
    ];
    for (bytes, protocol) in cases {
        let attempt = meet(move |mut stream| {
            answer(&mut stream, bytes);
            fin(&stream);
        })
        .await;
        let seen = stranger(&attempt);
        assert_eq!((seen.protocol, seen.spoke_first, seen.proxy_markers.len()), (protocol, false, 0));
    }
}

#[tokio::test]
async fn a_web_proxy_leaves_its_marks() {
    let attempt = meet(|mut stream| {
        answer(&mut stream, b"HTTP/1.1 400 Bad Request\r\nServer: squid/5.7\r\nVia: 1.1 proxy\r\n\r\n");
        fin(&stream);
    })
    .await;
    assert_eq!(stranger(&attempt).proxy_markers, ["Server: squid/5.7", "Via: 1.1 proxy"]);
}

#[tokio::test]
async fn our_own_bytes_come_from_an_echo_service() {
    let attempt = meet(|mut stream| {
        let sent = request(&mut stream).encode();
        stream.write_all(&sent).unwrap();
        stay_silent(stream);
    })
    .await;
    assert_eq!(stranger(&attempt).protocol, Stranger::Echo);
}

#[tokio::test]
async fn garbage_is_unknown_and_endless_garbage_costs_a_few_kilobytes() {
    let attempt = meet(|stream| flood(stream, &[0xc3; 1000])).await;
    let seen = stranger(&attempt);
    assert_eq!(seen.protocol, Stranger::Unknown);
    assert!(seen.banner.len() <= 80 && seen.banner.starts_with("\\xc3"), "{}", seen.banner);
    assert!(attempt.received <= 10_000, "{}", attempt.received);
}
