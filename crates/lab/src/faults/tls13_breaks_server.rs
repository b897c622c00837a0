use openssl::ssl::SslVersion;
use rdpdoctor_protocol::tls::ProtocolVersion;

use crate::offer::Offer;
use crate::script::{HANDSHAKE_FAILURE, SELECT_NLA, Script, Step};
use crate::tls::Tls;
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "tls13-breaks-server",
    title: "takes TLS 1.2, and cuts off those who offer TLS 1.3 as well",
    variants: &[
        Variant::talks("rst", "resets when TLS 1.3 is on offer", RST),
        Variant::talks("fin", "closes when TLS 1.3 is on offer", FIN),
        Variant::talks("alert", "sends an alert when TLS 1.3 is on offer", ALERT),
    ],
};

const TLS12: Offer = Offer::AtMost(ProtocolVersion::TLS12);
const SPEAK_TLS12: Step = Step::Tls(Tls { newest: SslVersion::TLS1_2, ..Tls::WINDOWS });
const RST: Script = gate!(TLS12, &[Step::Rst], SPEAK_TLS12);
const FIN: Script = gate!(TLS12, &[Step::Fin], SPEAK_TLS12);
const ALERT: Script = gate!(TLS12, &[HANDSHAKE_FAILURE, Step::Fin], SPEAK_TLS12);
