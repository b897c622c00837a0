use crate::{Behaviour, Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "backlog-full",
    title: "hangs, and drops each SYN that its queue of waiting connections cannot hold (Linux only)",
    variants: &[
        Variant {
            name: "one-place-left",
            title: "takes one more connection into the queue, then drops every SYN",
            behaviour: Behaviour::FullBacklog { free_places: 1 },
        },
        Variant {
            name: "no-place-left",
            title: "drops every SYN, so that the port looks filtered from outside",
            behaviour: Behaviour::FullBacklog { free_places: 0 },
        },
    ],
};
