use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};

use crate::script::{Script, Step, failure, response};
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "negotiation-malformed",
    title: "answers the negotiation with what no server may say",
    variants: &[
        Variant::talks("hybrid-required-always", "answers HYBRID_REQUIRED_BY_SERVER even to NLA", HYBRID_REQUIRED),
        Variant::talks("bad-length", "sends an RDP_NEG_RSP whose length field is 12 instead of 8", BAD_LENGTH),
        Variant::talks("inconsistent-flags", "answers INCONSISTENT_FLAGS to every request", INCONSISTENT_FLAGS),
        Variant::talks("ssl-required-always", "answers SSL_REQUIRED_BY_SERVER even to TLS", SSL_REQUIRED),
        Variant::talks("unasked-protocol", "selects a protocol that was not asked for", UNASKED),
        Variant::talks("unknown-code", "answers with the failure code 0x2a, which does not exist", UNKNOWN_CODE),
    ],
};

const HYBRID_REQUIRED: Script = &[Step::Request, failure(FailureCode::HYBRID_REQUIRED_BY_SERVER), Step::Fin];
const SSL_REQUIRED: Script = &[Step::Request, failure(FailureCode::SSL_REQUIRED_BY_SERVER), Step::Fin];
const INCONSISTENT_FLAGS: Script = &[Step::Request, failure(FailureCode::INCONSISTENT_FLAGS), Step::Fin];
const UNKNOWN_CODE: Script = &[Step::Request, failure(FailureCode(0x2a)), Step::Fin];
const BAD_LENGTH: Script = &[
    Step::Request,
    Step::Send(b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x1f\x0c\x00\x01\x00\x00\x00"),
    Step::Hold,
];
const UNASKED: Script = &[
    Step::Request,
    Step::IfAskedAny { of: Protocols::RDSTLS, then: &[response(Protocols::RDSAAD), Step::Hold] },
    response(Protocols::RDSTLS),
    Step::Hold,
];
