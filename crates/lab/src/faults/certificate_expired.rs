use crate::certificate::{CertificateSpec, Key};
use crate::script::{SELECT_NLA, Script, Step};
use crate::tls::Tls;
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "certificate-expired",
    title: "serves a certificate that is past its end",
    variants: &[
        Variant::talks("self-signed", "one of its own that ended 30 days ago, and was not renewed", SELF_SIGNED),
        Variant::talks("issued", "one of an authority that ended 2 days ago", ISSUED),
        Variant::talks("three-faults", "one for another machine that has ended, and has a key of 1024 bits", THREE),
    ],
};

const SELF_SIGNED: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::Tls(Tls::with(CertificateSpec { from: -213, until: -30, ..CertificateSpec::WINDOWS })),
];
const ISSUED: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::Tls(Tls::with(CertificateSpec { from: -367, until: -2, ..CertificateSpec::ISSUED })),
];
const THREE: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::Tls(Tls::with(CertificateSpec {
        key: Key::Rsa(1024),
        name: "ws17.lab.example",
        from: -367,
        until: -2,
        ..CertificateSpec::ISSUED
    })),
];
