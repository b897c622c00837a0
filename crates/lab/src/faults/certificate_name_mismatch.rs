use crate::certificate::CertificateSpec;
use crate::script::{SELECT_NLA, Script, Step};
use crate::tls::Tls;
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "certificate-name-mismatch",
    title: "serves a certificate for another name",
    variants: &[
        Variant::talks("issued", "an authority issued it for another name", ISSUED),
        Variant::talks("self-signed", "as Windows makes it, for its own name: no harm", SELF_SIGNED),
    ],
};

const ISSUED: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::Tls(Tls::with(CertificateSpec { name: "intranet.lab.example", ..CertificateSpec::ISSUED })),
];
const SELF_SIGNED: Script = &[Step::Request, SELECT_NLA, Step::Tls(Tls::with(CertificateSpec::WINDOWS))];
