//! Live measurements over the network.
//!
//! [`examine`] asks the diagnosis what it wants to know and measures just that, gently, until nothing would change the
//! answer. Every byte received is hostile: reads are bounded in bytes and in time.
//!
//! What a server sees of it: connections that close with FIN, after the confirm, after the first flight of a handshake
//! that a ClientHello of our own began (OpenSSL logs an unexpected end, Windows at most a Schannel event), or after a
//! completed handshake with close_notify; and on servers with CredSSP one NTLM NEGOTIATE that no AUTHENTICATE follows,
//! so that no logon is ever tried. Where it is asked for, one connection each to SSH, WinRM and SMB, with one question
//! that needs no logon.

mod attempt;
mod clock;
mod credssp;
mod driver;
mod echo;
#[cfg(target_os = "linux")]
mod icmp;
mod name_servers;
mod negotiate;
mod resolve;
mod schedule;
mod service;
mod tcp;
mod tls;
mod trust;
mod wire;

use std::net::SocketAddr;
use std::time::Duration;

use rdpdoctor_diagnosis::Want;
use rdpdoctor_diagnosis::evidence::{Attempt, Evidence, Offer, RemoteService, ServiceSeen};

pub use driver::examine;
pub use name_servers::NameServers;

/// How to measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// How long to wait.
    pub timeouts: Timeouts,
    /// TCP connections open at the same time, at least one.
    pub parallel: usize,
    /// Name servers to ask instead of the system's.
    pub name_servers: Option<NameServers>,
}

impl Probe {
    /// One connection by itself, with `started_ms` zero.
    pub async fn attempt(&self, endpoint: SocketAddr, offer: Offer) -> Attempt {
        let (attempt, wire) =
            attempt::attempt(endpoint, endpoint, offer, self.timeouts.wait, std::future::pending(), drop).await;
        if let Some(wire) = wire {
            wire.drain().await;
        }
        attempt
    }
}

impl Probe {
    /// One service by itself.
    pub async fn service(&self, endpoint: SocketAddr, service: RemoteService) -> ServiceSeen {
        service::ask(service, endpoint, endpoint, self.timeouts.wait).await
    }
}

impl Default for Probe {
    fn default() -> Self {
        Self { timeouts: Timeouts::default(), parallel: 2, name_servers: None }
    }
}

/// How long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For one answer: a TCP handshake, an X.224 exchange, a TLS handshake, the resolver.
    pub wait: Duration,
    /// For everything together.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { wait: Duration::from_secs(10), total: Duration::from_secs(30) }
    }
}

/// What is going on, for whoever watches.
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// A measurement begins.
    Begins(&'a Want),
    /// A measurement is over, and this is known now.
    Ended(&'a Want, &'a Evidence),
}

/// What a run brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Everything that was seen.
    pub evidence: Evidence,
    /// How long it took.
    pub duration: Duration,
    /// Why it is over.
    pub end: End,
}

/// Why a run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Nothing more was wanted, or nothing more could be had for the budget.
    Settled,
    /// The time for everything was spent.
    OutOfTime,
    /// Somebody stopped it.
    Stopped,
}
