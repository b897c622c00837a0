use crate::certificate::{CertificateSpec, Usage};
use crate::script::{SELECT_NLA, Script, Step};
use crate::tls::Tls;
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "certificate-wrong-usage",
    title: "serves a certificate that is not meant for servers",
    variants: &[
        Variant::talks("client", "it is for client authentication alone", CLIENT),
        Variant::talks("code-signing", "it is for code signing alone", CODE),
    ],
};

const CLIENT: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::Tls(Tls::with(CertificateSpec { usage: Usage::ClientAuthentication, ..CertificateSpec::ISSUED })),
];
const CODE: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::Tls(Tls::with(CertificateSpec { usage: Usage::CodeSigning, ..CertificateSpec::ISSUED })),
];
