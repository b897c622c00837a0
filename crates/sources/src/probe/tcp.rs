//! The TCP handshake, and what stands in its way.

use std::io;
use std::net::SocketAddr;
#[cfg(target_os = "linux")]
use std::os::fd::AsFd;
use std::time::Duration;

use rdpdoctor_diagnosis::evidence::{Ending, Unreachable};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

#[cfg(target_os = "linux")]
use super::icmp;
use super::wire::ours;

/// Connects and says how long SYN to SYN-ACK took.
pub(crate) async fn connect(
    endpoint: SocketAddr,
    max_segment: Option<u16>,
    wait: Duration,
) -> Result<(TcpStream, Duration), Ending> {
    let socket = open(endpoint, max_segment)?;
    let begun = Instant::now();
    match socket.connect(&SockAddr::from(endpoint)) {
        Err(error) if !is_under_way(&error) => return Err(refusal(&error, endpoint, When::AtOnce)),
        _ => {}
    }
    let stream = TcpStream::from_std(socket.into()).map_err(|error| ours(&error))?;
    let Ok(ready) = timeout(wait, stream.writable()).await else { return Err(Ending::Silent) };
    let after = begun.elapsed();
    match ready.and_then(|()| stream.take_error()) {
        Ok(None) => {
            keep_icmp(&stream, endpoint, false);
            Ok((stream, after))
        }
        Ok(Some(error)) | Err(error) => {
            Err(kept_icmp(&stream).unwrap_or_else(|| refusal(&error, endpoint, When::Later)))
        }
    }
}

/// Only while connecting: later an ICMP message would end a connection that TCP itself carries on.
#[cfg(target_os = "linux")]
fn keep_icmp(socket: &impl AsFd, endpoint: SocketAddr, on: bool) {
    icmp::keep(socket, endpoint, on);
}

#[cfg(not(target_os = "linux"))]
fn keep_icmp<S>(_: &S, _: SocketAddr, _: bool) {}

#[cfg(target_os = "linux")]
fn kept_icmp(stream: &TcpStream) -> Option<Ending> {
    icmp::kept(stream).map(|report| Ending::Unreachable { report })
}

#[cfg(not(target_os = "linux"))]
fn kept_icmp(_: &TcpStream) -> Option<Ending> {
    None
}

fn open(endpoint: SocketAddr, max_segment: Option<u16>) -> Result<Socket, Ending> {
    let domain = Domain::for_address(endpoint);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP)).map_err(|error| ours(&error))?;
    let prepared = socket.set_nonblocking(true).and_then(|()| socket.set_tcp_nodelay(true));
    prepared.map_err(|error| ours(&error))?;
    keep_icmp(&socket, endpoint, true);
    if let Some(bytes) = max_segment {
        limit_segments(&socket, bytes)?;
    }
    Ok(socket)
}

#[cfg(unix)]
fn limit_segments(socket: &Socket, bytes: u16) -> Result<(), Ending> {
    socket.set_tcp_mss(bytes.into()).map_err(|error| ours(&error))
}

#[cfg(not(unix))]
fn limit_segments(_: &Socket, _: u16) -> Result<(), Ending> {
    Err(Ending::OurSystem { error: "this system cannot limit TCP segments".to_owned() })
}

#[cfg(unix)]
fn is_under_way(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EINPROGRESS)
}

#[cfg(not(unix))]
fn is_under_way(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// Whether `connect` itself failed, before any answer can have come, or later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    AtOnce,
    Later,
}

fn refusal(error: &io::Error, endpoint: SocketAddr, when: When) -> Ending {
    use io::ErrorKind as Kind;
    let report = match (error.kind(), when) {
        (Kind::ConnectionRefused, _) => return Ending::Refused,
        (Kind::ConnectionReset | Kind::ConnectionAborted, _) => return Ending::Reset,
        (Kind::TimedOut, _) => return Ending::Silent,
        (Kind::NetworkUnreachable | Kind::HostUnreachable, When::AtOnce) => Unreachable::NoRoute,
        // No address of ours can be a source there.
        (Kind::AddrNotAvailable, When::AtOnce) if endpoint.is_ipv6() => Unreachable::NoRoute,
        (Kind::NetworkUnreachable, When::Later) => Unreachable::Network,
        (Kind::HostUnreachable, When::Later) => Unreachable::Host,
        // ICMPv6 type 1 code 1; in IPv4 only our own system says this.
        (Kind::PermissionDenied, When::Later) if endpoint.is_ipv6() => Unreachable::Prohibited,
        _ => return ours(error),
    };
    Ending::Unreachable { report }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use super::*;

    const V4: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 3389);
    const V6: SocketAddr = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 3389);

    fn seen(code: i32, endpoint: SocketAddr, when: When) -> Ending {
        refusal(&io::Error::from_raw_os_error(code), endpoint, when)
    }

    fn unreachable(report: Unreachable) -> Ending {
        Ending::Unreachable { report }
    }

    #[test]
    fn tells_our_own_missing_route_from_an_icmp_message() {
        assert_eq!(seen(libc::ENETUNREACH, V4, When::AtOnce), unreachable(Unreachable::NoRoute));
        assert_eq!(seen(libc::EHOSTUNREACH, V4, When::AtOnce), unreachable(Unreachable::NoRoute));
        assert_eq!(seen(libc::ENETUNREACH, V4, When::Later), unreachable(Unreachable::Network));
        assert_eq!(seen(libc::EHOSTUNREACH, V4, When::Later), unreachable(Unreachable::Host));
    }

    #[test]
    fn permission_is_the_networks_affair_only_in_ipv6_and_only_later() {
        assert_eq!(seen(libc::EACCES, V6, When::Later), unreachable(Unreachable::Prohibited));
        assert!(matches!(seen(libc::EACCES, V6, When::AtOnce), Ending::OurSystem { .. }));
        assert!(matches!(seen(libc::EPERM, V4, When::Later), Ending::OurSystem { .. }));
    }

    #[test]
    fn answers_and_silence_keep_their_names() {
        assert_eq!(seen(libc::ECONNREFUSED, V4, When::AtOnce), Ending::Refused);
        assert_eq!(seen(libc::ETIMEDOUT, V4, When::Later), Ending::Silent);
        assert!(matches!(seen(libc::EMFILE, V4, When::AtOnce), Ending::OurSystem { .. }));
    }
}
