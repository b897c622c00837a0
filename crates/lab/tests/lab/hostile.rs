//! Attacks on the wire.

use std::time::Duration;

use crate::client::{Ending, MSTSC, attack, read_to_end, selected};
use rdpdoctor_protocol::tls::{CipherSuite, HelloSpec, ProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

fn hello() -> Vec<u8> {
    HelloSpec::new(&[ProtocolVersion::TLS12], &[CipherSuite(0x0035)]).to_records([7; 32]).unwrap()
}

async fn after_hello(name: &str) -> (crate::client::Served, TcpStream) {
    let served = attack(name).await;
    let mut stream = served.connect().await;
    stream.write_all(MSTSC).await.unwrap();
    stream.read_exact(&mut [0; 19]).await.unwrap();
    stream.write_all(&hello()).await.unwrap();
    (served, stream)
}

#[tokio::test]
async fn banners_hold_what_a_terminal_obeys() {
    let (banner, ending) = attack("banner-escapes").await.talk(&[]).await;
    assert!(banner.starts_with(b"SSH-2.0-\x1b]0;") && banner.contains(&0x9b));
    assert_eq!(ending, Ending::StillOpen);
}

#[tokio::test]
async fn lengths_are_announced_and_not_kept() {
    let expected: [(&str, &[u8]); 2] = [
        ("handshake-length", b"\x16\x03\x03\x00\x06\x02\xff\xff\xff\x03\x03"),
        ("record-length", b"\x16\x03\x03\xff\xff\x02\x00\x00"),
    ];
    for (name, bytes) in expected {
        let (answers, ending) = attack(name).await.talk(&[MSTSC, &hello()]).await;
        assert_eq!((answers, ending), ([&selected(8), bytes].concat(), Ending::StillOpen), "{name}");
    }
    let (answers, ending) = attack("tpkt-length").await.talk(&[MSTSC]).await;
    assert_eq!((answers.as_slice(), ending), (&b"\x03\x00\xff\xff\x02\xd0"[..], Ending::StillOpen));
}

#[tokio::test]
async fn chains_are_as_large_as_they_say() {
    for (name, least) in [("ten-megabytes", 10_000_000), ("four-hundred-certificates", 400 * 600)] {
        let (_served, mut stream) = after_hello(name).await;
        let mut answers = Vec::new();
        assert_eq!(read_to_end(&mut stream, &mut answers).await, Ending::StillOpen, "{name}");
        assert!(answers.len() > least, "{name}: {}", answers.len());
    }
}

#[tokio::test]
async fn endless_answers_do_not_end() {
    let (_served, mut records) = after_hello("endless-records").await;
    let served = attack("endless-banner").await;
    let mut banner = served.connect().await;
    for stream in [&mut records, &mut banner] {
        let mut megabytes = vec![0; 4_000_000];
        timeout(Duration::from_secs(20), stream.read_exact(&mut megabytes)).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn the_answer_drips() {
    let (_served, mut stream) = after_hello("drip").await;
    let mut answers = Vec::new();
    assert_eq!(read_to_end(&mut stream, &mut answers).await, Ending::StillOpen);
    assert_eq!(answers, [0x16]);
}
