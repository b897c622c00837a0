//! The faults of the stage `connect`, seen on the wire.

use crate::client::{Ending, MSTSC, NO_COOKIE, NO_NEGOTIATION, STANDARD, fault, read_to_end, selected};
use rdpdoctor_lab::find;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

#[tokio::test]
async fn a_closed_port_refuses() {
    let served = fault("port-closed", "no-listener").await;
    let error = TcpStream::connect(served.address).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    TcpListener::bind(served.address).await.expect_err("the port is reserved");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_backlog_drops_what_exceeds_its_free_places() {
    for (name, places) in [("one-place-left", 1), ("no-place-left", 0)] {
        let served = fault("backlog-full", name).await;
        for _ in 0..places {
            assert_eq!(served.talk(&[MSTSC]).await, (Vec::new(), Ending::StillOpen), "{name}");
        }
        for _ in 0..2 {
            let connecting = timeout(Duration::from_millis(500), TcpStream::connect(served.address)).await;
            assert!(connecting.is_err(), "{name}: {connecting:?}");
        }
    }
}

#[cfg(not(target_os = "linux"))]
#[tokio::test]
async fn a_backlog_cannot_be_filled_elsewhere() {
    let variant = find("backlog-full").unwrap().variant(None).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let error = rdpdoctor_lab::prepare(variant, listener).await.err().unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
}

#[tokio::test]
async fn closes_on_accept_without_a_word() {
    for (name, expected) in [("fin-on-accept", Ending::Fin), ("rst-on-accept", Ending::Rst)] {
        let served = fault("connection-closed-early", name).await;
        let mut stream = served.connect().await;
        let mut answers = Vec::new();
        assert_eq!(read_to_end(&mut stream, &mut answers).await, expected, "{name}");
        assert!(answers.is_empty());
    }
}

#[tokio::test]
async fn closes_with_fin_even_if_the_request_came_first() {
    let served = fault("connection-closed-early", "fin-on-accept").await;
    let mut stream = served.connect().await;
    stream.write_all(MSTSC).await.unwrap();
    assert_eq!(read_to_end(&mut stream, &mut Vec::new()).await, Ending::Fin);
}

#[tokio::test]
async fn closes_after_the_request_and_not_before() {
    for (name, expected) in [("fin-after-request", Ending::Fin), ("rst-after-request", Ending::Rst)] {
        let served = fault("connection-closed-early", name).await;
        let mut waiting = served.connect().await;
        assert_eq!(read_to_end(&mut waiting, &mut Vec::new()).await, Ending::StillOpen, "{name}");
        assert_eq!(served.talk(&[MSTSC]).await, (Vec::new(), expected), "{name}");
    }
}

#[tokio::test]
async fn stays_silent() {
    for name in ["silent", "never-accepts"] {
        let served = fault("server-unresponsive", name).await;
        assert_eq!(served.talk(&[MSTSC]).await, (Vec::new(), Ending::StillOpen), "{name}");
    }
}

#[tokio::test]
async fn drips_one_byte_a_second() {
    let served = fault("server-unresponsive", "drip").await;
    let mut stream = served.connect().await;
    stream.write_all(MSTSC).await.unwrap();
    let mut buffer = [0; 19];
    assert_eq!(stream.read(&mut buffer).await.unwrap(), 1);
    assert!(timeout(Duration::from_millis(500), stream.read(&mut buffer)).await.is_err());
    assert_eq!(stream.read(&mut buffer).await.unwrap(), 1);
}

#[tokio::test]
async fn stumbles_over_the_cookie_only() {
    let endings = [("rst-on-cookie", Ending::Rst), ("fin-on-cookie", Ending::Fin)];
    for (name, expected) in endings {
        let served = fault("proxy-mangles-negotiation", name).await;
        assert_eq!(served.talk(&[MSTSC]).await, (Vec::new(), expected), "{name}");
        assert_eq!(served.talk(&[NO_COOKIE]).await, (selected(8), Ending::StillOpen), "{name}");
    }
}

#[tokio::test]
async fn rubbish_gets_a_closed_connection() {
    let served = fault("proxy-mangles-negotiation", "rst-on-cookie").await;
    for rubbish in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x03\x00\x00\x01", b"\x03\x00\x00\x07\xff\xff\xff"] {
        let (answers, ending) = served.talk(&[rubbish]).await;
        assert!(answers.is_empty() && ending != Ending::StillOpen, "{rubbish:?}: {ending:?}");
    }
    assert_eq!(served.talk(&[NO_NEGOTIATION]).await.0.len(), 19);
    assert_eq!(served.talk(&[STANDARD]).await.0.len(), 19);
}

#[tokio::test]
async fn more_clients_than_places_are_served_once_others_leave() {
    let served = fault("server-unresponsive", "drip").await;
    let mut held = Vec::new();
    for _ in 0..64 {
        held.push(served.connect().await);
    }
    let mut late = served.connect().await;
    late.write_all(MSTSC).await.unwrap();
    assert_eq!(read_to_end(&mut late, &mut Vec::new()).await, Ending::StillOpen);
    drop(held);
    let mut first = [0];
    timeout(Duration::from_secs(5), late.read_exact(&mut first)).await.unwrap().unwrap();
}

#[tokio::test]
async fn stops_when_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let variant = find("server-unresponsive").unwrap().variant(None).unwrap();
    let task = tokio::spawn(rdpdoctor_lab::serve(variant, listener, async { drop(stopped.await) }));
    let mut open = TcpStream::connect(address).await.unwrap();
    assert_eq!(read_to_end(&mut open, &mut Vec::new()).await, Ending::StillOpen);
    stop.send(()).unwrap();
    task.await.unwrap().unwrap();
    assert_ne!(read_to_end(&mut open, &mut Vec::new()).await, Ending::StillOpen);
    TcpStream::connect(address).await.unwrap_err();
}
