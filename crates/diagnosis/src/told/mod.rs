//! What a person says of a failure, weighed in decibans on the scale of what is measured.

mod codes;
mod facts;
mod rank;
mod statements;

pub use facts::{Fact, FactError, Values, facts};
pub use rank::{Ranked, rank};
pub use statements::Statements;

pub(crate) use codes::{Meaning, of_code as meanings_of};
