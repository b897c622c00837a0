use rdpdoctor_protocol::negotiation::FailureCode;

use crate::script::{Script, Step, failure};
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "tls-not-allowed",
    title: "forbids TLS and NLA, and leaves no other way in",
    variants: &[Variant::talks(
        "ssl-not-allowed",
        "answers SSL_NOT_ALLOWED_BY_SERVER to every request, even one for Standard RDP Security",
        REFUSES,
    )],
};

const REFUSES: Script = &[Step::Request, failure(FailureCode::SSL_NOT_ALLOWED_BY_SERVER), Step::Fin];
