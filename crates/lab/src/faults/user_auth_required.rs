use rdpdoctor_protocol::negotiation::FailureCode;

use crate::script::{Script, Step, failure};
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "user-auth-required",
    title: "demands TLS with a certificate of the client",
    variants: &[Variant::talks(
        "ssl-with-user-auth",
        "answers SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER to every request",
        REFUSES,
    )],
};

const REFUSES: Script = &[Step::Request, failure(FailureCode::SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER), Step::Fin];
