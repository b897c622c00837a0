use crate::{Fault, Variant, healthy};

pub(crate) const FAULT: Fault = Fault {
    cause: "nla-required",
    title: "demands Network Level Authentication: fine for a current mstsc, a wall for clients without it",
    variants: &[Variant::talks(
        "hybrid-required",
        "answers HYBRID_REQUIRED_BY_SERVER to requests without NLA",
        healthy::NLA,
    )],
};
