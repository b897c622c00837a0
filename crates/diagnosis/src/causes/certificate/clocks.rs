use jiff::{SignedDuration, Timestamp};

use super::moment;
use crate::causes::authenticate::clock_skew::skew;
use crate::evidence::Evidence;
use crate::server::Served;
use crate::view::attempt_fact;
use crate::{Detection, Proof};

/// What an observation by our clock alone loses where the server's own clock says otherwise.
const CONTRADICTED: i16 = -30;

/// The clocks by which a certificate can be judged.
pub(super) struct Clocks {
    /// Ours, when the connection was made.
    pub(super) local: Timestamp,
    /// The server's at the same moment with the fact behind it, where it is known to differ.
    server: Option<(Timestamp, String)>,
}

impl Clocks {
    pub(super) fn at(evidence: &Evidence, served: &Served<'_>) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "a cast from float saturates; years fit")]
        let local = after(evidence.started, SignedDuration::from_millis(served.attempt.started_ms as i64));
        let its_clock = skew(evidence).map(|(index, ahead)| (after(local, ahead), attempt_fact(index)));
        Self { local, server: its_clock }
    }

    /// Judges by both clocks: proven only where they do not contradict each other.
    pub(super) fn judge(&self, holds: impl Fn(Timestamp) -> bool, proof: impl FnOnce(Timestamp) -> Proof) -> Detection {
        let by_server = self.server.as_ref().map(|(time, fact)| (*time, fact.clone(), holds(*time)));
        match (holds(self.local), by_server) {
            (false, None | Some((_, _, false))) => Detection::RuledOut,
            (true, None | Some((_, _, true))) => Detection::Confirmed(proof(self.local)),
            (true, Some((time, fact, false))) => {
                let text = format!("by the server's clock it is {}: then this does not hold", moment(time));
                Detection::Likely(proof(self.local).and(text, [fact], CONTRADICTED))
            }
            (false, Some((time, fact, true))) => {
                let text = format!("by our clock it is {}: then this does not hold", moment(self.local));
                Detection::Likely(proof(time).and(text, [fact], CONTRADICTED))
            }
        }
    }
}

/// Saturating: a hostile clock may be at the end of time.
fn after(time: Timestamp, by: SignedDuration) -> Timestamp {
    let end = if by.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
    time.checked_add(by).unwrap_or(end)
}
