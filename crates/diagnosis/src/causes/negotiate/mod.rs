//! X.224 and RDP_NEG_*.

pub(super) mod certificate_missing;
pub(super) mod negotiation_malformed;
pub(super) mod nla_required;
pub(super) mod settings;
pub(super) mod standard_security_only;
pub(super) mod tls_not_allowed;
pub(super) mod tls_required;
pub(super) mod user_auth_required;

use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};

use crate::evidence::{Attempt, Offer};
use crate::view::{AddressView, attempt_fact};
use crate::{Detection, Proof};

/// What became of mstsc's offer: the first attempt that was answered in RDP, else the first that reached the server.
fn as_client(address: AddressView<'_>) -> Option<(usize, &Attempt)> {
    let asked = Offer::mstsc().protocols();
    let made =
        || address.attempts().filter(|(_, attempt)| attempt.offer.protocols() == asked && attempt.connected.is_some());
    made().find(|(_, attempt)| attempt.spoke_rdp()).or_else(|| made().next())
}

/// The attempt in which mstsc's offer was refused with this code.
fn refused_with(address: AddressView<'_>, code: FailureCode) -> Option<(usize, &Attempt)> {
    as_client(address).filter(|(_, attempt)| attempt.failure_code() == Some(code))
}

/// The code with which the server refuses mstsc's offer is the cause in its own words.
fn proven_by(address: AddressView<'_>, code: FailureCode) -> Detection {
    if as_client(address).is_none() {
        return Detection::Unknown(Vec::new());
    }
    let Some((index, _)) = refused_with(address, code) else { return Detection::RuledOut };
    Detection::Confirmed(Proof::of(
        format!("asked as mstsc asks, the server answered {code}"),
        [attempt_fact(index)],
        30,
    ))
}

/// Standard RDP Security asked for by itself.
fn rdp_alone() -> Offer {
    Offer::negotiate(Protocols::RDP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Scene;
    use crate::{Budget, Want, next};

    fn wants(scene: Scene) -> Vec<Want> {
        next(&scene.evidence(), &Budget::default())
    }

    #[test]
    fn a_server_that_takes_tls_is_settled_after_two_connections() {
        let scene = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL).completes_tls());
        assert_eq!(wants(scene.clone()), [Want::attempt(([10, 0, 0, 5], 3389).into(), rdp_alone())]);
        let alone = |code| scene.clone().asks(Protocols::RDP, move |a| a.fails(code));
        assert_eq!(wants(alone(FailureCode::SSL_REQUIRED_BY_SERVER)), []);
    }

    #[test]
    fn a_server_without_tls_is_settled_after_two_connections() {
        let scene = Scene::at("10.0.0.5").client(|a| a.fails(FailureCode::SSL_NOT_ALLOWED_BY_SERVER));
        assert_eq!(wants(scene.clone()), [Want::attempt(([10, 0, 0, 5], 3389).into(), rdp_alone())]);
        assert_eq!(wants(scene.clone().asks(Protocols::RDP, |a| a.selects(Protocols::RDP))), []);
        assert_eq!(wants(scene.asks(Protocols::RDP, |a| a.fails(FailureCode::SSL_REQUIRED_BY_SERVER))), []);
    }

    #[test]
    fn a_refusal_with_its_reason_costs_one_connection() {
        for code in [FailureCode::SSL_CERT_NOT_ON_SERVER, FailureCode::SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER] {
            assert_eq!(wants(Scene::at("10.0.0.5").client(|a| a.fails(code))), [], "{code}");
        }
    }
}
