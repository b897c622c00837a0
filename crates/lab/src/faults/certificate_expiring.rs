use crate::certificate::CertificateSpec;
use crate::script::{SELECT_NLA, Script, Step};
use crate::tls::Tls;
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "certificate-expiring",
    title: "serves a certificate that ends in days, and that it cannot renew by itself",
    variants: &[Variant::talks("three-days", "its certificate ends in three days", THREE_DAYS)],
};

const THREE_DAYS: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::Tls(Tls::with(CertificateSpec { from: -362, until: 3, ..CertificateSpec::ISSUED })),
];
