use crate::{Behaviour, Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "port-closed",
    title: "has nothing listening on the port: each SYN is answered with RST",
    variants: &[Variant {
        name: "no-listener",
        title: "the port is reserved, and nobody listens",
        behaviour: Behaviour::Closed,
    }],
};
