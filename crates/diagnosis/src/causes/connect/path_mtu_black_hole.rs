use super::signs::{Seen, ask_network, client_tries, facts, once_more, span, stalled_in_tls};
use crate::causes::tls::offers::unwanted;
use crate::evidence::{Attempt, Ending, Evidence, Offer};
use crate::view::{AddressView, attempt_fact, client_address};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage, Want};

/// What every IPv4 path carries in one packet: 576 bytes without the headers of IP and TCP (RFC 9293 section 3.7.1).
const SMALL_SEGMENT: u16 = 536;

/// Small packets pass, large ones vanish without a word.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "path-mtu-black-hole",
    stage: Stage::Connect,
    severity: Severity::Blocks,
    title: "The path loses large packets: small ones pass, the server's certificate does not",
    prior: 0,
    explains: &[],
    page: include_str!("path-mtu-black-hole.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    let Some(address) = client_address(evidence) else { return Detection::Unknown(Vec::new()) };
    let tries = client_tries(address);
    let Some(small) = small_segments(address) else { return Detection::Unknown(Vec::new()) };
    let stalled: Vec<Seen<'_>> = tries.iter().copied().filter(|(_, attempt)| stalled_in_tls(attempt)).collect();
    let Some((_, first)) = stalled.first() else { return Detection::RuledOut };
    if tries.iter().any(|(_, attempt)| attempt.completed_tls()) {
        return Detection::RuledOut;
    }
    let sentence =
        format!("X.224 was answered; then {} of the TLS handshake came in {}", arrived(first), span(first.ended_ms));
    let proof = Proof::of(sentence, facts(&stalled), 10);
    if let Some((index, retry)) = address.tries(&small).next() {
        return with_small_segments(address, proof, index, retry);
    }
    let mut proof = proof.want(Want::attempt(address.endpoint, small));
    proof.wants.extend(once_more(address).filter(|_| stalled.len() < 2));
    Detection::Likely(proof)
}

fn with_small_segments(address: AddressView<'_>, proof: Proof, index: usize, retry: &Attempt) -> Detection {
    let fact = [attempt_fact(index)];
    match &retry.ending {
        _ if retry.completed_tls() => {
            let text = format!("with segments limited to {SMALL_SEGMENT} bytes the handshake was completed");
            Detection::Confirmed(proof.and(text, fact, 30))
        }
        Ending::Silent => Detection::RuledOut,
        Ending::OurSystem { .. } => Detection::Likely(with_short_answer(address, proof).missing(
            "whether small segments get through: this system could not limit them; run the same command on Linux, or \
             try `ping -f -l 1372` and larger sizes from a Windows client",
        )),
        _ => {
            let text = format!("with segments limited to {SMALL_SEGMENT} bytes more of the handshake came through");
            Detection::Likely(proof.and(text, fact, 8))
        }
    }
}

/// Where segments cannot be limited: a hello that earns a short refusal and no certificate.
fn with_short_answer(address: AddressView<'_>, mut proof: Proof) -> Proof {
    let offer = unwanted();
    let Some((index, attempt)) = address.tries(&offer).next() else {
        return proof.want(Want::attempt(address.endpoint, offer));
    };
    if matches!(attempt.ending, Ending::Alert { .. }) {
        let text = "a ClientHello that no server takes is answered with an alert, which is short; one that earns a \
                    certificate is met with silence";
        proof = proof.and(text, [attempt_fact(index)], 10);
    }
    proof
}

/// What the client offers, with small segments; none before it has offered anything.
pub(super) fn small_segments(address: AddressView<'_>) -> Option<Offer> {
    address.first().map(|(_, first)| first.offer.clone().with_max_segment(SMALL_SEGMENT))
}

fn arrived(attempt: &Attempt) -> &'static str {
    let hello = attempt.tls.as_ref().is_some_and(|tls| tls.server_hello.is_some());
    if hello { "no more than the beginning" } else { "nothing" }
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    let host = &evidence.target.host;
    let measure = Remedy {
        title: "Find the largest packet that passes: lower the number until an answer comes, then add 28".into(),
        place: Place::Client,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![format!("ping -f -l 1472 {host}"), format!("ping -f -l 1372 {host}")],
        cmd: Vec::new(),
        undo: "nothing is changed".into(),
    };
    let network = ask_network(
        "Ask the network team to let ICMP \"fragmentation needed\" (type 3 code 4) and ICMPv6 \"packet too big\" (type 2) through, and to clamp the TCP MSS or lower the MTU of the tunnel on the way",
        "put the former rules and MTU back",
    );
    let bridge = Remedy {
        title: "Until then: send smaller packets from the server, until its next start".into(),
        place: Place::Server,
        safety: Safety::Manual,
        interrupts: "nothing for small packets; connections under way may stall for a moment".into(),
        commands: vec![
            "netsh interface ipv4 show subinterfaces".into(),
            r#"netsh interface ipv4 set subinterface "Ethernet" mtu=1300 store=active"#.into(),
        ],
        cmd: Vec::new(),
        undo: "the same line with the MTU that the first command showed, such as mtu=1500".into(),
    };
    vec![measure, network, bridge]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, Script};
    use crate::{Certainty, Verdict, judge};
    use rdpdoctor_protocol::negotiation::Protocols;
    use rdpdoctor_protocol::tls::{AlertDescription, AlertLevel};

    fn stalls(attempt: Script) -> Script {
        attempt.selects(Protocols::HYBRID_EX).starts_tls().ends(Ending::Silent)
    }

    fn completes(attempt: Script) -> Script {
        attempt.selects(Protocols::HYBRID_EX).completes_tls()
    }

    fn small() -> Offer {
        Offer::mstsc().with_max_segment(536)
    }

    #[test]
    fn fires_when_small_segments_get_through() {
        let diagnosis =
            judge(&Scene::at("10.0.0.5").client(stalls).client(stalls).tries(small(), completes).evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("path-mtu-black-hole", Certainty::Confirmed));
        assert_eq!((diagnosis.verdict, root.severity), (Verdict::Broken, Severity::Blocks));
    }

    #[test]
    fn near_miss_silence_with_small_segments_too() {
        let evidence = Scene::at("10.0.0.5").client(stalls).tries(small(), stalls).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
    }

    #[test]
    fn near_miss_a_second_try_that_gets_through_as_it_is() {
        let evidence = Scene::at("10.0.0.5").client(stalls).client(completes).tries(small(), completes).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
    }

    #[test]
    fn says_what_is_missing_where_segments_cannot_be_limited() {
        let ours = Ending::OurSystem { error: "not supported".into() };
        let evidence = Scene::at("10.0.0.5").client(stalls).tries(small(), |a| a.ends(ours)).evidence();
        let Detection::Likely(proof) = detect(&evidence) else { panic!("not measured is no answer") };
        assert!(proof.missing[0].contains("could not limit"));
    }

    #[test]
    fn a_short_answer_gets_through_where_segments_cannot_be_limited() {
        let ours = Ending::OurSystem { error: "not supported".into() };
        let scene = Scene::at("10.0.0.5").client(stalls).client(stalls).tries(small(), |a| a.ends(ours));
        let Detection::Likely(before) = detect(&scene.clone().evidence()) else { panic!("it still fits") };
        assert_eq!(before.wants, [Want::attempt(scene.clone().evidence().endpoints()[0], unwanted())]);
        let alert = Ending::Alert { level: AlertLevel::FATAL, description: AlertDescription::HANDSHAKE_FAILURE };
        let refuses = |a: Script| a.selects(Protocols::HYBRID_EX).starts_tls().ends(alert);
        let diagnosis = judge(&scene.tries(unwanted(), refuses).evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("path-mtu-black-hole", Certainty::Likely));
    }

    #[test]
    fn asks_for_small_segments_and_a_second_try() {
        let evidence = Scene::at("10.0.0.5").client(stalls).evidence();
        let Detection::Likely(proof) = detect(&evidence) else { panic!("silence alone is no proof") };
        let endpoint = evidence.endpoints()[0];
        assert_eq!(proof.wants, [Want::attempt(endpoint, small()), Want::repeat(endpoint, Offer::mstsc())]);
    }

    #[test]
    fn unknown_before_anything_was_tried() {
        assert_eq!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(Vec::new()));
    }
}
