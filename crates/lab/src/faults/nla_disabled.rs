use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};

use crate::script::{HOLD_TLS, SELECT_TLS, Script, Step, failure};
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "nla-disabled",
    title: "is a Windows that lets clients in without Network Level Authentication",
    variants: &[
        Variant::talks("tls-beside-nla", "chooses NLA, and takes TLS from those who cannot", BESIDE),
        Variant::talks("tls-alone", "chooses TLS whatever is on offer", ALONE),
    ],
};

const BESIDE: Script = &[Step::Request, SELECT_TLS, HOLD_TLS];
const ALONE: Script = &[Step::Request, Step::Select { from: Protocols::SSL, otherwise: REFUSES }, HOLD_TLS];
const REFUSES: Script = &[failure(FailureCode::SSL_REQUIRED_BY_SERVER), Step::Fin];
