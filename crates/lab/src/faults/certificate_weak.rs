use openssl::ssl::SslVersion;

use crate::certificate::{CertificateSpec, Digest, Key};
use crate::script::{SELECT_NLA, Script, Step};
use crate::tls::Tls;
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "certificate-weak",
    title: "serves a certificate with a weak key or signature",
    variants: &[
        Variant::talks("rsa1024", "its RSA key has 1024 bits", RSA_1024),
        Variant::talks("rsa512", "its RSA key has 512 bits, which Windows refuses", RSA_512),
        Variant::talks("sha1", "it is signed with SHA-1", SHA1),
        Variant::talks("md5", "it is signed with MD5", MD5),
    ],
};

const fn tls(key: Key, digest: Digest) -> Step {
    Step::Tls(Tls::with(CertificateSpec { key, digest, ..CertificateSpec::WINDOWS }))
}

const RSA_1024: Script = &[Step::Request, SELECT_NLA, tls(Key::Rsa(1024), Digest::Sha256)];
/// TLS 1.3 has no signature that fits into 512 bits.
const RSA_512: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::Tls(Tls {
        newest: SslVersion::TLS1_2,
        ..Tls::with(CertificateSpec { key: Key::Rsa(512), ..CertificateSpec::WINDOWS })
    }),
];
const SHA1: Script = &[Step::Request, SELECT_NLA, tls(Key::Rsa(2048), Digest::Sha1)];
const MD5: Script = &[Step::Request, SELECT_NLA, tls(Key::Rsa(2048), Digest::Md5)];
