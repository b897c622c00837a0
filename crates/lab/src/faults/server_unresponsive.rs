use crate::script::{Script, Step};
use crate::{Behaviour, Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "server-unresponsive",
    title: "accepts the connection and never answers",
    variants: &[
        Variant::talks("silent", "reads the Connection Request and says nothing", &[Step::Hold]),
        Variant::talks("drip", "sends its answer one byte a second", DRIP),
        Variant {
            name: "never-accepts",
            title: "hangs: the system completes the TCP handshake, and nobody takes the connection",
            behaviour: Behaviour::NeverAccepts,
        },
    ],
};

const DRIP: Script = &[
    Step::Request,
    Step::Drip(b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x1f\x08\x00\x01\x00\x00\x00"),
    Step::Hold,
];
