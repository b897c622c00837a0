//! Mends what was proven, by plans that were shown, and takes it back from a journal.
//!
//! An [`action`] turns a cause into steps, a [`plan`] puts them in order, [`apply`] makes them one by one with a
//! [`journal`] entry before each, and [`undo`] takes them back, also after a crash between any two writes.

pub mod action;
pub mod apply;
pub mod journal;
pub mod place;
pub mod plan;
pub mod printed;
pub mod schedule;
pub mod step;
pub mod undo;
pub mod verify;

mod by_hand;
mod note;
mod state;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod walk;

use rdpdoctor_machine::Machine;
use rdpdoctor_machine::change::Change;

pub use state::State;

/// A machine that is read and changed.
pub trait Subject: Machine + Change {}

impl<T: Machine + Change> Subject for T {}
