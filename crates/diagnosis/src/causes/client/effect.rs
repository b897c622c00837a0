//! What policies do to a connection.

use crate::Proof;

/// What a policy does to this connection.
pub(super) enum Effect {
    /// It is not set, or lets the connection pass.
    None,
    /// It may forbid it: that depends on the server, or was not read.
    Open,
    /// It forbids it.
    Forbids(Proof),
    /// It forbids it unless something that was not seen saves it.
    MayForbid(Proof),
}
