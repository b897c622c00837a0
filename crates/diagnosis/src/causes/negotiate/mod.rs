//! X.224 and RDP_NEG_*.

pub(super) mod nla_required;
