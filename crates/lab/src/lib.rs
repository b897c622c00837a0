//! RDP servers that are broken in one known way, for tests and for people who train.
//!
//! A [`Fault`] names the cause that a diagnosis should find; its [`Variant`]s are the ways in which real servers show
//! it. What a server does is a table, and one player serves them all, so a new fault is one file with
//! one table. Causes that no listener can show have a [`Recipe`] instead. [`HEALTHY`] is what they all
//! should be, and [`HOSTILE`] what nothing may be hurt by.
#![forbid(unsafe_code)]

mod certificate;
mod credssp;
mod faults;
mod flight;
mod healthy;
mod hostile;
mod offer;
mod player;
mod recipe;
mod script;
mod server;
mod tls;

pub use faults::{FAULTS, find};
pub use healthy::{HEALTHY, healthy};
pub use hostile::{HOSTILE, hostile};
pub use recipe::{RECIPES, Recipe};
pub use server::{Prepared, prepare, serve};

use script::Script;

/// A cause that a server can show.
#[derive(Debug)]
pub struct Fault {
    /// The id of the cause, such as `certificate-missing`.
    pub cause: &'static str,
    /// What such a server does, in one line.
    pub title: &'static str,
    /// The ways to be broken; the first is the default.
    pub variants: &'static [Variant],
}

impl Fault {
    /// The variant with this name, or the default one.
    pub fn variant(&self, name: Option<&str>) -> Option<&'static Variant> {
        variant(self.variants, name)
    }
}

/// One way in which a server behaves.
#[derive(Debug)]
pub struct Variant {
    /// Its name in kebab-case, unique within its fault.
    pub name: &'static str,
    /// What the server does, in one line.
    pub title: &'static str,
    behaviour: Behaviour,
}

impl Variant {
    const fn talks(name: &'static str, title: &'static str, script: Script) -> Self {
        Self { name, title, behaviour: Behaviour::Talks(script) }
    }
}

#[derive(Debug)]
enum Behaviour {
    /// Nothing listens; the port stays reserved so that nobody else can take it.
    Closed,
    /// The queue of connections that wait to be accepted has only so many places left (Linux).
    FullBacklog { free_places: usize },
    /// The system completes each TCP handshake, and no program ever takes the connection.
    NeverAccepts,
    /// Every connection gets this.
    Talks(Script),
}

fn variant(variants: &'static [Variant], name: Option<&str>) -> Option<&'static Variant> {
    match name {
        Some(name) => variants.iter().find(|variant| variant.name == name),
        None => variants.first(),
    }
}

#[cfg(test)]
fn all_variants() -> impl Iterator<Item = &'static Variant> {
    FAULTS.iter().flat_map(|fault| fault.variants).chain(HEALTHY).chain(HOSTILE)
}
