use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};

use crate::script::{Script, Step, failure, response};
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "standard-security-only",
    title: "knows Standard RDP Security only",
    variants: &[
        Variant::talks("no-negotiation-data", "confirms without RDP_NEG_RSP, as servers before RDP 5.2 do", SILENT),
        Variant::talks("selects-rdp", "selects PROTOCOL_RDP whatever was asked for", SELECTS),
        Variant::talks("refuses-tls", "answers SSL_NOT_ALLOWED_BY_SERVER to TLS and NLA, and takes the rest", REFUSES),
    ],
};

const SILENT: Script = &[Step::Request, Step::Confirm(None), Step::Hold];
const SELECTS: Script = &[Step::Request, response(Protocols::RDP), Step::Hold];
const REFUSES: Script =
    &[Step::Request, Step::IfAskedAny { of: Protocols(u32::MAX), then: NOT_ALLOWED }, Step::SelectStandard, Step::Hold];
const NOT_ALLOWED: Script = &[failure(FailureCode::SSL_NOT_ALLOWED_BY_SERVER), Step::Fin];
