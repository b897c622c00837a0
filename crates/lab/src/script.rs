//! What a server does on one connection, as a table of steps.

use rdpdoctor_protocol::negotiation::{FailureCode, NegotiationAnswer, Protocols, ResponseFlags};

use crate::certificate::CertificateSpec;
use crate::flight::Flight;
use crate::offer::Offer;
use crate::tls::Tls;

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
    /// Goes on with `then` two times of three, beginning with the first two; connections that do not come here do not count.
    MostTimes { then: Script },
    /// Confirms the strongest of these protocols that the client asks for, or goes on with `otherwise`.
    Select { from: Protocols, otherwise: Script },
    /// Confirms Standard RDP Security, with negotiation data only if the request has some.
    SelectStandard,
    /// An X.224 Connection Confirm with this answer, or without negotiation data.
    Confirm(Option<NegotiationAnswer>),
    /// Waits for anything.
    AnyBytes,
    /// Waits for more than what has come so far.
    NewBytes,
    /// Waits for the whole `ClientHello` and leaves it for [`Step::Tls`]; closes on anything else.
    ClientHello,
    /// Goes on with `then` unless the `ClientHello` before holds this.
    Unless { offer: Offer, then: Script },
    /// Sends these bytes as they are.
    Send(&'static [u8]),
    /// Sends these bytes, one a second.
    Drip(&'static [u8]),
    /// Sends these bytes again and again until the client leaves.
    Endless(&'static [u8]),
    /// Sends the plaintext messages with which a server answers a `ClientHello`.
    Flight(Flight),
    /// Completes TLS. Then CredSSP follows where it was selected, or one answer; then it holds.
    Tls(Tls),
    /// Reads, says nothing, and leaves when the client does.
    Hold,
    /// Closes with FIN, with nothing left unread that would turn it into a RST.
    Fin,
    /// Closes with RST.
    Rst,
}

impl Step {
    /// Whether nothing can follow.
    pub(crate) fn ends(&self) -> bool {
        matches!(self, Self::Endless(_) | Self::Tls(_) | Self::Hold | Self::Fin | Self::Rst)
    }

    pub(crate) fn branch(&self) -> Option<Script> {
        match self {
            Self::IfRouted { then }
            | Self::IfAskedAny { then, .. }
            | Self::IfTls { then }
            | Self::MostTimes { then }
            | Self::Unless { then, .. } => Some(then),
            Self::Select { otherwise, .. } => Some(otherwise),
            _ => None,
        }
    }

    fn certificate(&self) -> Option<&CertificateSpec> {
        match self {
            Self::Tls(tls) => Some(&tls.certificate),
            Self::Flight(_) => Some(&CertificateSpec::WINDOWS),
            _ => None,
        }
    }
}

/// The certificate of the whole script: no script has two.
pub(crate) fn certificate(script: Script) -> Option<&'static CertificateSpec> {
    script.iter().find_map(|step| step.certificate().or_else(|| step.branch().and_then(certificate)))
}

/// What Windows 10 and later put into every `RDP_NEG_RSP`.
pub(crate) const FLAGS: ResponseFlags = ResponseFlags(0x1f);
pub(crate) const TLS_PROTOCOLS: Protocols = Protocols(Protocols::SSL.0 | Protocols::HYBRID.0 | Protocols::HYBRID_EX.0);
pub(crate) const NLA_PROTOCOLS: Protocols = Protocols(Protocols::HYBRID.0 | Protocols::HYBRID_EX.0);

/// Takes TLS and NLA, and nothing less.
pub(crate) const SELECT_TLS: Step = Step::Select { from: TLS_PROTOCOLS, otherwise: SSL_REQUIRED };
/// Takes NLA alone.
pub(crate) const SELECT_NLA: Step = Step::Select { from: NLA_PROTOCOLS, otherwise: NLA_REQUIRED };
const SSL_REQUIRED: Script = &[failure(FailureCode::SSL_REQUIRED_BY_SERVER), Step::Fin];
const NLA_REQUIRED: Script = &[failure(FailureCode::HYBRID_REQUIRED_BY_SERVER), Step::Fin];

/// A fatal `handshake_failure`.
pub(crate) const HANDSHAKE_FAILURE: Step = Step::Send(b"\x15\x03\x03\x00\x02\x02\x28");
/// A fatal `protocol_version`.
pub(crate) const PROTOCOL_VERSION: Step = Step::Send(b"\x15\x03\x01\x00\x02\x02\x46");

pub(crate) const HOLD_TLS: Step = Step::Tls(Tls::WINDOWS);

pub(crate) const fn response(selected: Protocols) -> Step {
    Step::Confirm(Some(NegotiationAnswer::Response { flags: FLAGS, selected }))
}

pub(crate) const fn failure(code: FailureCode) -> Step {
    Step::Confirm(Some(NegotiationAnswer::Failure { code }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Behaviour, all_variants};

    fn scripts() -> impl Iterator<Item = (&'static str, Script)> {
        all_variants().filter_map(|variant| match variant.behaviour {
            Behaviour::Talks(script) => Some((variant.name, script)),
            _ => None,
        })
    }

    #[test]
    fn every_branch_comes_to_an_end_and_nothing_follows_it() {
        for (name, script) in scripts() {
            assert!(is_whole(script), "{name}");
        }
    }

    #[test]
    fn no_script_has_two_certificates() {
        for (name, script) in scripts() {
            let all = certificates(script);
            assert!(all.iter().all(|one| Some(*one) == all.first().copied()), "{name}");
        }
    }

    fn is_whole(script: Script) -> bool {
        let Some((last, before)) = script.split_last() else { return false };
        let branches = script.iter().filter_map(Step::branch);
        last.ends() && !before.iter().any(Step::ends) && branches.into_iter().all(is_whole)
    }

    fn certificates(script: Script) -> Vec<&'static CertificateSpec> {
        let below = script.iter().filter_map(Step::branch).flat_map(certificates);
        script.iter().filter_map(Step::certificate).chain(below).collect()
    }
}
