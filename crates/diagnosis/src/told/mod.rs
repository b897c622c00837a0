//! What a person says of a failure, weighed in decibans on the scale of what is measured.

mod facts;
mod rank;
mod weights;

pub use facts::{Fact, FactError, Values, facts};
pub use rank::{Ranked, rank};
pub use weights::weights;
