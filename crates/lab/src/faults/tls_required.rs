use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};

use crate::certificate::CertificateSpec;
use crate::script::{Script, Step, failure};
use crate::tls::Tls;
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "tls-required",
    title: "demands TLS: fine for a current mstsc, a wall for clients that know Standard RDP Security only",
    variants: &[Variant::talks(
        "ssl-required",
        "answers SSL_REQUIRED_BY_SERVER to requests without TLS, and knows no NLA",
        TLS_ONLY,
    )],
};

const TLS_ONLY: Script = &[
    Step::Request,
    Step::Select { from: Protocols::SSL, otherwise: REFUSES },
    Step::Tls(Tls::with(CertificateSpec::ISSUED)),
];
const REFUSES: Script = &[failure(FailureCode::SSL_REQUIRED_BY_SERVER), Step::Fin];
