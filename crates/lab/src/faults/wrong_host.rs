use crate::certificate::CertificateSpec;
use crate::credssp::Credssp;
use crate::script::{SELECT_NLA, Script, Step};
use crate::tls::Tls;
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "wrong-host",
    title: "is another machine than the one whose name was asked for",
    variants: &[Variant::talks(
        "other-machine",
        "calls itself WS17: diagnose it by another name, and not on loopback",
        OTHER,
    )],
};

const OTHER: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::Tls(Tls {
        credssp: Credssp { computer: "WS17", dns_computer: "WS17.lab.example", ..Credssp::WINDOWS },
        ..Tls::with(CertificateSpec { name: "WS17.lab.example", ..CertificateSpec::WINDOWS })
    }),
];
