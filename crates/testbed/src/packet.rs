use std::net::{IpAddr, SocketAddr};

use etherparse::err::packet::BuildWriteError;
use etherparse::{NetSlice, PacketBuilder, SlicedPacket, TransportSlice};

const TTL: u8 = 64;
const ALERT: u8 = 0x15;
const HANDSHAKE: u8 = 0x16;
const RECORD_HEADER: usize = 5;

/// A TCP segment on the cable.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    sequence: u32,
    acknowledgement: u32,
    payload: &'a [u8],
}

impl<'a> Segment<'a> {
    /// Reads an IPv4 or IPv6 packet; `None` where it is not whole TCP.
    pub(crate) fn read(packet: &'a [u8]) -> Option<Self> {
        let packet = SlicedPacket::from_ip(packet).ok()?;
        let (source, destination): (IpAddr, IpAddr) = match packet.net? {
            NetSlice::Ipv4(v4) => (v4.header().source_addr().into(), v4.header().destination_addr().into()),
            NetSlice::Ipv6(v6) => (v6.header().source_addr().into(), v6.header().destination_addr().into()),
            NetSlice::Arp(_) => return None,
        };
        let Some(TransportSlice::Tcp(tcp)) = packet.transport else { return None };
        Some(Self {
            source: (source, tcp.source_port()).into(),
            destination: (destination, tcp.destination_port()).into(),
            sequence: tcp.sequence_number(),
            acknowledgement: tcp.acknowledgment_number(),
            payload: tcp.payload(),
        })
    }

    /// Starts with a TLS handshake record.
    pub(crate) fn is_hello(&self) -> bool {
        self.starts_record(&[HANDSHAKE])
    }

    /// Starts with a TLS handshake or alert record.
    pub(crate) fn is_reply(&self) -> bool {
        self.starts_record(&[HANDSHAKE, ALERT])
    }

    /// A reset that the sender of this segment takes for its peer's.
    pub(crate) fn reset_to_sender(&self) -> Option<Vec<u8>> {
        let length = u32::try_from(self.payload.len()).ok()?;
        reset(self.destination, self.source, self.acknowledgement, self.sequence.wrapping_add(length))
    }

    /// A reset that the receiver of this segment takes for its peer's.
    pub(crate) fn reset_to_receiver(&self) -> Option<Vec<u8>> {
        reset(self.source, self.destination, self.sequence, self.acknowledgement)
    }

    fn starts_record(&self, types: &[u8]) -> bool {
        match self.payload {
            [content_type, 3, ..] => self.payload.len() > RECORD_HEADER && types.contains(content_type),
            _ => false,
        }
    }
}

fn reset(from: SocketAddr, to: SocketAddr, sequence: u32, acknowledgement: u32) -> Option<Vec<u8>> {
    let builder = match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => PacketBuilder::ipv4(from.octets(), to.octets(), TTL),
        (IpAddr::V6(from), IpAddr::V6(to)) => PacketBuilder::ipv6(from.octets(), to.octets(), TTL),
        _ => return None,
    };
    let mut packet = Vec::new();
    let written: Result<(), BuildWriteError> =
        builder.tcp(from.port(), to.port(), sequence, 0).rst().ack(acknowledgement).write(&mut packet, &[]);
    written.ok().map(|()| packet)
}

#[cfg(test)]
pub(crate) fn segment(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let (IpAddr::V4(source), IpAddr::V4(destination)) = (from.ip(), to.ip()) else { panic!("the tests use IPv4") };
    let mut packet = Vec::new();
    PacketBuilder::ipv4(source.octets(), destination.octets(), TTL)
        .tcp(from.port(), to.port(), 1000, 65535)
        .ack(2000)
        .write(&mut packet, payload)
        .unwrap();
    packet
}
