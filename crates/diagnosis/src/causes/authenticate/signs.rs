//! What several causes of this stage look for. What becomes of a password shows only after one was sent.

use rdpdoctor_protocol::negotiation::Protocols;

use crate::Detection;
use crate::evidence::{Evidence, NtlmChallenge};
use crate::server::challenge;
use crate::view::{AddressView, client_address};

/// Only somebody who logs on learns of it.
pub(super) fn unmeasured(_: &Evidence) -> Detection {
    Detection::Unknown(Vec::new())
}

/// A fault of a domain: a server outside of every domain cannot have it.
pub(super) fn in_a_domain(evidence: &Evidence) -> Detection {
    let stands_alone = challenge(evidence).is_some_and(|(_, challenge)| stands_alone(challenge));
    if stands_alone { Detection::RuledOut } else { Detection::Unknown(Vec::new()) }
}

/// A fault of authentication before the session: a server that settles for less asks on its logon screen instead.
pub(super) fn before_the_session(evidence: &Evidence) -> Detection {
    let selected = client_address(evidence).and_then(AddressView::selected);
    match selected {
        Some(protocols) if !protocols.intersects(Protocols::HYBRID | Protocols::HYBRID_EX) => Detection::RuledOut,
        _ => Detection::Unknown(Vec::new()),
    }
}

/// A computer outside of a domain gives its own name as its domain's (MS-NLMP 2.2.2.1).
fn stands_alone(challenge: &NtlmChallenge) -> bool {
    let (Some(computer), Some(domain)) = (&challenge.computer, &challenge.domain) else { return false };
    computer.eq_ignore_ascii_case(domain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::find;
    use crate::testing::{Scene, Script, challenge_by};

    const UNKNOWN: Detection = Detection::Unknown(Vec::new());

    fn detect(id: &str, evidence: &Evidence) -> Detection {
        (find(id).unwrap().detect)(evidence)
    }

    fn challenged(domain: &str) -> Evidence {
        let mut seen = challenge_by("TS01", "ts01");
        seen.challenge.as_mut().unwrap().domain = Some(domain.to_owned());
        let script = |a: Script| a.selects(Protocols::HYBRID_EX).completes_tls().credssp(seen);
        Scene::at("10.0.0.5").client(script).evidence()
    }

    #[test]
    fn faults_of_a_domain_need_a_domain() {
        for id in ["domain-trust-broken", "domain-unreachable", "kerberos-unavailable", "spn-mismatch"] {
            assert_eq!(detect(id, &Scene::unresolved("ts01").evidence()), UNKNOWN, "{id}");
            assert_eq!(detect(id, &challenged("CORP")), UNKNOWN, "{id}");
            assert_eq!(detect(id, &challenged("ts01")), Detection::RuledOut, "{id}");
        }
    }

    #[test]
    fn what_nla_refuses_is_no_fault_where_nla_is_not_chosen() {
        for id in ["logon-refused", "password-expired"] {
            let tls = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL).completes_tls());
            assert_eq!(detect(id, &Scene::unresolved("ts01").evidence()), UNKNOWN, "{id}");
            assert_eq!(detect(id, &challenged("CORP")), UNKNOWN, "{id}");
            assert_eq!(detect(id, &tls.evidence()), Detection::RuledOut, "{id}");
        }
    }

    #[test]
    fn an_account_is_neither_proven_nor_cleared_without_a_password() {
        let ids = [
            "account-disabled",
            "account-expired",
            "account-locked",
            "account-restricted",
            "bad-credentials",
            "entra-sign-in-required",
            "logon-right-missing",
            "smart-card-unusable",
        ];
        for id in ids {
            assert_eq!(detect(id, &Scene::unresolved("ts01").evidence()), UNKNOWN, "{id}");
            assert_eq!(detect(id, &challenged("CORP")), UNKNOWN, "{id}");
        }
    }
}
