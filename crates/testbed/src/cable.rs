use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

use crate::packet::Segment;

/// What the cable does to packets. The default passes all at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy {
    /// One way, in both directions.
    pub delay: Duration,
    /// How many of a hundred packets are lost, in both directions.
    pub loss_percent: u8,
    /// Of the dice that choose the lost ones.
    pub seed: u64,
    /// Longer IP packets, in bytes, vanish without any ICMP message, in both directions.
    pub longest_packet: Option<usize>,
    /// What happens to TLS.
    pub tampering: Tampering,
}

/// What a box on the way does to TLS handshakes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tampering {
    /// Nothing.
    #[default]
    None,
    /// It answers a ClientHello with resets to both ends.
    ResetAtHello,
    /// From the ClientHello on it swallows the connection's packets.
    SilentFromHello,
    /// From the server's first TLS record on it swallows the connection's packets.
    SilentFromReply,
}

/// The end of the cable at which a packet arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Client,
    Server,
}

/// What becomes of one packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Passes,
    Vanishes,
    Resets { to_client: Option<Vec<u8>>, to_server: Option<Vec<u8>> },
}

/// The policy at work: dice and dead connections.
#[derive(Debug)]
pub(crate) struct Cable {
    policy: Policy,
    dice: Dice,
    dead: HashSet<(SocketAddr, SocketAddr)>,
}

impl Cable {
    pub(crate) fn new(policy: Policy) -> Self {
        Self { policy, dice: Dice(policy.seed), dead: HashSet::new() }
    }

    pub(crate) fn fate(&mut self, end: End, packet: &[u8]) -> Fate {
        let too_long = self.policy.longest_packet.is_some_and(|longest| packet.len() > longest);
        if too_long || self.dice.percent() < u64::from(self.policy.loss_percent) {
            return Fate::Vanishes;
        }
        Segment::read(packet).map_or(Fate::Passes, |segment| self.tamper(end, &segment))
    }

    fn tamper(&mut self, end: End, segment: &Segment<'_>) -> Fate {
        let connection = match end {
            End::Client => (segment.source, segment.destination),
            End::Server => (segment.destination, segment.source),
        };
        let hello = end == End::Client && segment.is_hello();
        let reply = end == End::Server && segment.is_reply();
        match self.policy.tampering {
            Tampering::ResetAtHello if hello => {
                return Fate::Resets { to_client: segment.reset_to_sender(), to_server: segment.reset_to_receiver() };
            }
            Tampering::SilentFromHello if hello => self.dead.insert(connection),
            Tampering::SilentFromReply if reply => self.dead.insert(connection),
            _ => false,
        };
        if self.dead.contains(&connection) { Fate::Vanishes } else { Fate::Passes }
    }
}

/// SplitMix64: the same seed loses the same packets.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn percent(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (value ^ (value >> 31)) % 100
    }
}

#[cfg(test)]
mod tests {
    use super::{Cable, End, Fate, Policy, Tampering};
    use crate::packet::{Segment, segment};

    const CLIENT: &str = "10.9.0.1:50000";
    const SERVER: &str = "10.9.0.2:3389";
    const HELLO: &[u8] = &[0x16, 3, 1, 0, 1, 1];

    fn from_client(payload: &[u8]) -> Vec<u8> {
        segment(CLIENT.parse().unwrap(), SERVER.parse().unwrap(), payload)
    }

    fn from_server(payload: &[u8]) -> Vec<u8> {
        segment(SERVER.parse().unwrap(), CLIENT.parse().unwrap(), payload)
    }

    #[test]
    fn only_longer_packets_vanish() {
        let mut cable = Cable::new(Policy { longest_packet: Some(50), ..Policy::default() });
        assert_eq!(cable.fate(End::Client, &from_client(&[0; 10])), Fate::Passes);
        assert_eq!(cable.fate(End::Client, &from_client(&[0; 11])), Fate::Vanishes);
    }

    #[test]
    fn a_fifth_is_lost_and_the_seed_says_which() {
        let lost = |seed| {
            let mut cable = Cable::new(Policy { loss_percent: 20, seed, ..Policy::default() });
            (0..1000).map(|_| cable.fate(End::Client, b"x") == Fate::Vanishes).collect::<Vec<_>>()
        };
        let share = lost(1).iter().filter(|lost| **lost).count();
        assert!((150..250).contains(&share), "{share} of 1000");
        assert_eq!(lost(1), lost(1));
        assert_ne!(lost(1), lost(2));
    }

    #[test]
    fn resets_are_in_sequence_for_both_ends() {
        let mut cable = Cable::new(Policy { tampering: Tampering::ResetAtHello, ..Policy::default() });
        assert_eq!(cable.fate(End::Client, &from_client(b"\x03\x00\x00\x13")), Fate::Passes);
        let Fate::Resets { to_client: Some(to_client), to_server: Some(to_server) } =
            cable.fate(End::Client, &from_client(HELLO))
        else {
            panic!("the hello is answered with resets");
        };
        let to_client = Segment::read(&to_client).unwrap();
        let to_server = Segment::read(&to_server).unwrap();
        assert_eq!((to_client.source.to_string(), to_client.destination.to_string()), (SERVER.into(), CLIENT.into()));
        assert_eq!((to_server.source.to_string(), to_server.destination.to_string()), (CLIENT.into(), SERVER.into()));
    }

    #[test]
    fn a_connection_dies_in_both_directions() {
        let mut cable = Cable::new(Policy { tampering: Tampering::SilentFromReply, ..Policy::default() });
        assert_eq!(cable.fate(End::Client, &from_client(HELLO)), Fate::Passes);
        assert_eq!(cable.fate(End::Server, &from_server(HELLO)), Fate::Vanishes);
        assert_eq!(cable.fate(End::Client, &from_client(b"")), Fate::Vanishes);
        assert_eq!(cable.fate(End::Server, &from_server(b"")), Fate::Vanishes);
    }
}
