//! What a server does on one connection, as data.

use rdpdoctor_protocol::negotiation::{FailureCode, NegotiationAnswer, Protocols, ResponseFlags};

/// The steps of one connection, in order. Every branch ends in a step for which [`Step::ends`] holds.
pub(crate) type Script = &'static [Step];

#[derive(Debug)]
pub(crate) enum Step {
    /// Reads the X.224 Connection Request; closes on anything else.
    Request,
    /// Goes on with `then` if the request holds a cookie or token.
    IfRouted { then: Script },
    /// Goes on with `then` if the request asks for any of these protocols.
    IfAskedAny { of: Protocols, then: Script },
    /// Goes on with `then` if the client starts with a TLS handshake record.
    IfTls { then: Script },
    /// Confirms the strongest of these protocols that the client asks for, or goes on with `otherwise`.
    Select { from: Protocols, otherwise: Script },
    /// Confirms Standard RDP Security, with negotiation data only if the request has some.
    SelectStandard,
    /// An X.224 Connection Confirm with this answer, or without negotiation data.
    Confirm(Option<NegotiationAnswer>),
    /// Waits for anything.
    AnyBytes,
    /// Reads one TLS record, the `ClientHello`; closes on anything else.
    ClientHello,
    /// Sends these bytes as they are.
    Send(&'static [u8]),
    /// Sends these bytes, one a second.
    Drip(&'static [u8]),
    /// Completes TLS up to this version, answers the first message with `answer` (nothing if empty), then holds.
    Tls { newest: Newest, answer: &'static [u8] },
    /// Reads, says nothing, and leaves when the client does.
    Hold,
    /// Closes with FIN, with nothing left unread that would turn it into a RST.
    Fin,
    /// Closes with RST.
    Rst,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Newest {
    Tls12,
    Tls13,
}

impl Step {
    /// Whether nothing can follow.
    pub(crate) fn ends(&self) -> bool {
        matches!(self, Self::Tls { .. } | Self::Hold | Self::Fin | Self::Rst)
    }

    pub(crate) fn branch(&self) -> Option<Script> {
        match self {
            Self::IfRouted { then } | Self::IfAskedAny { then, .. } | Self::IfTls { then } => Some(then),
            Self::Select { otherwise, .. } => Some(otherwise),
            _ => None,
        }
    }
}

/// Whether TLS is completed anywhere in it.
pub(crate) fn needs_certificate(script: Script) -> bool {
    script.iter().any(|step| matches!(step, Step::Tls { .. }) || step.branch().is_some_and(needs_certificate))
}

/// What Windows 10 and later put into every `RDP_NEG_RSP`.
pub(crate) const FLAGS: ResponseFlags = ResponseFlags(0x1f);
pub(crate) const TLS_PROTOCOLS: Protocols = Protocols(Protocols::SSL.0 | Protocols::HYBRID.0 | Protocols::HYBRID_EX.0);
pub(crate) const NLA_PROTOCOLS: Protocols = Protocols(Protocols::HYBRID.0 | Protocols::HYBRID_EX.0);

pub(crate) const fn response(selected: Protocols) -> Step {
    Step::Confirm(Some(NegotiationAnswer::Response { flags: FLAGS, selected }))
}

pub(crate) const fn failure(code: FailureCode) -> Step {
    Step::Confirm(Some(NegotiationAnswer::Failure { code }))
}

pub(crate) const HOLD_TLS: Step = Step::Tls { newest: Newest::Tls13, answer: &[] };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Behaviour, FAULTS, HEALTHY};

    #[test]
    fn every_branch_comes_to_an_end_and_nothing_follows_it() {
        let variants = FAULTS.iter().flat_map(|fault| fault.variants).chain(HEALTHY);
        for variant in variants {
            if let Behaviour::Talks(script) = variant.behaviour {
                assert!(is_whole(script), "{}", variant.name);
            }
        }
    }

    fn is_whole(script: Script) -> bool {
        let Some((last, before)) = script.split_last() else { return false };
        let branches = script.iter().filter_map(Step::branch);
        last.ends() && !before.iter().any(Step::ends) && branches.into_iter().all(is_whole)
    }
}
