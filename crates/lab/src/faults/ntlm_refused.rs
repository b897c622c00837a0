use crate::credssp::{Answer, Credssp};
use crate::script::{SELECT_NLA, Script, Step};
use crate::tls::Tls;
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "ntlm-refused",
    title: "takes CredSSP, and will not hear of NTLM",
    variants: &[
        Variant::talks("spnego-reject", "SPNEGO rejects NTLM", REJECT),
        Variant::talks("kerberos-only", "SPNEGO asks for Kerberos", KERBEROS),
        Variant::talks("blocked", "answers STATUS_NTLM_BLOCKED", BLOCKED),
    ],
};

const fn nla(credssp: Credssp) -> Step {
    Step::Tls(Tls { credssp, ..Tls::WINDOWS })
}

const REJECT: Script = &[Step::Request, SELECT_NLA, nla(Credssp { answer: Answer::Reject, ..Credssp::WINDOWS })];
const KERBEROS: Script = &[Step::Request, SELECT_NLA, nla(Credssp { answer: Answer::Kerberos, ..Credssp::WINDOWS })];
const BLOCKED: Script =
    &[Step::Request, SELECT_NLA, nla(Credssp { answer: Answer::Error(0xc000_0418), ..Credssp::WINDOWS })];
