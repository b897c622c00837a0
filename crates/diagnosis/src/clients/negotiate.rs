//! How far a client comes in X.224, by the answers that the server gave to the same and to lesser requests.

use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};

use super::{End, Fate};
use crate::Stage;
use crate::catalogue::{Profile, SecurityProtocol, Trouble};
use crate::evidence::{Attempt, Offer};
use crate::view::{AddressView, attempt_fact};

/// What becomes of a client in the negotiation.
pub(super) enum Negotiation {
    /// It goes on with TLS.
    Tls {
        /// With CredSSP after it.
        hybrid: bool,
    },
    /// It ends here, well or badly.
    Ends(Fate),
}

/// The answer to the best that the client can ask for.
pub(super) fn judge(client: &Profile, address: AddressView<'_>) -> Negotiation {
    match client.can(SecurityProtocol::Hybrid) {
        Some(true) => as_mstsc(client, address),
        Some(false) if client.can(SecurityProtocol::Ssl) == Some(false) => rdp_alone(address),
        without => tls_alone(address, without.is_none()),
    }
}

/// It asks for what mstsc asks for.
fn as_mstsc(client: &Profile, address: AddressView<'_>) -> Negotiation {
    let Some((index, attempt)) = answered(address, Offer::mstsc().protocols()) else {
        return ends(Fate::unknown("the server did not answer the negotiation"));
    };
    if let Some(selected) = attempt.selected() {
        let fact = attempt_fact(index);
        return if selected.is_empty() { standard(client, fact) } else { goes_on(selected) };
    }
    let Some(code) = attempt.failure_code() else {
        return ends(Fate::unknown("the server did not confirm the connection"));
    };
    let falls_back = code == FailureCode::SSL_NOT_ALLOWED_BY_SERVER;
    match answered(address, Some(Protocols::RDP)) {
        Some((alone, attempt)) if falls_back && attempt.selected().is_some_and(Protocols::is_empty) => {
            standard(client, attempt_fact(alone))
        }
        None if falls_back && client.can(SecurityProtocol::Rdp) == Some(true) => {
            ends(Fate::unknown("the server takes no TLS; Standard RDP Security was not measured"))
        }
        _ => refused(index, code),
    }
}

/// It asks for TLS without CredSSP.
fn tls_alone(address: AddressView<'_>, may_do_more: bool) -> Negotiation {
    match answered(address, Some(Protocols::SSL)) {
        Some((_, attempt)) if attempt.selected() == Some(Protocols::SSL) => Negotiation::Tls { hybrid: false },
        Some((_, attempt)) if attempt.failure_code().is_some() && may_do_more => {
            ends(Fate::unknown("the server refuses TLS without CredSSP; whether it has CredSSP is not known"))
        }
        Some((index, attempt)) if attempt.failure_code().is_some() => {
            refused(index, attempt.failure_code().unwrap_or(FailureCode::HYBRID_REQUIRED_BY_SERVER))
        }
        _ if took_tls(address) => Negotiation::Tls { hybrid: false },
        _ => ends(Fate::unknown("whether the server takes TLS without CredSSP was not measured")),
    }
}

/// The server was offered CredSSP and chose TLS alone.
fn took_tls(address: AddressView<'_>) -> bool {
    address.selected() == Some(Protocols::SSL)
}

/// It asks for Standard RDP Security.
fn rdp_alone(address: AddressView<'_>) -> Negotiation {
    let Some((index, attempt)) = answered(address, Some(Protocols::RDP)) else {
        return ends(Fate::unknown("whether the server takes Standard RDP Security was not measured"));
    };
    match attempt.failure_code() {
        Some(code) => refused(index, code),
        None => ends(warns_of_standard(attempt_fact(index))),
    }
}

fn answered(address: AddressView<'_>, protocols: Option<Protocols>) -> Option<(usize, &Attempt)> {
    address.attempts().find(|(_, attempt)| attempt.offer.protocols() == protocols && attempt.spoke_rdp())
}

fn goes_on(selected: Protocols) -> Negotiation {
    Negotiation::Tls { hybrid: selected.intersects(Protocols::HYBRID | Protocols::HYBRID_EX) }
}

fn standard(client: &Profile, fact: String) -> Negotiation {
    ends(match client.can(SecurityProtocol::Rdp) {
        Some(true) => warns_of_standard(fact),
        Some(false) => {
            let reason = "the server has Standard RDP Security only, which it does not do";
            Fate::fails(Stage::Negotiate, reason).with_facts([fact])
        }
        None => Fate::unknown("the server has Standard RDP Security only; whether it does that is not known"),
    })
}

fn warns_of_standard(fact: String) -> Fate {
    let reason = "Standard RDP Security: the server proves nothing of itself, and the encryption is weak";
    Fate::new(End::Warns(Stage::Negotiate), reason).with_facts([fact])
}

fn refused(index: usize, code: FailureCode) -> Negotiation {
    let reason = format!("the server answers {code} to the best that it can ask for");
    let fate = Fate::fails(Stage::Negotiate, reason).with_facts([attempt_fact(index)]);
    ends(if code == FailureCode::HYBRID_REQUIRED_BY_SERVER { fate.against(Trouble::NoCredssp) } else { fate })
}

fn ends(fate: Fate) -> Negotiation {
    Negotiation::Ends(fate)
}
