use openssl::ssl::SslVersion;
use rdpdoctor_protocol::tls::CipherSuite;

use crate::flight::Flight;
use crate::offer::Offer;
use crate::script::{HANDSHAKE_FAILURE, SELECT_NLA, Script, Step};
use crate::tls::{Prime, Tls};
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "cipher-suite-mismatch",
    title: "takes only cipher suites or groups that current clients do not offer",
    variants: &[
        Variant::talks("rc4-alert", "takes RC4 alone, and sends an alert to those who do not offer it", RC4_ALERT),
        Variant::talks("rc4-fin", "takes RC4 alone, and closes on those who do not offer it", RC4_FIN),
        Variant::talks("rc4-rst", "takes RC4 alone, and resets those who do not offer it", RC4_RST),
        Variant::talks("camellia-alert", "takes Camellia alone, and sends an alert to the rest", CAMELLIA_ALERT),
        Variant::talks("camellia-fin", "takes Camellia alone, and closes on those who do not offer it", CAMELLIA_FIN),
        Variant::talks("camellia-rst", "takes Camellia alone, and resets those who do not offer it", CAMELLIA_RST),
        Variant::talks("aria", "takes ARIA alone, and resets those who do not offer it", ARIA_RST),
        Variant::talks("3des", "takes 3DES alone", TRIPLE_DES_ALERT),
        Variant::talks("dhe-only", "takes DHE alone, which mstsc has given up", DHE),
        Variant::talks("p521-only", "takes ECDHE with P-521 alone, which mstsc does not offer", P521),
    ],
};

const ALERT: Script = &[HANDSHAKE_FAILURE, Step::Fin];
const FIN: Script = &[Step::Fin];
const RST: Script = &[Step::Rst];

const RC4: Offer = Offer::AnySuite(&[CipherSuite(0x0005)]);
const SPEAK_RC4: Step = Step::Tls(Tls::only(SslVersion::TLS1_2, "RC4-SHA"));
const RC4_ALERT: Script = gate!(RC4, ALERT, SPEAK_RC4);
const RC4_FIN: Script = gate!(RC4, FIN, SPEAK_RC4);
const RC4_RST: Script = gate!(RC4, RST, SPEAK_RC4);

/// TLS_RSA_WITH_CAMELLIA_256_CBC_SHA.
const CAMELLIA_SUITE: CipherSuite = CipherSuite(0x0084);
const CAMELLIA: Offer = Offer::AnySuite(&[CAMELLIA_SUITE]);
const SPEAK_CAMELLIA: Step = Step::Flight(Flight::of(CAMELLIA_SUITE));
const CAMELLIA_ALERT: Script = gate!(CAMELLIA, ALERT, SPEAK_CAMELLIA, Step::Hold);
const CAMELLIA_FIN: Script = gate!(CAMELLIA, FIN, SPEAK_CAMELLIA, Step::Hold);
const CAMELLIA_RST: Script = gate!(CAMELLIA, RST, SPEAK_CAMELLIA, Step::Hold);

/// TLS_RSA_WITH_ARIA_256_GCM_SHA384.
const ARIA_SUITE: CipherSuite = CipherSuite(0xc051);
const SPEAK_ARIA: Step = Step::Tls(Tls::only(SslVersion::TLS1_2, "ARIA256-GCM-SHA384"));
const ARIA_RST: Script = gate!(Offer::AnySuite(&[ARIA_SUITE]), RST, SPEAK_ARIA);

const TRIPLE_DES_ALERT: Script = &[Step::Request, SELECT_NLA, Step::Tls(Tls::only(SslVersion::TLS1_2, "DES-CBC3-SHA"))];
const DHE: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::Tls(Tls { prime: Some(Prime::Bits2048), ..Tls::only(SslVersion::TLS1_2, "DHE-RSA-AES256-GCM-SHA384") }),
];
const P521: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::Tls(Tls { groups: "P-521", ..Tls::only(SslVersion::TLS1_2, "ECDHE-RSA-AES256-GCM-SHA384") }),
];
