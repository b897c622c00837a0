//! Servers with nothing wrong, to see what a good report looks like.

use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};

use crate::script::{HOLD_TLS, NLA_PROTOCOLS, Newest, Script, Step, failure};
use crate::{Variant, variant};

/// The ways to be healthy; the first is the default.
pub static HEALTHY: &[Variant] = &[
    Variant::talks("nla", "demands Network Level Authentication, as Windows does out of the box", NLA),
    Variant::talks("tls", "takes TLS 1.2 and 1.3, and Standard RDP Security from old clients", TLS),
    Variant::talks("tls12-only", "takes TLS 1.2 alone, as Windows Server 2019 and older do", TLS12),
];

/// The healthy variant with this name, or the default one.
pub fn healthy(name: Option<&str>) -> Option<&'static Variant> {
    variant(HEALTHY, name)
}

pub(crate) const NLA: Script =
    &[Step::Request, Step::Select { from: NLA_PROTOCOLS, otherwise: NLA_REQUIRED }, HOLD_TLS];
const NLA_REQUIRED: Script = &[failure(FailureCode::HYBRID_REQUIRED_BY_SERVER), Step::Fin];

const TLS: Script = &[Step::Request, Step::Select { from: Protocols::SSL, otherwise: STANDARD }, HOLD_TLS];
const TLS12: Script = &[
    Step::Request,
    Step::Select { from: Protocols::SSL, otherwise: STANDARD },
    Step::Tls { newest: Newest::Tls12, answer: &[] },
];
const STANDARD: Script = &[Step::SelectStandard, Step::Hold];
