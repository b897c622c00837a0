use super::signs::{
    Seen, ask_network, client_tries, facts, got_answer, look_on_server, once_more, syn_retransmitted, telling,
};
use crate::evidence::{Attempt, Ending, Evidence};
use crate::view::{AddressView, attempt_fact, client_first};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// The same request has different fates.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "unstable-path",
    stage: Stage::Connect,
    severity: Severity::Degrades,
    title: "Connections get through only some of the time, or only after packets were lost",
    prior: 0,
    explains: &[],
    page: include_str!("unstable-path.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    client_first(evidence, at)
}

fn at(address: AddressView<'_>) -> Detection {
    let seen = telling(address);
    let tries = client_tries(address);
    let Some((_, first)) = tries.first() else { return Detection::Unknown(Vec::new()) };
    let late: Vec<Seen<'_>> = seen.iter().copied().filter(|(_, attempt)| syn_retransmitted(attempt)).collect();
    if let Some((failed, answered)) = contradiction(&seen) {
        let text = "the same request failed on one connection and was answered on another";
        let proof = Proof::of(text, [attempt_fact(failed.0), attempt_fact(answered.0)], 20);
        return Detection::Likely(if late.is_empty() { proof } else { slow(proof, &late, 4) });
    }
    match late.len() {
        0 if tries.len() == 1 && is_cut_off(first) => Detection::Unknown(once_more(address).into_iter().collect()),
        0 => Detection::RuledOut,
        // One lost packet happens on every path.
        1 => Detection::Likely(slow(Proof::default(), &late, 5)),
        _ => Detection::Likely(slow(Proof::default(), &late, 12)),
    }
}

/// Two attempts with equal offers of which one failed as a lost connection does and the other was answered.
fn contradiction<'a>(seen: &[Seen<'a>]) -> Option<(Seen<'a>, Seen<'a>)> {
    let failed = seen.iter().copied().filter(|(_, attempt)| is_cut_off(attempt));
    let mut pairs = failed.filter_map(|failed| {
        let answered = |(_, other): &Seen<'_>| other.offer == failed.1.offer && got_answer(other);
        seen.iter().copied().find(answered).map(|answered| (failed, answered))
    });
    pairs.next()
}

fn is_cut_off(attempt: &Attempt) -> bool {
    matches!(
        attempt.ending,
        Ending::Silent | Ending::Refused | Ending::Unreachable { .. } | Ending::Fin | Ending::Reset
    )
}

fn slow(proof: Proof, late: &[Seen<'_>], decibans: i16) -> Proof {
    let longest = late.iter().filter_map(|(_, attempt)| attempt.connected.as_ref()).map(|connected| connected.after_ms);
    let longest = longest.fold(0.0, f64::max) / 1000.0;
    let text =
        format!("{} SYNs were answered only after they had been sent again, up to {longest:.1} s late", late.len());
    proof.and(text, facts(late), decibans)
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    let host = &evidence.target.host;
    let client = Remedy {
        title: "Measure the loss from here, and try a cable in place of Wi-Fi or the path without VPN".into(),
        place: Place::Client,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![format!("ping -n 50 {host}"), format!("pathping -n {host}")],
        cmd: Vec::new(),
        undo: "nothing is changed".into(),
    };
    let server = look_on_server(
        "Look for discarded packets and a wrong link speed on the server, and for a service that restarts",
        vec![
            "Get-NetAdapterStatistics | Format-List Name, ReceivedDiscardedPackets, ReceivedPacketErrors, OutboundDiscardedPackets".into(),
            "Get-NetAdapter | Format-Table Name, Status, LinkSpeed".into(),
            "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Service Control Manager'; Id=7031,7034} -MaxEvents 10".into(),
        ],
        vec!["netstat -e".into()],
    );
    let title =
        format!("Ask the network team about loss between this network and {host}, with times and the measurement");
    vec![client, server, ask_network(title, "nothing is changed")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Offer;
    use crate::testing::{Scene, Script};
    use crate::{Certainty, Verdict, Want, judge};
    use rdpdoctor_protocol::negotiation::Protocols;

    fn served(attempt: Script) -> Script {
        attempt.selects(Protocols::HYBRID_EX).completes_tls()
    }

    fn fails(ending: Ending) -> impl Fn(Script) -> Script {
        move |attempt| attempt.ends(ending.clone())
    }

    #[test]
    fn fires_when_equal_requests_fare_differently() {
        for ending in [Ending::Silent, Ending::Refused, Ending::Reset] {
            let diagnosis = judge(&Scene::at("10.0.0.5").client(fails(ending)).client(served).evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.certainty), ("unstable-path", Certainty::Likely));
            assert_eq!(diagnosis.verdict, Verdict::Warning);
        }
    }

    #[test]
    fn near_miss_one_slow_syn_leaves_a_server_healthy() {
        for after in [1010.0, 3020.0] {
            let evidence = Scene::at("10.0.0.5").client(|a| served(a.connects_after(after))).evidence();
            assert_eq!(judge(&evidence).verdict, Verdict::Healthy);
            let Detection::Likely(proof) = detect(&evidence) else { panic!("a lost SYN is worth a word") };
            assert!(proof.wants.is_empty());
        }
    }

    #[test]
    fn near_miss_a_path_that_is_only_long() {
        let mut evidence = Scene::at("10.0.0.5").client(|a| served(a.connects_after(950.0))).evidence();
        evidence.attempts[0].negotiated.as_mut().unwrap().after_ms = 940.0;
        assert_eq!(detect(&evidence), Detection::RuledOut);
    }

    #[test]
    fn near_miss_different_requests_may_fare_differently() {
        let scene = Scene::at("10.0.0.5").client(served).asks(Protocols::SSL, |a| a.connects().ends(Ending::Fin));
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn unknown_until_a_failed_request_was_repeated() {
        let evidence = Scene::at("10.0.0.5").client(fails(Ending::Silent)).evidence();
        let again = Want::repeat(evidence.endpoints()[0], Offer::mstsc());
        assert_eq!(detect(&evidence), Detection::Unknown(vec![again]));
        assert_eq!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(Vec::new()));
    }
}
