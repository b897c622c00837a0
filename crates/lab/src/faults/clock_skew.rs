use crate::credssp::Credssp;
use crate::script::{SELECT_NLA, Script, Step};
use crate::tls::Tls;
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "clock-skew",
    title: "has a clock that is far off",
    variants: &[
        Variant::talks("two-hours-ahead", "its clock is two hours ahead", AHEAD),
        Variant::talks("six-minutes-behind", "its clock is six minutes behind", BEHIND),
        Variant::talks("ten-years-behind", "its clock is ten years behind", YEARS),
    ],
};

const fn nla(credssp: Credssp) -> Step {
    Step::Tls(Tls { credssp, ..Tls::WINDOWS })
}

const AHEAD: Script = &[Step::Request, SELECT_NLA, nla(Credssp { clock: 7200, ..Credssp::WINDOWS })];
const BEHIND: Script = &[Step::Request, SELECT_NLA, nla(Credssp { clock: -360, ..Credssp::WINDOWS })];
const YEARS: Script = &[Step::Request, SELECT_NLA, nla(Credssp { clock: -315_576_000, ..Credssp::WINDOWS })];
