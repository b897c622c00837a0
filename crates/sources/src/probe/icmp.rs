//! What ICMP said of our SYN (RFC 792, RFC 4443). `connect` folds several messages into one error; Linux keeps the message itself.

use std::io::IoSliceMut;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};

use nix::libc::{sock_extended_err, sockaddr_in6};
use nix::sys::socket::sockopt::{Ipv4RecvErr, Ipv6RecvErr};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt};
use rdpdoctor_diagnosis::evidence::Unreachable;

const ORIGIN_ICMP: u8 = 2;
const ORIGIN_ICMP6: u8 = 3;

/// Asks the system to keep ICMP messages about this socket. Where it cannot, `connect`'s error has to do.
pub(crate) fn keep(socket: &impl AsFd, endpoint: SocketAddr, on: bool) {
    let _ =
        if endpoint.is_ipv4() { setsockopt(socket, Ipv4RecvErr, &on) } else { setsockopt(socket, Ipv6RecvErr, &on) };
}

/// The message that ended the handshake, where one was kept.
pub(crate) fn kept(socket: &impl AsRawFd) -> Option<Unreachable> {
    let mut data = [0; 128];
    let mut buffers = [IoSliceMut::new(&mut data)];
    let mut control = nix::cmsg_space!(sock_extended_err, sockaddr_in6);
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut buffers, Some(&mut control), flags).ok()?;
    message.cmsgs().ok()?.find_map(|part| match part {
        ControlMessageOwned::Ipv4RecvErr(error, _) | ControlMessageOwned::Ipv6RecvErr(error, _) => {
            unreachable(error.ee_origin, error.ee_type, error.ee_code)
        }
        _ => None,
    })
}

/// Destination unreachable, by its code. No TCP sends "port unreachable" for a port of its own: that is a firewall's word.
fn unreachable(origin: u8, kind: u8, code: u8) -> Option<Unreachable> {
    match (origin, kind, code) {
        (ORIGIN_ICMP, 3, 3 | 9 | 10 | 13) | (ORIGIN_ICMP6, 1, 1 | 4 | 5 | 6) => Some(Unreachable::Prohibited),
        (ORIGIN_ICMP, 3, 0 | 6 | 11) | (ORIGIN_ICMP6, 1, 0 | 2) => Some(Unreachable::Network),
        (ORIGIN_ICMP, 3, 1 | 7 | 8 | 12) | (ORIGIN_ICMP6, 1, 3) => Some(Unreachable::Host),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_firewall_from_a_router_and_a_missing_neighbour() {
        for code in [3, 9, 10, 13] {
            assert_eq!(unreachable(ORIGIN_ICMP, 3, code), Some(Unreachable::Prohibited), "code {code}");
        }
        assert_eq!(unreachable(ORIGIN_ICMP, 3, 0), Some(Unreachable::Network));
        assert_eq!(unreachable(ORIGIN_ICMP, 3, 1), Some(Unreachable::Host));
        assert_eq!(unreachable(ORIGIN_ICMP6, 1, 1), Some(Unreachable::Prohibited));
        assert_eq!(unreachable(ORIGIN_ICMP6, 1, 3), Some(Unreachable::Host));
    }

    #[test]
    fn other_messages_say_nothing() {
        assert_eq!(unreachable(ORIGIN_ICMP, 11, 0), None);
        assert_eq!(unreachable(0, 3, 13), None);
    }
}
