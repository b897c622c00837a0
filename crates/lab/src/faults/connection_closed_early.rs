use crate::script::{Script, Step};
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "connection-closed-early",
    title: "accepts the connection and closes it before it says anything",
    variants: &[
        Variant::talks("fin-on-accept", "closes at once", FIN_ON_ACCEPT),
        Variant::talks("rst-on-accept", "resets at once", RST_ON_ACCEPT),
        Variant::talks("fin-after-request", "closes when the Connection Request has come", FIN_AFTER_REQUEST),
        Variant::talks("rst-after-request", "resets when the Connection Request has come", RST_AFTER_REQUEST),
    ],
};

const FIN_ON_ACCEPT: Script = &[Step::Fin];
const RST_ON_ACCEPT: Script = &[Step::Rst];
const FIN_AFTER_REQUEST: Script = &[Step::Request, Step::Fin];
const RST_AFTER_REQUEST: Script = &[Step::Request, Step::Rst];
