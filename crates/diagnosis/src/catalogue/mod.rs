//! What is known beforehand: reviewed tables, compiled in, and pure judgements over them.

mod abilities;
mod interop;
mod profiles;

pub use abilities::{Abilities, ServerKey};
pub use interop::{Interop, common_suites, judge_tls};
pub use profiles::{Confidence, Profile, VersionRange, profile, profiles};
