//! The X.224 part of an RDP connection before or behind programs that speak nothing but TLS, and servers that break
//! off where the ServerHello belongs.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};

const PAUSE: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(30);
const TPKT_HEADER: usize = 4;
const LONGEST_REQUEST: usize = 1024;
const LONGEST_RECORD: usize = 16_384 + 256;
const PROTOCOL_SSL: u8 = 1;

/// A Connection Request for PROTOCOL_SSL, and the confirm that selects it ([MS-RDPBCGR] 2.2.1.1, 2.2.1.2).
const REQUEST: [u8; 19] = [3, 0, 0, 19, 14, 0xE0, 0, 0, 0, 0, 0, 1, 0, 8, 0, PROTOCOL_SSL, 0, 0, 0];
const CONFIRM: [u8; 19] = [3, 0, 0, 19, 14, 0xD0, 0, 0, 0x12, 0x34, 0, 2, 0, 8, 0, PROTOCOL_SSL, 0, 0, 0];
/// SSL_REQUIRED_BY_SERVER.
const REFUSAL: [u8; 19] = [3, 0, 0, 19, 14, 0xD0, 0, 0, 0x12, 0x34, 0, 3, 0, 8, 0, 1, 0, 0, 0];

/// A fatal handshake_failure of TLS 1.2.
const ALERT: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 40];

/// What it does with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Answers the Connection Request, then passes all on to a TLS server.
    Before(SocketAddr),
    /// Passes all on to an RDP server after a Connection Request of its own.
    Behind(SocketAddr),
    /// Like [`Part::Before`], but closes the connection at a ClientHello that offers TLS 1.3.
    WithoutTls13(SocketAddr),
    /// Reads the ClientHello and closes.
    HangUp,
    /// Reads the ClientHello and resets.
    Reset,
    /// Reads the ClientHello and sends a fatal alert.
    Alert,
    /// Reads the ClientHello and sends what is no TLS.
    Garbage,
    /// Reads the ClientHello and says nothing more.
    Silence,
}

/// The listener, on a free port of 127.0.0.1, until dropped.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// Listens at once.
    pub fn start(part: Part) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || serve(&listener, part, &stopped));
        Ok(Self { address, stop, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `address:port`, as the command line takes it.
    pub fn target(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, part: Part, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        match listener.accept() {
            // A connection that breaks is the client's to notice; its thread ends with its sockets.
            Ok((connection, _)) => drop(thread::spawn(move || play(part, connection))),
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

fn play(part: Part, mut client: TcpStream) -> io::Result<()> {
    client.set_nonblocking(false)?;
    client.set_nodelay(true)?;
    client.set_read_timeout(Some(PATIENCE))?;
    if let Part::Behind(server) = part {
        return pass_on(client, ask(server)?);
    }
    let request = read_packet(&mut client)?;
    if !asks_for_tls(&request) {
        return client.write_all(&REFUSAL);
    }
    client.write_all(&CONFIRM)?;
    if let Part::Before(server) = part {
        return pass_on(client, TcpStream::connect(server)?);
    }
    let hello = read_record(&mut client)?;
    match part {
        Part::WithoutTls13(_) if offers_tls_13(&hello) => Ok(()),
        Part::WithoutTls13(server) => {
            let mut behind = TcpStream::connect(server)?;
            behind.write_all(&hello)?;
            pass_on(client, behind)
        }
        Part::Reset => Ok(setsockopt(&client, sockopt::Linger, &nix::libc::linger { l_onoff: 1, l_linger: 0 })?),
        Part::Alert => client.write_all(&ALERT),
        Part::Garbage => client.write_all(b"\x00\x01garbage, and no TLS\r\n"),
        Part::Silence => wait_for_the_end(&mut client),
        Part::HangUp | Part::Before(_) | Part::Behind(_) => Ok(()),
    }
}

fn ask(server: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_nodelay(true)?;
    stream.write_all(&REQUEST)?;
    read_packet(&mut stream)?;
    Ok(stream)
}

/// Both ways, until both have ended.
fn pass_on(client: TcpStream, server: TcpStream) -> io::Result<()> {
    server.set_nodelay(true)?;
    server.set_read_timeout(Some(PATIENCE))?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    let forth = thread::spawn(move || copy(&mut from, &mut to));
    let (mut from, mut to) = (server, client);
    copy(&mut from, &mut to)?;
    forth.join().unwrap_or(Ok(()))
}

fn copy(from: &mut TcpStream, to: &mut TcpStream) -> io::Result<()> {
    let copied = io::copy(from, to);
    to.shutdown(Shutdown::Write)?;
    copied.map(|_| ())
}

fn read_packet(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut packet = vec![0; TPKT_HEADER];
    stream.read_exact(&mut packet)?;
    let length = match packet[..] {
        [_, _, high, low] => usize::from(u16::from_be_bytes([high, low])),
        _ => 0,
    };
    read_rest(stream, packet, length.min(LONGEST_REQUEST))
}

fn read_record(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut record = vec![0; 5];
    stream.read_exact(&mut record)?;
    let length = match record[..] {
        [.., high, low] => usize::from(u16::from_be_bytes([high, low])),
        _ => 0,
    };
    read_rest(stream, record, (5 + length).min(LONGEST_RECORD))
}

fn read_rest(stream: &mut TcpStream, mut head: Vec<u8>, length: usize) -> io::Result<Vec<u8>> {
    let missing = length.saturating_sub(head.len());
    stream.take(missing as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// The request ends with the RDP_NEG_REQ, whose last four bytes are the requested protocols.
fn asks_for_tls(request: &[u8]) -> bool {
    match request {
        [.., 1, _, 8, 0, protocols, _, _, _] => protocols & PROTOCOL_SSL != 0,
        _ => false,
    }
}

/// Holds a supported_versions extension with 0x0304 (RFC 8446, 4.2.1).
fn offers_tls_13(hello: &[u8]) -> bool {
    let extensions = hello.windows(5).enumerate().filter_map(|(at, window)| match *window {
        [0, 0x2B, 0, length, list] if length == list.wrapping_add(1) => Some((at + 5, usize::from(list))),
        _ => None,
    });
    extensions
        .filter_map(|(at, length)| hello.get(at..at + length))
        .any(|versions| versions.chunks(2).any(|version| version == [3, 4]))
}

fn wait_for_the_end(client: &mut TcpStream) -> io::Result<()> {
    io::copy(client, &mut io::sink()).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::{asks_for_tls, offers_tls_13};

    #[test]
    fn only_a_request_with_the_bit_asks_for_tls() {
        assert!(asks_for_tls(&super::REQUEST));
        let mut hybrid = super::REQUEST;
        hybrid[15] = 2;
        assert!(!asks_for_tls(&hybrid));
        assert!(!asks_for_tls(&[3, 0, 0, 11, 6, 0xE0, 0, 0, 0, 0, 0]));
    }

    #[test]
    fn only_the_extension_offers_tls_13() {
        assert!(offers_tls_13(&[9, 9, 0, 0x2B, 0, 5, 4, 3, 4, 3, 3, 9]));
        assert!(!offers_tls_13(&[9, 9, 0, 0x2B, 0, 5, 4, 3, 2, 3, 3, 9]));
        assert!(!offers_tls_13(&[0, 0x2B, 3, 4]));
    }
}
