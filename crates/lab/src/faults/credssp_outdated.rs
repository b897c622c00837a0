use crate::credssp::Credssp;
use crate::script::{SELECT_NLA, Script, Step};
use crate::tls::Tls;
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "credssp-outdated",
    title: "speaks a CredSSP from before the security revision of 2018",
    variants: &[
        Variant::talks("version-2", "its CredSSP has version 2", VERSION_2),
        Variant::talks("version-3", "its CredSSP has version 3", VERSION_3),
        Variant::talks("version-4", "its CredSSP has version 4", VERSION_4),
    ],
};

const fn nla(credssp: Credssp) -> Step {
    Step::Tls(Tls { credssp, ..Tls::WINDOWS })
}

const VERSION_2: Script = &[Step::Request, SELECT_NLA, nla(Credssp { version: 2, ..Credssp::WINDOWS })];
const VERSION_3: Script = &[Step::Request, SELECT_NLA, nla(Credssp { version: 3, ..Credssp::WINDOWS })];
const VERSION_4: Script = &[Step::Request, SELECT_NLA, nla(Credssp { version: 4, ..Credssp::WINDOWS })];
