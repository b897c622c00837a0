use rdpdoctor_protocol::negotiation::FailureCode;

use crate::script::{HOLD_TLS, NLA_PROTOCOLS, Script, Step, failure};
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "proxy-mangles-negotiation",
    title: "is a proxy that stumbles over the cookie or routing token of the Connection Request",
    variants: &[
        Variant::talks("rst-on-cookie", "resets requests with a cookie, and passes on the others", RST),
        Variant::talks("fin-on-cookie", "closes on requests with a cookie, and passes on the others", FIN),
    ],
};

const SELECT: Step = Step::Select { from: NLA_PROTOCOLS, otherwise: NLA_REQUIRED };
const NLA_REQUIRED: Script = &[failure(FailureCode::HYBRID_REQUIRED_BY_SERVER), Step::Fin];

const RST: Script = &[Step::Request, Step::IfRouted { then: &[Step::Rst] }, SELECT, HOLD_TLS];
const FIN: Script = &[Step::Request, Step::IfRouted { then: &[Step::Fin] }, SELECT, HOLD_TLS];
