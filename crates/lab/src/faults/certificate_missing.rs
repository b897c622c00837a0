use rdpdoctor_protocol::negotiation::FailureCode;

use crate::script::{Script, Step, failure};
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "certificate-missing",
    title: "refuses TLS and NLA because it has no certificate",
    variants: &[Variant::talks("ssl-cert-not-on-server", "answers SSL_CERT_NOT_ON_SERVER to every request", REFUSES)],
};

const REFUSES: Script = &[Step::Request, failure(FailureCode::SSL_CERT_NOT_ON_SERVER), Step::Fin];
