use super::signs::{Seen, ask_network, client_tries, facts, hung_up_mute, once_more, telling_tries};
use crate::evidence::{Attempt, Ending, Evidence};
use crate::view::client_address;
use crate::{Cause, Detection, Proof, Remedy, Severity, Stage, Want};

/// Something on the way stumbles over the cookie that every Windows client sends.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "proxy-mangles-negotiation",
    stage: Stage::Connect,
    severity: Severity::Blocks,
    title: "A proxy, bastion or balancer on the way does not carry the client's cookie",
    prior: 0,
    explains: &["connection-closed-early"],
    page: include_str!("proxy-mangles-negotiation.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    let Some(address) = client_address(evidence) else { return Detection::Unknown(Vec::new()) };
    let tries = client_tries(address);
    let Some((_, first)) = tries.first() else { return Detection::Unknown(Vec::new()) };
    let failed: Vec<Seen<'_>> = tries.iter().copied().filter(|(_, attempt)| was_turned_down(attempt)).collect();
    if failed.is_empty() || tries.iter().any(|(_, attempt)| attempt.spoke_rdp()) {
        return Detection::RuledOut;
    }
    let bare = first.offer.clone().without_cookie();
    let without = telling_tries(address, &bare);
    if without.is_empty() {
        return Detection::Unknown(vec![Want::attempt(address.endpoint, bare)]);
    }
    let answered: Vec<Seen<'_>> = without.into_iter().filter(|(_, attempt)| attempt.spoke_rdp()).collect();
    if answered.is_empty() {
        return Detection::RuledOut;
    }
    let proof = Proof::of("a Connection Request with an mstshash cookie is not answered", facts(&failed), 8).and(
        "the same request without the cookie is",
        facts(&answered),
        12,
    );
    if failed.len() > 1 {
        return Detection::Confirmed(proof.and(format!("{} tries with it failed", failed.len()), Vec::new(), 10));
    }
    let mut proof = proof;
    proof.wants.extend(once_more(address));
    Detection::Likely(proof)
}

/// Closed, reset or answered with broken bytes in place of the Connection Confirm. Silence may be the path's.
fn was_turned_down(attempt: &Attempt) -> bool {
    let broken = attempt.negotiated.is_none() && matches!(attempt.ending, Ending::Malformed { .. });
    hung_up_mute(attempt) || broken
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![
        ask_network(
            "Ask whoever runs the balancer, bastion or proxy to forward Remote Desktop as plain TCP, or to accept `Cookie: mstshash=` in the X.224 Connection Request (MS-RDPBCGR 2.2.1.1)",
            "put the former listener mode back",
        ),
        ask_network(
            "Until then: connect to the server's own address, past the device, where the network allows it",
            "connect through the device again",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Offer;
    use crate::testing::{Scene, Script};
    use crate::{Certainty, Verdict, judge};
    use rdpdoctor_protocol::negotiation::Protocols;

    fn resets(attempt: Script) -> Script {
        attempt.connects().ends(Ending::Reset).after(3.0)
    }

    fn confirms(attempt: Script) -> Script {
        attempt.selects(Protocols::HYBRID_EX).completes_tls()
    }

    fn bare() -> Offer {
        Offer::mstsc().without_cookie()
    }

    #[test]
    fn fires_when_the_outcome_depends_on_the_cookie() {
        let diagnosis = judge(&Scene::at("10.0.0.5").client(resets).client(resets).tries(bare(), confirms).evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("proxy-mangles-negotiation", Certainty::Confirmed));
        assert_eq!((diagnosis.verdict, root.severity), (Verdict::Broken, Severity::Blocks));
        assert_eq!(root.explains, ["connection-closed-early"]);
    }

    #[test]
    fn near_miss_closed_without_the_cookie_too() {
        let evidence = Scene::at("10.0.0.5").client(resets).tries(bare(), resets).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
    }

    #[test]
    fn near_miss_the_second_try_with_the_cookie_is_answered() {
        let evidence = Scene::at("10.0.0.5").client(resets).client(confirms).tries(bare(), confirms).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
    }

    #[test]
    fn unknown_until_the_cookie_was_left_out() {
        let evidence = Scene::at("10.0.0.5").client(resets).evidence();
        let want = Want::attempt(evidence.endpoints()[0], bare());
        assert_eq!(detect(&evidence), Detection::Unknown(vec![want]));
        assert_eq!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(Vec::new()));
    }
}
