use super::offers::{self, mstsc_hello};
use super::remedies::{read_events, read_xrdp};
use super::rounds::{Pattern, next_offers, pattern};
use super::signs::{Seen, cut, cuts, ending, facts, in_tls, is_broken, is_unstable, served, serving};
use crate::evidence::{Ending, Evidence, Offer};
use crate::view::{AddressView, attempt_fact, client_first};
use crate::{Cause, Detection, Proof, Remedy, Severity, Stage};

/// TLS is begun and cut off; why, the evidence does not settle.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "handshake-reset",
    stage: Stage::Tls,
    severity: Severity::Blocks,
    title: "The server side ends the connection during the TLS handshake",
    prior: 0,
    explains: &[],
    page: include_str!("handshake-reset.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    client_first(evidence, detect_at)
}

fn detect_at(address: AddressView<'_>) -> Detection {
    let offer = Offer::mstsc();
    if address.tries(&offer).all(|(_, attempt)| attempt.tls.is_none()) {
        let is_over = address.tries(&offer).any(|(_, attempt)| !matches!(attempt.ending, Ending::OurSystem { .. }));
        return if is_over { Detection::RuledOut } else { Detection::Unknown(Vec::new()) };
    }
    let cut_off = cuts(address, &offer);
    if !is_broken(address) {
        return now_and_then(address, &cut_off);
    }
    let Some((index, attempt)) = cut_off.first() else { return Detection::RuledOut };
    let chosen = attempt.selected().map_or_else(String::new, |selected| format!("the server chose {selected}; "));
    let mut proof = Proof::of(format!("{chosen}{}", ending(attempt)), [attempt_fact(*index)], 12);
    if let Some((again, attempt)) = cut_off.get(1) {
        proof = proof.and(format!("on another try {}", ending(attempt)), [attempt_fact(*again)], 6);
    }
    proof = with_other_offers(proof, address);
    proof.wants = next_offers(address);
    if !proof.wants.is_empty() {
        proof = proof.missing(
            "which offers the server would take: not every TLS version and group of cipher suites was tried, so a \
             mismatch, an unusable private key and a device on the way still look the same",
        );
    }
    proof = proof.missing(
        "the server's own reason: System events 36870, 36871, 36874 and 36888 of Schannel, 1057 and 1058 of \
         TerminalServices-RemoteConnectionManager, read with the commands below",
    );
    // Whoever takes the hello of a current mstsc may let it in.
    let takes_mstsc = serving(address, &mstsc_hello()).is_some();
    Detection::Likely(if takes_mstsc { proof.severity(Severity::Degrades) } else { proof })
}

/// An alert is the server's own word, so that no lossy path explains it: another of several servers behind one address does.
/// Connections that only break off now and then are `unstable-path`.
fn now_and_then(address: AddressView<'_>, cut_off: &[Seen<'_>]) -> Detection {
    let alert = cut_off.iter().find(|(_, attempt)| matches!(attempt.ending, Ending::Alert { .. }));
    let offer = Offer::mstsc();
    let completed = address.tries(&offer).find(|(_, attempt)| attempt.completed_tls());
    let (Some((index, attempt)), Some((again, _))) = (alert, completed) else { return Detection::RuledOut };
    let proof = Proof::of(ending(attempt), [attempt_fact(*index)], 12);
    let proof = proof.and("another try with the same offer was completed", [attempt_fact(again)], 0);
    Detection::Likely(proof.severity(Severity::Degrades).missing(
        "whether several servers share the address: run `rdpdoctor diagnose` on each of them by its own address",
    ))
}

/// What became of the other offers, in one sentence each for those that were taken and those that were not.
fn with_other_offers(mut proof: Proof, address: AddressView<'_>) -> Proof {
    let others: Vec<Seen<'_>> =
        in_tls(address).into_iter().filter(|(_, attempt)| attempt.offer != Offer::mstsc()).collect();
    let (taken, rest): (Vec<Seen<'_>>, Vec<Seen<'_>>) = others.into_iter().partition(|(_, attempt)| served(attempt));
    let refused: Vec<Seen<'_>> = rest.into_iter().filter(|(_, attempt)| cut(attempt)).collect();
    if !refused.is_empty() {
        proof = proof.and(format!("cut off as well: {}", names(&refused)), facts(&refused), 0);
    }
    if !taken.is_empty() {
        proof = proof.and(format!("taken: {}", names(&taken)), facts(&taken), 0);
    }
    if is_unstable(address) {
        proof = proof.and("one and the same offer was cut off once and taken another time", Vec::new(), 0);
    }
    if pattern(address) == Some(Pattern::Size) {
        let text = "a short hello is answered, and the same hello padded is cut off: it depends on the size, as with \
                    a device on the way that cannot take a large ClientHello";
        proof = proof.and(text, Vec::new(), 4);
    }
    proof
}

fn names(attempts: &[Seen<'_>]) -> String {
    let mut names: Vec<String> = Vec::new();
    for (_, attempt) in attempts {
        let name = offers::name(&attempt.offer);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join("; ")
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![read_events(), read_xrdp()]
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;
    use rdpdoctor_protocol::tls::{AlertDescription, AlertLevel, CipherSuite, ProtocolVersion};

    use super::*;
    use crate::testing::{Scene, Script};
    use crate::{Certainty, Verdict, Want, judge};

    fn ends_in_tls(ending: Ending) -> impl Fn(Script) -> Script {
        move |a| a.selects(Protocols::HYBRID_EX).starts_tls().ends(ending.clone())
    }

    #[test]
    fn fires_as_a_warning_when_an_equal_offer_is_completed_after_an_alert() {
        let alert = Ending::Alert { level: AlertLevel::FATAL, description: AlertDescription::HANDSHAKE_FAILURE };
        let served = |a: Script| a.selects(Protocols::HYBRID_EX).completes_tls();
        let diagnosis = judge(&Scene::at("10.0.0.5").client(ends_in_tls(alert)).client(served).evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty, diagnosis.verdict), (CAUSE.id, Certainty::Likely, Verdict::Warning));
    }

    fn twice(ending: &Ending) -> Scene {
        Scene::at("10.0.0.5").client(ends_in_tls(ending.clone())).client(ends_in_tls(ending.clone()))
    }

    #[test]
    fn fires_however_the_handshake_is_cut_off() {
        let alert = Ending::Alert { level: AlertLevel(2), description: AlertDescription(40) };
        let malformed = Ending::Malformed { what: "TLS record type 72".into() };
        for ending in [Ending::Fin, Ending::Reset, alert, malformed] {
            let diagnosis = judge(&twice(&ending).evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.certainty), ("handshake-reset", Certainty::Likely), "{ending:?}");
            assert_eq!(diagnosis.verdict, Verdict::Broken);
        }
    }

    #[test]
    fn the_proof_says_how_and_where_and_what_is_missing() {
        let Detection::Likely(proof) = detect(&twice(&Ending::Reset).evidence()) else { panic!("never proof") };
        let first = &proof.items[0].text;
        assert!(first.contains("RST") && first.contains("ClientHello"), "{first}");
        assert!(proof.missing.iter().any(|text| text.contains("36870")));
        assert!(proof.missing.iter().any(|text| text.contains("not every TLS version")));
    }

    #[test]
    fn near_miss_silence_is_not_cutting_off() {
        assert_eq!(detect(&twice(&Ending::Silent).evidence()), Detection::RuledOut);
    }

    #[test]
    fn a_second_try_that_falls_silent_adds_nothing() {
        let scene = Scene::at("10.0.0.5").client(ends_in_tls(Ending::Silent)).client(ends_in_tls(Ending::Reset));
        let Detection::Likely(proof) = detect(&scene.evidence()) else { panic!("one of two was cut off") };
        assert_eq!((proof.items.len(), proof.items[0].facts[0].as_str()), (1, "/evidence/attempts/1"));
    }

    #[test]
    fn near_miss_a_second_try_that_completes() {
        let scene = Scene::at("10.0.0.5")
            .client(ends_in_tls(Ending::Reset))
            .client(|a| a.selects(Protocols::HYBRID_EX).completes_tls());
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn near_miss_a_reset_before_the_confirm() {
        let scene = Scene::at("10.0.0.5").client(|a| a.connects().ends(Ending::Reset));
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn asks_for_a_second_try_and_other_offers_after_the_first() {
        let evidence = Scene::at("10.0.0.5").client(ends_in_tls(Ending::Fin)).evidence();
        let Detection::Likely(proof) = detect(&evidence) else { panic!("never proof") };
        let endpoint = evidence.endpoints()[0];
        let first = Want::repeat(endpoint, Offer::mstsc());
        let others = [mstsc_hello(), offers::below_tls13()].map(|offer| Want::attempt(endpoint, offer));
        assert_eq!(proof.wants, [vec![first], others.to_vec()].concat());
    }

    #[test]
    fn a_server_that_takes_the_hello_of_mstsc_only_degrades() {
        let scene = twice(&Ending::Reset).tries(mstsc_hello(), |a| {
            a.selects(Protocols::HYBRID_EX).answers_hello(ProtocolVersion::TLS13, CipherSuite(0x1302))
        });
        let Detection::Likely(proof) = detect(&scene.evidence()) else { panic!("never proof") };
        assert_eq!(proof.severity, Some(Severity::Degrades));
    }

    #[test]
    fn unknown_before_tls_was_tried() {
        assert!(matches!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(_)));
    }
}
