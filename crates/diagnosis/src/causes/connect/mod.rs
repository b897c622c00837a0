//! TCP and the path.

pub(super) mod port_closed;
