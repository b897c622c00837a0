use crate::certificate::CertificateSpec;
use crate::script::{SELECT_NLA, Script, Step};
use crate::tls::Tls;
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "certificate-not-yet-valid",
    title: "serves a certificate that begins in the future",
    variants: &[Variant::talks("next-week", "its certificate begins in seven days", NEXT_WEEK)],
};

const NEXT_WEEK: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::Tls(Tls::with(CertificateSpec { from: 7, until: 190, ..CertificateSpec::WINDOWS })),
];
