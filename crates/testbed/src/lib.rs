//! Real servers and faulty networks for the tests: each server on a port of its own, ended by its process id when its
//! [`Server`] is dropped; two network namespaces joined by a cable that loses, delays, cuts or swallows packets; a
//! loopback that counts connections; a browser for pages; a mounted NTFS volume.
//!
//! Linux only, and only ever a development dependency.
#![cfg(target_os = "linux")]

mod availability;
mod cable;
pub mod certificate;
pub mod chromium;
pub mod freerdp_shadow;
pub mod gnutls;
pub mod inspector;
mod loopback;
mod network;
pub mod nginx;
mod ntfs;
mod packet;
mod process;
pub mod relay;
pub mod responder;
mod server;
pub mod sshd;
pub mod weston;
mod wire;
pub mod xrdp;
pub mod xvfb;

pub use availability::{Unavailable, on_hand};
pub use cable::{Policy, Tampering};
pub use loopback::Loopback;
pub use network::{CLIENT_V4, CLIENT_V6, Network, SERVER_V4, SERVER_V6};
pub use ntfs::NtfsImage;
pub use server::{Server, Site};
