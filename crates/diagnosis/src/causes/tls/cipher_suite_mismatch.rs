use super::offers::mstsc_hello;
use super::remedies::{read_events, read_schannel, restore_suites, widen_xrdp};
use super::rounds::{Pattern, next_offers, pattern, taken_instead};
use super::signs::{
    MstscFate, choice, completed, cuts, ending, facts, is_broken, mstsc_fate, mstsc_speaks, refusal, refused_for_good,
    shortest_prime,
};
use crate::evidence::{Attempt, Evidence, ServerHelloSeen};
use crate::view::{AddressView, attempt_fact, client_first};
use crate::{Cause, Detection, Proof, Remedy, Severity, Stage};

/// Shorter primes are refused by every current client, which is another fault than having no suite in common.
pub(super) const SHORTEST_PRIME: u16 = 1024;

/// Client and server have a TLS version in common, and no cipher suite, group or signature scheme.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "cipher-suite-mismatch",
    stage: Stage::Tls,
    severity: Severity::Blocks,
    title: "Current clients and the server have no cipher suite in common",
    prior: 0,
    explains: &["handshake-reset"],
    page: include_str!("cipher-suite-mismatch.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    client_first(evidence, detect_at)
}

fn detect_at(address: AddressView<'_>) -> Detection {
    if shortest_prime(address).is_some_and(|(_, bits)| bits < SHORTEST_PRIME) {
        return Detection::RuledOut;
    }
    if let Some((seen, chosen)) = completed(address) {
        return if mstsc_speaks(chosen.version) {
            after_completion(address, seen, chosen)
        } else {
            Detection::RuledOut
        };
    }
    if !is_broken(address) {
        return Detection::Unknown(Vec::new());
    }
    match pattern(address) {
        Some(Pattern::Suite) => {
            let text = "cut off";
            taken_instead(address, refusal(Proof::default(), text, &cuts(address, &mstsc_hello())))
        }
        Some(_) => Detection::RuledOut,
        None => {
            let wants = next_offers(address);
            if wants.is_empty() { Detection::RuledOut } else { Detection::Unknown(wants) }
        }
    }
}

fn after_completion(
    address: AddressView<'_>,
    (index, attempt): (usize, &Attempt),
    chosen: &ServerHelloSeen,
) -> Detection {
    match mstsc_fate(address) {
        MstscFate::Taken => Detection::RuledOut,
        MstscFate::Untried(wants) => Detection::Unknown(wants),
        MstscFate::Refused(cut_off) => {
            let group = attempt.tls.as_ref().and_then(|tls| tls.key_exchange?.group);
            let group = group.map_or_else(String::new, |group| format!(" and the group {group}"));
            let text = format!("offered every suite of OpenSSL, the server chose {}{group}", choice(chosen));
            let how = cut_off.first().map_or_else(String::new, |(_, attempt)| ending(attempt));
            let text_of_mstsc = format!("to the hello of a current mstsc, which offers no such thing, {how}");
            let proof = Proof::of(text, [attempt_fact(index)], 12).and(text_of_mstsc, facts(&cut_off), 18);
            refused_for_good(address, &mstsc_hello(), proof)
        }
    }
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![read_schannel(), restore_suites(), widen_xrdp(), read_events()]
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;
    use rdpdoctor_protocol::tls::{AlertDescription, AlertLevel, CipherSuite, NamedGroup, ProtocolVersion};

    use super::*;
    use crate::evidence::{Ending, KeyExchangeSeen};
    use crate::testing::{Scene, Script};
    use crate::{Certainty, Verdict, Want, judge};

    const CAMELLIA: CipherSuite = CipherSuite(0x0084);

    fn odd(attempt: Script) -> Script {
        attempt.selects(Protocols::HYBRID_EX).completes(ProtocolVersion::TLS12, CAMELLIA)
    }

    fn cut_off(ending: Ending) -> impl Fn(Script) -> Script {
        move |a| a.selects(Protocols::HYBRID_EX).starts_tls().ends(ending.clone())
    }

    #[test]
    fn fires_whether_mstsc_meets_an_alert_a_fin_or_a_rst() {
        let alert = Ending::Alert { level: AlertLevel::FATAL, description: AlertDescription::HANDSHAKE_FAILURE };
        for ending in [alert, Ending::Fin, Ending::Reset] {
            let scene = Scene::at("10.0.0.5").client(odd).tries(mstsc_hello(), cut_off(ending.clone()));
            let scene = scene.tries(mstsc_hello(), cut_off(ending));
            let diagnosis = judge(&scene.evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.certainty), ("cipher-suite-mismatch", Certainty::Confirmed));
            assert_eq!(diagnosis.verdict, Verdict::Broken);
            assert!(root.proof.items[0].text.contains("CAMELLIA"));
        }
    }

    #[test]
    fn near_miss_an_odd_choice_of_a_server_that_takes_mstsc_too() {
        let takes =
            |a: Script| a.selects(Protocols::HYBRID_EX).answers_hello(ProtocolVersion::TLS12, CipherSuite(0xc030));
        let scene = Scene::at("10.0.0.5").client(odd).tries(mstsc_hello(), takes);
        assert_eq!(detect(&scene.clone().evidence()), Detection::RuledOut);
        assert_eq!(judge(&scene.evidence()).verdict, Verdict::Healthy);
    }

    #[test]
    fn a_group_that_mstsc_lacks_is_asked_about() {
        let exchange = KeyExchangeSeen { group: Some(NamedGroup::SECP521R1), ..KeyExchangeSeen::default() };
        let scene =
            Scene::at("10.0.0.5").client(|a| a.selects(Protocols::HYBRID_EX).completes_tls().exchanges(exchange));
        let evidence = scene.evidence();
        let want = Want::attempt(evidence.endpoints()[0], mstsc_hello());
        assert_eq!(detect(&evidence), Detection::Unknown(vec![want]));
    }

    #[test]
    fn near_miss_what_mstsc_offers_needs_no_question() {
        let evidence = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::HYBRID_EX).completes_tls()).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
    }

    #[test]
    fn unknown_until_mstscs_hello_was_tried() {
        let evidence = Scene::at("10.0.0.5").client(odd).evidence();
        let want = Want::attempt(evidence.endpoints()[0], mstsc_hello());
        assert_eq!(detect(&evidence), Detection::Unknown(vec![want]));
        assert_eq!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(Vec::new()));
    }
}
