use rdpdoctor_protocol::negotiation::{FailureCode, Protocols as Bits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::{Attempt, Ending, Evidence};

/// Which security protocols the server takes (MS-RDPBCGR 2.2.1.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub struct Protocols {
    /// Standard RDP Security.
    pub rdp: ProtocolState,
    /// TLS without CredSSP.
    pub ssl: ProtocolState,
    /// CredSSP (Network Level Authentication).
    pub hybrid: ProtocolState,
    /// CredSSP with the Early User Authorization Result PDU.
    pub hybrid_ex: ProtocolState,
    /// RDSTLS.
    pub rdstls: ProtocolState,
    /// Microsoft Entra authentication.
    pub rdsaad: ProtocolState,
}

/// What was seen of one security protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProtocolState {
    /// The server takes nothing less.
    Required,
    /// The server takes it.
    Offered,
    /// The server does not take it.
    Refused,
    /// Nobody asked: this never means "not supported".
    NotMeasured,
}

impl Protocols {
    /// Reads the states off the negotiations at the endpoint that a client would take.
    pub fn of(evidence: &Evidence) -> Self {
        let Some(endpoint) = evidence.client_endpoint() else { return Self::nothing() };
        let attempts: Vec<&Attempt> = evidence.attempts_at(endpoint).map(|(_, attempt)| attempt).collect();
        let state = |bit| state(bit, &attempts);
        Self {
            rdp: state(Bits::RDP),
            ssl: state(Bits::SSL),
            hybrid: state(Bits::HYBRID),
            hybrid_ex: state(Bits::HYBRID_EX),
            rdstls: state(Bits::RDSTLS),
            rdsaad: state(Bits::RDSAAD),
        }
    }

    /// Each protocol under its name in the specification, in the order of its bits.
    pub fn rows(&self) -> [(&'static str, ProtocolState); 6] {
        [
            ("RDP", self.rdp),
            ("TLS", self.ssl),
            ("HYBRID", self.hybrid),
            ("HYBRID_EX", self.hybrid_ex),
            ("RDSTLS", self.rdstls),
            ("RDSAAD", self.rdsaad),
        ]
    }

    fn nothing() -> Self {
        let none = ProtocolState::NotMeasured;
        Self { rdp: none, ssl: none, hybrid: none, hybrid_ex: none, rdstls: none, rdsaad: none }
    }
}

fn state(bit: Bits, attempts: &[&Attempt]) -> ProtocolState {
    let any = |test: fn(Bits, &Attempt) -> bool| attempts.iter().any(|attempt| test(bit, attempt));
    match () {
        () if any(is_required) => ProtocolState::Required,
        () if any(is_taken) => ProtocolState::Offered,
        () if any(is_refused) => ProtocolState::Refused,
        () => ProtocolState::NotMeasured,
    }
}

/// The server named it as what it wants, when asked for less.
fn is_required(bit: Bits, attempt: &Attempt) -> bool {
    let Ending::NegotiationFailure { code } = attempt.ending else { return false };
    let asked = attempt.offer.protocols().unwrap_or(Bits::RDP);
    match code {
        FailureCode::SSL_REQUIRED_BY_SERVER => bit == Bits::SSL && !asked.contains(Bits::SSL),
        FailureCode::HYBRID_REQUIRED_BY_SERVER => bit == Bits::HYBRID && !asked.contains(Bits::HYBRID),
        FailureCode::SSL_NOT_ALLOWED_BY_SERVER => bit == Bits::RDP && !asked.is_empty(),
        _ => false,
    }
}

fn is_taken(bit: Bits, attempt: &Attempt) -> bool {
    attempt.selected().is_some_and(|selected| if bit.is_empty() { selected.is_empty() } else { selected.contains(bit) })
}

/// It was asked for alone and refused, or asked for and passed over for something weaker.
fn is_refused(bit: Bits, attempt: &Attempt) -> bool {
    let asked = attempt.offer.protocols().unwrap_or(Bits::RDP);
    let was_asked = asked == bit || (!bit.is_empty() && asked.contains(bit));
    if !was_asked {
        return false;
    }
    match (attempt.selected(), &attempt.ending) {
        (Some(selected), _) => bit > selected,
        // It knows none of what was asked for, where other codes refuse only the whole.
        (None, Ending::NegotiationFailure { code: FailureCode::SSL_NOT_ALLOWED_BY_SERVER }) => !bit.is_empty(),
        (None, Ending::NegotiationFailure { .. }) => asked == bit,
        (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Scene;

    fn rows(scene: Scene) -> Vec<(&'static str, ProtocolState)> {
        Protocols::of(&scene.evidence()).rows().into_iter().filter(|(_, s)| *s != ProtocolState::NotMeasured).collect()
    }

    #[test]
    fn an_nla_server_requires_hybrid_and_refuses_the_rest() {
        let scene = Scene::at("10.0.0.5")
            .client(|a| a.selects(Bits::HYBRID_EX).completes_tls())
            .asks(Bits::SSL, |a| a.fails(FailureCode::HYBRID_REQUIRED_BY_SERVER))
            .asks(Bits::RDP, |a| a.fails(FailureCode::HYBRID_REQUIRED_BY_SERVER));
        let expected = [
            ("RDP", ProtocolState::Refused),
            ("TLS", ProtocolState::Refused),
            ("HYBRID", ProtocolState::Required),
            ("HYBRID_EX", ProtocolState::Offered),
        ];
        assert_eq!(rows(scene), expected);
    }

    #[test]
    fn a_server_that_picks_tls_passes_over_credssp() {
        let scene = Scene::at("10.0.0.5").client(|a| a.selects(Bits::SSL).completes_tls());
        let expected = [
            ("TLS", ProtocolState::Offered),
            ("HYBRID", ProtocolState::Refused),
            ("HYBRID_EX", ProtocolState::Refused),
        ];
        assert_eq!(rows(scene), expected);
    }

    #[test]
    fn a_server_without_tls_refuses_all_that_was_asked_for() {
        let scene = Scene::at("10.0.0.5").client(|a| a.fails(FailureCode::SSL_NOT_ALLOWED_BY_SERVER));
        let expected = [
            ("RDP", ProtocolState::Required),
            ("TLS", ProtocolState::Refused),
            ("HYBRID", ProtocolState::Refused),
            ("HYBRID_EX", ProtocolState::Refused),
        ];
        assert_eq!(rows(scene), expected);
    }

    #[test]
    fn nothing_is_said_of_what_nobody_asked_or_nobody_answered() {
        assert_eq!(rows(Scene::at("10.0.0.5")), []);
        assert_eq!(rows(Scene::at("10.0.0.5").client(|a| a.ends(Ending::Reset))), []);
        let certificate = Scene::at("10.0.0.5").client(|a| a.fails(FailureCode::SSL_CERT_NOT_ON_SERVER));
        assert_eq!(rows(certificate), []);
    }
}
