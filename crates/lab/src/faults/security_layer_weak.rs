use crate::script::{HOLD_TLS, Script, Step, TLS_PROTOCOLS};
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "security-layer-weak",
    title: "has TLS, and takes clients without it",
    variants: &[Variant::talks("negotiate", "takes NLA, TLS and Standard RDP Security, as asked", NEGOTIATE)],
};

const NEGOTIATE: Script = &[Step::Request, Step::Select { from: TLS_PROTOCOLS, otherwise: STANDARD }, HOLD_TLS];
const STANDARD: Script = &[Step::SelectStandard, Step::Hold];
