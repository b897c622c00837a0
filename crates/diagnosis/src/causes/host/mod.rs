//! Settings of the server itself, as far as they show on the wire.

pub(super) mod nla_disabled;
pub(super) mod security_layer_weak;
