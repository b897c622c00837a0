//! A TCP connection that is open: bytes out and in, within a deadline, and how it ends.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use rdpdoctor_diagnosis::evidence::Ending;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

/// How long the other side may take to close after we did.
const FAREWELL: Duration = Duration::from_millis(250);
const FAREWELL_BYTES: usize = 64 * 1024;
const CHUNK: usize = 4096;

pub(crate) struct Wire {
    stream: TcpStream,
    received: u64,
    deadline: Instant,
    last: Instant,
}

impl Wire {
    /// No wait on this connection lasts beyond `last`.
    pub(crate) fn new(stream: TcpStream, last: Instant) -> Self {
        Self { stream, received: 0, deadline: last, last }
    }

    pub(crate) fn local(&self) -> Option<SocketAddr> {
        self.stream.local_addr().ok()
    }

    /// Bytes received in all.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// Starts a step: all its sends and receives together take no longer than `wait`.
    pub(crate) fn allow(&mut self, wait: Duration) {
        self.deadline = self.last.min(Instant::now() + wait);
    }

    /// Sends everything. A connection that the other side closed shows in the next receive, with what it had said.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<(), Ending> {
        match timeout_at(self.deadline, self.stream.write_all(bytes)).await {
            Err(_) => Err(Ending::Silent),
            Ok(Err(error)) if closed_by_peer(&error).is_none() => Err(ours(&error)),
            Ok(_) => Ok(()),
        }
    }

    /// Appends what arrives next to `buffer`: at least one byte.
    pub(crate) async fn receive(&mut self, buffer: &mut Vec<u8>) -> Result<(), Ending> {
        let mut chunk = [0; CHUNK];
        let read = timeout_at(self.deadline, self.stream.read(&mut chunk)).await.map_err(|_| Ending::Silent)?;
        self.take(read, &chunk, buffer)
    }

    /// Whether bytes are here already, unasked. Never waits.
    pub(crate) fn has_spoken(&mut self, buffer: &mut Vec<u8>) -> bool {
        let mut chunk = [0; CHUNK];
        let read = self.stream.try_read(&mut chunk);
        self.take(read, &chunk, buffer).is_ok()
    }

    /// Whether a step that starts now may last as long as `wait`.
    pub(crate) fn has_time_for(&self, wait: Duration) -> bool {
        Instant::now() + wait <= self.last
    }

    /// Sends FIN. Waits for nobody.
    pub(crate) async fn hang_up(&mut self) {
        // Where the other side was faster, there is nothing left to close.
        let _either_way = self.stream.shutdown().await;
    }

    /// Reads what still comes after [`Self::hang_up`]: what was sent arrives, and no port of ours stays half open.
    pub(crate) async fn drain(mut self) {
        let mut chunk = [0; CHUNK];
        let drain = async {
            let mut left = FAREWELL_BYTES;
            while let Ok(read @ 1..) = self.stream.read(&mut chunk).await {
                let Some(rest) = left.checked_sub(read) else { return };
                left = rest;
            }
        };
        // A server that does not close in its turn keeps us no longer.
        let _closed_in_time = timeout(FAREWELL, drain).await;
    }

    fn take(&mut self, read: io::Result<usize>, chunk: &[u8], buffer: &mut Vec<u8>) -> Result<(), Ending> {
        let bytes = match read {
            Ok(0) => return Err(Ending::Fin),
            Ok(length) => chunk.get(..length).unwrap_or_default(),
            Err(error) => return Err(closed_by_peer(&error).unwrap_or_else(|| ours(&error))),
        };
        self.received = self.received.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        buffer.extend_from_slice(bytes);
        Ok(())
    }
}

/// Our own system's words for what it did not let us do.
pub(crate) fn ours(error: &io::Error) -> Ending {
    Ending::OurSystem { error: error.to_string() }
}

fn closed_by_peer(error: &io::Error) -> Option<Ending> {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Some(Ending::Reset),
        // RST after FIN: the FIN came first.
        io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected => Some(Ending::Fin),
        // Retransmissions were given up.
        io::ErrorKind::TimedOut => Some(Ending::Silent),
        _ => None,
    }
}
