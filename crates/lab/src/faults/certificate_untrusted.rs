use crate::certificate::CertificateSpec;
use crate::script::{SELECT_NLA, Script, Step};
use crate::tls::Tls;
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "certificate-untrusted",
    title: "serves a certificate that this machine does not trust",
    variants: &[
        Variant::talks("self-signed", "as Windows makes it: no harm", SELF_SIGNED),
        Variant::talks("unknown-authority", "issued by an authority that nobody knows", ISSUED),
        Variant::talks("thirty-years", "its own for thirty years, as no Windows makes it", THIRTY),
    ],
};

const SELF_SIGNED: Script = &[Step::Request, SELECT_NLA, Step::Tls(Tls::with(CertificateSpec::WINDOWS))];
const ISSUED: Script = &[Step::Request, SELECT_NLA, Step::Tls(Tls::with(CertificateSpec::ISSUED))];
const THIRTY: Script =
    &[Step::Request, SELECT_NLA, Step::Tls(Tls::with(CertificateSpec { until: 10_950, ..CertificateSpec::WINDOWS }))];
