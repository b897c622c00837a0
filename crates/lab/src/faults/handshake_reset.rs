use rdpdoctor_protocol::negotiation::FailureCode;

use crate::script::{Script, Step, TLS_PROTOCOLS, failure};
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "handshake-reset",
    title: "confirms TLS or NLA and cuts the connection off when the ClientHello has come",
    variants: &[
        Variant::talks("rst-after-client-hello", "resets", RST),
        Variant::talks("fin-after-client-hello", "closes", FIN),
        Variant::talks("alert", "sends a fatal handshake_failure and closes", ALERT),
    ],
};

const SELECT: Step = Step::Select { from: TLS_PROTOCOLS, otherwise: REFUSES };
const REFUSES: Script = &[failure(FailureCode::SSL_REQUIRED_BY_SERVER), Step::Fin];

const RST: Script = &[Step::Request, SELECT, Step::ClientHello, Step::Rst];
const FIN: Script = &[Step::Request, SELECT, Step::ClientHello, Step::Fin];
const ALERT: Script =
    &[Step::Request, SELECT, Step::ClientHello, Step::Send(b"\x15\x03\x03\x00\x02\x02\x28"), Step::Fin];
