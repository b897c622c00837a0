//! A client that writes raw bytes and sees how the server ends.

use std::net::SocketAddr;
use std::time::Duration;

use rdpdoctor_lab::{Variant, find, healthy, hostile, prepare};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Requests of a client that can do SSL, HYBRID and HYBRID_EX, with the cookie `lab`.
pub(crate) const MSTSC: &[u8] =
    b"\x03\x00\x00\x29\x24\xe0\x00\x00\x00\x00\x00Cookie: mstshash=lab\r\n\x01\x00\x08\x00\x0b\x00\x00\x00";
pub(crate) const NO_COOKIE: &[u8] = b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x0b\x00\x00\x00";
pub(crate) const TLS_ONLY: &[u8] = b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x01\x00\x00\x00";
pub(crate) const HYBRID: &[u8] = b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00";
pub(crate) const STANDARD: &[u8] = b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x00\x00\x00\x00";
pub(crate) const NO_NEGOTIATION: &[u8] = b"\x03\x00\x00\x0b\x06\xe0\x00\x00\x00\x00\x00";

/// Longer than any answer on loopback takes.
const QUIET: Duration = Duration::from_millis(300);
const PATIENCE: Duration = Duration::from_secs(5);

/// The exact 19 bytes that carry an RDP_NEG_RSP.
pub(crate) fn selected(protocol: u8) -> Vec<u8> {
    let mut bytes = b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x1f\x08\x00".to_vec();
    bytes.extend([protocol, 0, 0, 0]);
    bytes
}

/// The exact 19 bytes that carry an RDP_NEG_FAILURE.
pub(crate) fn failed(code: u8) -> Vec<u8> {
    let mut bytes = b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x03\x00\x08\x00".to_vec();
    bytes.extend([code, 0, 0, 0]);
    bytes
}

/// How a connection looks once the server has said what it has to say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Fin,
    Rst,
    StillOpen,
}

/// A fault that is served on loopback until it is dropped.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) async fn fault(cause: &str, name: &str) -> Served {
    served(find(cause).unwrap().variant(Some(name)).unwrap()).await
}

pub(crate) async fn health(name: &str) -> Served {
    served(healthy(Some(name)).unwrap()).await
}

pub(crate) async fn attack(name: &str) -> Served {
    served(hostile(Some(name)).unwrap()).await
}

async fn served(variant: &'static Variant) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let prepared = prepare(variant, listener).await.unwrap();
    Served { address: prepared.address(), task: tokio::spawn(prepared.run(std::future::pending())) }
}

impl Served {
    pub(crate) async fn connect(&self) -> TcpStream {
        timeout(PATIENCE, TcpStream::connect(self.address)).await.unwrap().unwrap()
    }

    /// Sends these one after the other, waiting for an answer between them; returns all answers and the ending.
    pub(crate) async fn talk(&self, messages: &[&[u8]]) -> (Vec<u8>, Ending) {
        let mut stream = self.connect().await;
        let mut answers = Vec::new();
        for (index, message) in messages.iter().enumerate() {
            if index > 0 {
                timeout(PATIENCE, stream.read_buf(&mut answers)).await.unwrap().unwrap();
            }
            stream.write_all(message).await.unwrap();
        }
        let ending = read_to_end(&mut stream, &mut answers).await;
        (answers, ending)
    }
}

pub(crate) async fn read_to_end(stream: &mut TcpStream, answers: &mut Vec<u8>) -> Ending {
    loop {
        match timeout(QUIET, stream.read_buf(answers)).await {
            Err(_) => return Ending::StillOpen,
            Ok(Ok(0)) => return Ending::Fin,
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
                return Ending::Rst;
            }
        }
    }
}
