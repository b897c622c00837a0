use crate::offer::Offer;
use crate::script::{HANDSHAKE_FAILURE, HOLD_TLS, SELECT_NLA, Script, Step};
use crate::{Fault, Variant};

pub(crate) const FAULT: Fault = Fault {
    cause: "handshake-reset",
    title: "confirms TLS or NLA and cuts TLS off, for no reason that can be seen from outside",
    variants: &[
        Variant::talks("alert", "sends a fatal handshake_failure to every ClientHello and closes", ALERT),
        Variant::talks("large-hello-rst", "resets when the ClientHello is longer than 300 bytes", LARGE_RST),
        Variant::talks("large-hello-fin", "closes when the ClientHello is longer than 300 bytes", LARGE_FIN),
        Variant::talks("unstable-rst", "resets after two ClientHellos of three", UNSTABLE_RST),
        Variant::talks("unstable-fin", "closes after two ClientHellos of three", UNSTABLE_FIN),
        Variant::talks("unstable-alert", "sends an alert to two ClientHellos of three", UNSTABLE_ALERT),
    ],
};

const CUT_BY_ALERT: Script = &[HANDSHAKE_FAILURE, Step::Fin];
const ALERT: Script = &[Step::Request, SELECT_NLA, Step::ClientHello, HANDSHAKE_FAILURE, Step::Fin];
const LARGE_RST: Script = gate!(Offer::Length(300), &[Step::Rst], HOLD_TLS);
const LARGE_FIN: Script = gate!(Offer::Length(300), &[Step::Fin], HOLD_TLS);
const UNSTABLE_RST: Script =
    &[Step::Request, SELECT_NLA, Step::ClientHello, Step::MostTimes { then: &[Step::Rst] }, HOLD_TLS];
const UNSTABLE_FIN: Script =
    &[Step::Request, SELECT_NLA, Step::ClientHello, Step::MostTimes { then: &[Step::Fin] }, HOLD_TLS];
const UNSTABLE_ALERT: Script =
    &[Step::Request, SELECT_NLA, Step::ClientHello, Step::MostTimes { then: CUT_BY_ALERT }, HOLD_TLS];
