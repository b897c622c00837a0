//! Servers with nothing wrong, to see what a good report looks like.

use openssl::ssl::SslVersion;
use rdpdoctor_protocol::negotiation::Protocols;
use rdpdoctor_protocol::tls::{CipherSuite, ProtocolVersion};

use crate::certificate::{CertificateSpec, Key};
use crate::offer::Offer;
use crate::script::{HOLD_TLS, SELECT_NLA, Script, Step};
use crate::tls::Tls;
use crate::{Variant, variant};

/// The ways to be healthy; the first is the default.
pub static HEALTHY: &[Variant] = &[
    Variant::talks("nla", "demands Network Level Authentication, as Windows does out of the box", NLA),
    Variant::talks("tls", "takes TLS 1.2 and 1.3, and Standard RDP Security from old clients, as xrdp does", TLS),
    Variant::talks("tls12-only", "takes TLS 1.2 alone, as older servers do, and Standard RDP Security", TLS12),
    Variant::talks("tls13-only", "demands NLA, and takes TLS 1.3 alone", TLS13_ONLY),
    Variant::talks("gcm-only-picky", "demands NLA, takes TLS 1.2 with ECDHE and GCM, and hangs up on the rest", PICKY),
    Variant::talks("ec-key", "demands NLA, and has a certificate with an elliptic curve key", EC_KEY),
    Variant::talks("rsa4096", "demands NLA, and has a certificate with an RSA key of 4096 bits", RSA_4096),
];

/// The healthy variant with this name, or the default one.
pub fn healthy(name: Option<&str>) -> Option<&'static Variant> {
    variant(HEALTHY, name)
}

pub(crate) const NLA: Script = &[Step::Request, SELECT_NLA, HOLD_TLS];

/// xrdp or the like: to a Windows that does this, something would be wrong.
const TLS: Script = &[
    Step::Request,
    Step::Select { from: Protocols::SSL, otherwise: STANDARD },
    Step::Tls(Tls::with(CertificateSpec::ISSUED)),
];
const TLS12: Script = &[
    Step::Request,
    Step::Select { from: Protocols::SSL, otherwise: STANDARD },
    Step::Tls(Tls { newest: SslVersion::TLS1_2, ..Tls::with(CertificateSpec::ISSUED) }),
];
const STANDARD: Script = &[Step::SelectStandard, Step::Hold];

const TLS13_ONLY: Script = &[Step::Request, SELECT_NLA, Step::Tls(Tls::only(SslVersion::TLS1_3, "DEFAULT"))];
const PICKY: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::ClientHello,
    Step::Unless { offer: Offer::Version(ProtocolVersion::TLS12), then: &[Step::Rst] },
    Step::Unless { offer: Offer::AnySuite(ECDHE_RSA_GCM), then: &[Step::Rst] },
    Step::Tls(Tls::only(SslVersion::TLS1_2, "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256")),
];
const ECDHE_RSA_GCM: &[CipherSuite] = &[CipherSuite(0xc030), CipherSuite(0xc02f)];
const EC_KEY: Script =
    &[Step::Request, SELECT_NLA, Step::Tls(Tls::with(CertificateSpec { key: Key::P256, ..CertificateSpec::WINDOWS }))];
const RSA_4096: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::Tls(Tls::with(CertificateSpec { key: Key::Rsa(4096), ..CertificateSpec::WINDOWS })),
];
