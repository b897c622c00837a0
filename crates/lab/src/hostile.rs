//! Servers that attack whoever measures them: nothing may hang, grow without bound or paint on a terminal.

use rdpdoctor_protocol::tls::CipherSuite;

use crate::certificate::CertificateSpec;
use crate::credssp::{Answer, Credssp};
use crate::flight::Flight;
use crate::script::{SELECT_NLA, Script, Step};
use crate::tls::Tls;
use crate::{Variant, variant};

/// The attacks. They show no cause; a client should survive them and say what it saw.
pub static HOSTILE: &[Variant] = &[
    Variant::talks("banner-escapes", "greets with escape sequences, bidi marks and markup", BANNER),
    Variant::talks("certificate-escapes", "has a certificate with escape sequences, bidi marks and markup", NAMES),
    Variant::talks("credssp-endless", "announces a TSRequest of 2 GiB and starts to send it", CREDSSP_ENDLESS),
    Variant::talks("credssp-escapes", "has computer names with escape sequences, bidi marks and markup", CREDSSP_NAMES),
    Variant::talks("credssp-offsets", "sends an NTLM CHALLENGE whose fields lie outside of it", CREDSSP_OFFSETS),
    Variant::talks("credssp-silent", "says nothing to NTLM NEGOTIATE", CREDSSP_SILENT),
    Variant::talks("drip", "sends its TLS answer one byte a second", DRIP),
    Variant::talks("endless-banner", "greets without end", ENDLESS_BANNER),
    Variant::talks("endless-records", "answers the ClientHello with TLS records without end", ENDLESS_RECORDS),
    Variant::talks("four-hundred-certificates", "sends a chain of 400 certificates", MANY_CERTIFICATES),
    Variant::talks("handshake-length", "announces a TLS message of 16 MiB", HANDSHAKE_LENGTH),
    Variant::talks("record-length", "announces a TLS record of 64 KiB", RECORD_LENGTH),
    Variant::talks("ten-megabytes", "sends a chain of 10 MB", LARGE_CHAIN),
    Variant::talks("tpkt-length", "announces a Connection Confirm of 64 KiB", TPKT_LENGTH),
];

/// The hostile variant with this name, or the first one.
pub fn hostile(name: Option<&str>) -> Option<&'static Variant> {
    variant(HOSTILE, name)
}

/// Title, colour, a mark that turns the direction of writing, markup and a line of its own.
const EVIL_NAME: &str = "\x1b]0;x\x07\x1b[31m\u{202e}<script>alert(1)</script>\r\n\u{9b}2J";
const BANNER: Script = &[
    Step::Send(b"SSH-2.0-\x1b]0;x\x07\x1b[31m\xe2\x80\xae<script>alert(1)</script>\xc2\x9b2J\xff\xfe\r\n"),
    Step::Hold,
];
const ENDLESS_BANNER: Script = &[Step::Endless(&[b'A'; 4096])];
const TPKT_LENGTH: Script = &[Step::Request, Step::Send(b"\x03\x00\xff\xff\x02\xd0"), Step::Hold];

const NAMES: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::Tls(Tls::with(CertificateSpec { name: EVIL_NAME, issuer: Some(EVIL_NAME), ..CertificateSpec::WINDOWS })),
];

const fn nla(credssp: Credssp) -> Step {
    Step::Tls(Tls { credssp, ..Tls::WINDOWS })
}

const CREDSSP_NAMES: Script =
    &[Step::Request, SELECT_NLA, nla(Credssp { computer: EVIL_NAME, dns_computer: EVIL_NAME, ..Credssp::WINDOWS })];
const CREDSSP_ENDLESS: Script = &[
    Step::Request,
    SELECT_NLA,
    nla(Credssp { answer: Answer::Raw(b"\x30\x84\x7f\xff\xff\xff\xa0\x03\x02\x01\x06\xa1"), ..Credssp::WINDOWS }),
];
/// A TSRequest around a raw CHALLENGE: both names 65,535 bytes long and 4 GiB away.
const CREDSSP_OFFSETS: Script = &[
    Step::Request,
    SELECT_NLA,
    nla(Credssp {
        answer: Answer::Raw(
            b"\x30\x47\xa0\x03\x02\x01\x06\xa1\x40\x30\x3e\x30\x3c\xa0\x3a\x04\x38NTLMSSP\x00\x02\x00\x00\x00\
            \xff\xff\xff\xff\xff\xff\xff\xff\x35\x82\x89\xe2lab-lab!\x00\x00\x00\x00\x00\x00\x00\x00\
            \xff\xff\xff\xff\xff\xff\xff\xff\x0a\x00\x7c\x4f\x00\x00\x00\x0f",
        ),
        ..Credssp::WINDOWS
    }),
];
const CREDSSP_SILENT: Script =
    &[Step::Request, SELECT_NLA, nla(Credssp { answer: Answer::Silence, ..Credssp::WINDOWS })];

const DRIP: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::ClientHello,
    Step::Drip(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    Step::Hold,
];
/// HelloRequest, which a client ignores: nothing ever comes of them.
const ENDLESS_RECORDS: Script =
    &[Step::Request, SELECT_NLA, Step::ClientHello, Step::Endless(b"\x16\x03\x03\x00\x04\x00\x00\x00\x00")];
const HANDSHAKE_LENGTH: Script = &[
    Step::Request,
    SELECT_NLA,
    Step::ClientHello,
    Step::Send(b"\x16\x03\x03\x00\x06\x02\xff\xff\xff\x03\x03"),
    Step::Hold,
];
const RECORD_LENGTH: Script =
    &[Step::Request, SELECT_NLA, Step::ClientHello, Step::Send(b"\x16\x03\x03\xff\xff\x02\x00\x00"), Step::Hold];

/// TLS_RSA_WITH_AES_256_CBC_SHA.
const FLIGHT: Flight = Flight::of(CipherSuite(0x0035));
const MANY_CERTIFICATES: Script =
    &[Step::Request, SELECT_NLA, Step::ClientHello, Step::Flight(Flight { copies: 400, ..FLIGHT }), Step::Hold];
const LARGE_CHAIN: Script =
    &[Step::Request, SELECT_NLA, Step::ClientHello, Step::Flight(Flight { filler: 10_000_000, ..FLIGHT }), Step::Hold];
