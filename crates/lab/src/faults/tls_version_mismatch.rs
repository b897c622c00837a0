use openssl::ssl::SslVersion;
use rdpdoctor_protocol::tls::ProtocolVersion;

use crate::offer::Offer;
use crate::script::{PROTOCOL_VERSION, SELECT_NLA, Script, Step};
use crate::tls::Tls;
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "tls-version-mismatch",
    title: "speaks only versions of TLS that clients have given up",
    variants: &[
        Variant::talks(
            "ssl3-alert",
            "knows SSL 3.0 alone, and sends an alert to those who do not offer it",
            SSL3_ALERT,
        ),
        Variant::talks("ssl3-fin", "knows SSL 3.0 alone, and closes on those who do not offer it", SSL3_FIN),
        Variant::talks("ssl3-rst", "knows SSL 3.0 alone, and resets those who do not offer it", SSL3_RST),
        Variant::talks(
            "tls10-alert",
            "knows TLS 1.0 alone, and sends an alert to those who do not offer it",
            TLS10_ALERT,
        ),
        Variant::talks("tls10-fin", "knows TLS 1.0 alone, and closes on those who do not offer it", TLS10_FIN),
        Variant::talks("tls10-rst", "knows TLS 1.0 alone, and resets those who do not offer it", TLS10_RST),
        Variant::talks(
            "tls11-alert",
            "knows TLS 1.1 alone, and sends an alert to those who do not offer it",
            TLS11_ALERT,
        ),
        Variant::talks("tls11-fin", "knows TLS 1.1 alone, and closes on those who do not offer it", TLS11_FIN),
        Variant::talks("tls11-rst", "knows TLS 1.1 alone, and resets those who do not offer it", TLS11_RST),
        Variant::talks(
            "intolerant-alert",
            "takes TLS 1.0, and sends an alert to those who offer more",
            INTOLERANT_ALERT,
        ),
        Variant::talks("intolerant-fin", "takes TLS 1.0, and closes on those who offer more", INTOLERANT_FIN),
        Variant::talks("intolerant-rst", "takes TLS 1.0, and resets those who offer more", INTOLERANT_RST),
    ],
};

const SSL3: Offer = Offer::Version(ProtocolVersion::SSL3);
const TLS10: Offer = Offer::Version(ProtocolVersion::TLS10);
const TLS11: Offer = Offer::Version(ProtocolVersion::TLS11);
const NO_MORE: Offer = Offer::AtMost(ProtocolVersion::TLS10);

const ALERT: Script = &[PROTOCOL_VERSION, Step::Fin];
const FIN: Script = &[Step::Fin];
const RST: Script = &[Step::Rst];

const SPEAK_SSL3: Step = Step::Tls(Tls::only(SslVersion::SSL3, "DEFAULT"));
const SPEAK_TLS10: Step = Step::Tls(Tls::only(SslVersion::TLS1, "DEFAULT"));
const SPEAK_TLS11: Step = Step::Tls(Tls::only(SslVersion::TLS1_1, "DEFAULT"));

const SSL3_ALERT: Script = gate!(SSL3, ALERT, SPEAK_SSL3);
const SSL3_FIN: Script = gate!(SSL3, FIN, SPEAK_SSL3);
const SSL3_RST: Script = gate!(SSL3, RST, SPEAK_SSL3);
const TLS10_ALERT: Script = gate!(TLS10, ALERT, SPEAK_TLS10);
const TLS10_FIN: Script = gate!(TLS10, FIN, SPEAK_TLS10);
const TLS10_RST: Script = gate!(TLS10, RST, SPEAK_TLS10);
const TLS11_ALERT: Script = gate!(TLS11, ALERT, SPEAK_TLS11);
const TLS11_FIN: Script = gate!(TLS11, FIN, SPEAK_TLS11);
const TLS11_RST: Script = gate!(TLS11, RST, SPEAK_TLS11);
const INTOLERANT_ALERT: Script = gate!(NO_MORE, ALERT, SPEAK_TLS10);
const INTOLERANT_FIN: Script = gate!(NO_MORE, FIN, SPEAK_TLS10);
const INTOLERANT_RST: Script = gate!(NO_MORE, RST, SPEAK_TLS10);
