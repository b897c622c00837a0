use crate::script::{HOLD_TLS, SELECT_NLA, Script, Step};
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "proxy-mangles-negotiation",
    title: "is a proxy that stumbles over the cookie or routing token of the Connection Request",
    variants: &[
        Variant::talks("rst-on-cookie", "resets requests with a cookie, and passes on the others", RST),
        Variant::talks("fin-on-cookie", "closes on requests with a cookie, and passes on the others", FIN),
    ],
};

const RST: Script = &[Step::Request, Step::IfRouted { then: &[Step::Rst] }, SELECT_NLA, HOLD_TLS];
const FIN: Script = &[Step::Request, Step::IfRouted { then: &[Step::Fin] }, SELECT_NLA, HOLD_TLS];
