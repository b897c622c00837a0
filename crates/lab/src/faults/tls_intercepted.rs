use crate::certificate::CertificateSpec;
use crate::credssp::Credssp;
use crate::script::{SELECT_NLA, Script, Step};
use crate::tls::Tls;
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "tls-intercepted",
    title: "is a device on the way that opens TLS and shows a certificate of its own",
    variants: &[
        Variant::talks("inspector", "the certificate was issued by a product that inspects TLS", INSPECTOR),
        Variant::talks("other-machine", "a certificate for localhost, and another machine in CredSSP", OTHER_MACHINE),
    ],
};

const INSPECTOR: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::Tls(Tls::with(CertificateSpec { issuer: Some("mitmproxy"), ..CertificateSpec::ISSUED })),
];
const OTHER_MACHINE: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::Tls(Tls {
        credssp: Credssp { computer: "WS17", dns_computer: "WS17.lab.example", ..Credssp::WINDOWS },
        ..Tls::with(CertificateSpec { name: "localhost", ..CertificateSpec::ISSUED })
    }),
];
