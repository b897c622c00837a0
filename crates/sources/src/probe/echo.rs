//! One ICMP echo (RFC 792, RFC 4443).

use std::io::{self, Read};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rdpdoctor_diagnosis::evidence::{Echo, EchoOutcome, Seen};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use tokio::sync::oneshot;

use super::clock::millis;

const LONGEST_WAIT: Duration = Duration::from_secs(2);
const PAYLOAD: &[u8; 16] = b"rdpdoctor echo 1";
const SEQUENCE: u8 = 1;
const LARGEST: usize = 2048;
const V4_HEADER: usize = 20;

/// Sends one echo request and waits for the reply, two seconds at most. `via` carries the scope where one is needed.
pub(crate) async fn echo(via: SocketAddr, wait: Duration) -> Echo {
    let (sender, receiver) = oneshot::channel();
    let wait = wait.min(LONGEST_WAIT);
    // A blocking socket works the same on every system, raw or not.
    let spawned = std::thread::Builder::new().name("echo".to_owned()).spawn(move || {
        // Nobody listens any more once the probe was stopped.
        let _late = sender.send(exchange(via, wait));
    });
    let outcome = match spawned {
        Ok(_) => receiver.await.unwrap_or_else(|_| Err(io::Error::other("the echo's thread ended without an answer"))),
        Err(error) => Err(error),
    };
    let outcome = match outcome {
        Ok(outcome) => Seen::by_probe(outcome, Timestamp::now()),
        Err(error) => Seen::NotObtained { why: error.to_string() },
    };
    Echo { address: via.ip(), outcome }
}

fn exchange(via: SocketAddr, wait: Duration) -> io::Result<EchoOutcome> {
    let (mut socket, kind) = open(via.ip())?;
    socket.connect(&SockAddr::from(via))?;
    let family = Family::of(via.ip());
    // The process id tells our replies on a raw socket from another program's.
    let id = u16::try_from(std::process::id() & 0xffff).unwrap_or_default();
    let begun = Instant::now();
    socket.send(&request(family, id))?;
    let mut datagram = [0; LARGEST];
    loop {
        let left = wait.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Ok(EchoOutcome::Silent);
        }
        socket.set_read_timeout(Some(left))?;
        let length = match socket.read(&mut datagram) {
            Ok(length) => length,
            Err(error) if is_timeout(&error) => return Ok(EchoOutcome::Silent),
            Err(error) => return Err(error),
        };
        // The kernel puts its own id into requests of a datagram socket, and returns only their replies.
        let expected = (kind == Type::RAW).then_some(id);
        if is_reply(datagram.get(..length).unwrap_or_default(), family, expected) {
            return Ok(EchoOutcome::Answered { after_ms: millis(begun.elapsed()) });
        }
    }
}

fn open(address: IpAddr) -> io::Result<(Socket, Type)> {
    let (domain, protocol) = match address {
        IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4),
        IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6),
    };
    let open = |kind| Socket::new(domain, kind, Some(protocol)).map(|socket| (socket, kind));
    open(Type::DGRAM).or_else(|_| open(Type::RAW)).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => io::Error::other("this system lets only administrators send ICMP echoes"),
        _ => error,
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
}

impl Family {
    fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    fn request_type(self) -> u8 {
        if self == Self::V4 { 8 } else { 128 }
    }

    fn reply_type(self) -> u8 {
        if self == Self::V4 { 0 } else { 129 }
    }
}

fn request(family: Family, id: u16) -> Vec<u8> {
    let [id_high, id_low] = id.to_be_bytes();
    let message = |sum: [u8; 2]| {
        let [high, low] = sum;
        [&[family.request_type(), 0, high, low, id_high, id_low, 0, SEQUENCE], PAYLOAD.as_slice()].concat()
    };
    match family {
        Family::V4 => message(checksum(&message([0, 0])).to_be_bytes()),
        // The kernel fills it in: it covers the addresses too.
        Family::V6 => message([0, 0]),
    }
}

fn is_reply(datagram: &[u8], family: Family, id: Option<u16>) -> bool {
    let message = if family == Family::V4 { without_ip_header(datagram) } else { datagram };
    let Some((&[kind, code, _, _, id_high, id_low, 0, SEQUENCE], payload)) = message.split_first_chunk::<8>() else {
        return false;
    };
    let ours = id.is_none_or(|id| id == u16::from_be_bytes([id_high, id_low]));
    kind == family.reply_type() && code == 0 && ours && payload == PAYLOAD
}

/// Raw IPv4 sockets, and every ICMP socket of some systems, deliver the IP header too.
fn without_ip_header(datagram: &[u8]) -> &[u8] {
    match datagram.first() {
        Some(first) if first >> 4 == 4 && datagram.len() >= V4_HEADER => {
            datagram.get(usize::from(first & 0xf) * 4..).unwrap_or_default()
        }
        _ => datagram,
    }
}

/// The internet checksum (RFC 1071).
fn checksum(message: &[u8]) -> u16 {
    let word =
        |pair: &[u8]| u32::from(pair.first().copied().unwrap_or(0)) << 8 | u32::from(pair.get(1).copied().unwrap_or(0));
    let sum: u32 = message.chunks(2).map(word).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    !u16::try_from(folded).unwrap_or_default()
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(id: u16) -> Vec<u8> {
        let mut message = request(Family::V4, id);
        message[0] = 0;
        message
    }

    #[test]
    fn a_request_checks_out_to_zero() {
        assert_eq!(checksum(&request(Family::V4, 0x1234)), 0);
    }

    #[test]
    fn a_reply_is_ours_by_type_id_and_payload() {
        assert!(is_reply(&reply(7), Family::V4, Some(7)));
        assert!(is_reply(&reply(7), Family::V4, None));
        assert!(!is_reply(&reply(8), Family::V4, Some(7)));
        assert!(!is_reply(&request(Family::V4, 7), Family::V4, Some(7)), "our own request is no reply");
        let mut foreign = reply(7);
        foreign[8] ^= 1;
        assert!(!is_reply(&foreign, Family::V4, Some(7)));
    }

    #[tokio::test]
    async fn the_loopback_interface_answers_unless_we_may_not_ask() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let echo = echo(address.parse().unwrap(), LONGEST_WAIT).await;
            let answered = matches!(echo.outcome.observed(), Some(EchoOutcome::Answered { .. }));
            assert!(answered || matches!(echo.outcome, Seen::NotObtained { .. }), "{echo:?}");
        }
    }

    #[test]
    fn an_ip_header_is_skipped() {
        let mut header = vec![0; 24];
        header[0] = 0x46;
        assert!(is_reply(&[header, reply(7)].concat(), Family::V4, Some(7)));
        assert!(!is_reply(&[0x4f; 20], Family::V4, None));
    }
}
