//! Evidence in, root causes out.
//!
//! Two pure functions hold the whole: [`judge()`] says what the evidence proves, [`next`] says what is still worth
//! measuring. Nothing here opens a socket, a file or a clock: the same evidence always gives the same answer.

#![forbid(unsafe_code)]

pub mod catalogue;
pub mod causes;
pub mod certificate;
pub mod evidence;
pub mod explain;
pub mod host_tls;
pub mod near;
pub mod policy;
pub mod rdp_file;
pub mod redact;
pub mod report;
pub mod told;

mod address;
mod cause;
mod clients;
mod judge;
mod server;
mod view;
mod want;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use cause::{Cause, Certainty, Detection, Place, Proof, ProofItem, Remedy, Safety, Severity, Stage};
pub use judge::{Diagnosis, Finding, Grounds, Verdict, judge};
pub use want::{Budget, Depth, Want, next};
