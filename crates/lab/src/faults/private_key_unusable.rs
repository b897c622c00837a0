use rdpdoctor_protocol::tls::CipherSuite;

use crate::flight::{Exchange, Flight};
use crate::script::{SELECT_NLA, Script, Step};
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "private-key-unusable",
    title: "has a certificate whose private key it cannot use",
    variants: &[
        Variant::talks("fin", "closes after every ClientHello", FIN),
        Variant::talks("rst", "resets after every ClientHello", RST),
        Variant::talks(
            "disconnect",
            "answers every ClientHello with an MCS disconnect in the clear, as xrdp does",
            MCS,
        ),
        Variant::talks("static-rsa", "chooses static RSA, and closes when it would have to decrypt", STATIC_RSA),
        Variant::talks("wrong-key", "signs with another key than that of its certificate", WRONG_KEY),
    ],
};

const FIN: Script = &[Step::Request, SELECT_NLA, Step::ClientHello, Step::Fin];
const RST: Script = &[Step::Request, SELECT_NLA, Step::ClientHello, Step::Rst];
/// A Disconnect Provider Ultimatum with the reason rn-user-requested (T.125 section 7).
const MCS: Script =
    &[Step::Request, SELECT_NLA, Step::ClientHello, Step::Send(b"\x03\x00\x00\x09\x02\xf0\x80\x21\x80"), Step::Fin];
/// TLS_RSA_WITH_AES_256_CBC_SHA.
const STATIC_RSA: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::ClientHello,
    Step::Flight(Flight::of(CipherSuite(0x0035))),
    Step::NewBytes,
    Step::Fin,
];
/// TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384.
const WRONG_KEY: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::ClientHello,
    Step::Flight(Flight { exchange: Exchange::WrongKey, ..Flight::of(CipherSuite(0xc030)) }),
    Step::NewBytes,
    Step::Fin,
];
