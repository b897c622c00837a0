use super::cipher_suite_mismatch::SHORTEST_PRIME;
use super::offers::{ephemeral, mstsc_hello};
use super::remedies::{read_events, read_schannel, restore_suites, widen_xrdp};
use super::signs::{
    MstscFate, ask, choice, completed, cuts, ending, facts, in_tls, is_broken, is_static_rsa, mstsc_fate, mstsc_offers,
    refused_for_good, serving, shortest_prime,
};
use crate::evidence::{Evidence, ServerHelloSeen};
use crate::view::{AddressView, attempt_fact, client_first};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// OpenSSL from security level 2 on refuses shorter primes (NIST SP 800-57: 112 bits of strength).
const STRONG_PRIME: u16 = 2048;

/// The secrets of a connection are agreed on in a way that clients begin to refuse.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "weak-key-exchange",
    stage: Stage::Tls,
    severity: Severity::Degrades,
    title: "The server agrees on keys only in a weak way: static RSA, or Diffie-Hellman with a short prime",
    prior: 0,
    explains: &["handshake-reset"],
    page: include_str!("weak-key-exchange.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    client_first(evidence, detect_at)
}

fn detect_at(address: AddressView<'_>) -> Detection {
    if in_tls(address).is_empty() {
        return Detection::Unknown(Vec::new());
    }
    if let Some((index, bits)) = shortest_prime(address).filter(|(_, bits)| *bits < STRONG_PRIME) {
        return short_prime(address, index, bits);
    }
    match completed(address) {
        // What no current mstsc offers is a greater fault.
        Some(((index, attempt), chosen)) if is_static_rsa(chosen) && mstsc_offers(attempt, chosen) => {
            static_rsa(address, index, chosen)
        }
        _ => Detection::RuledOut,
    }
}

/// Static RSA by choice is one thing, having nothing else another.
fn static_rsa(address: AddressView<'_>, index: usize, chosen: &ServerHelloSeen) -> Detection {
    let offer = ephemeral();
    if serving(address, &offer).is_some() {
        return Detection::RuledOut;
    }
    let refused = cuts(address, &offer);
    let Some((_, first)) = refused.first() else {
        return Detection::Unknown(ask(address, offer, 1).into_iter().collect());
    };
    let text =
        format!("offered everything, the server chose {}: the key of its certificate does it all", choice(chosen));
    let only = format!("offered nothing but ephemeral key exchange, {}", ending(first));
    let clients = "IronRDP and other clients built on rustls cannot connect; those of Windows and FreeRDP still can";
    let proof = Proof::of(text, [attempt_fact(index)], 12).and(only, facts(&refused), 18);
    refused_for_good(address, &offer, proof.and(clients, Vec::new(), 0))
}

fn short_prime(address: AddressView<'_>, index: usize, bits: u16) -> Detection {
    let text = format!("the server's Diffie-Hellman prime has {bits} bits");
    let proof = Proof::of(text, [attempt_fact(index)], 20);
    let refused = cuts(address, &mstsc_hello());
    if is_broken(address) {
        // A longer prime does not explain that everything was cut off.
        let walls_off = bits < SHORTEST_PRIME && !refused.is_empty() && serving(address, &mstsc_hello()).is_none();
        return if walls_off { Detection::Likely(wall(proof, address)) } else { Detection::RuledOut };
    }
    match mstsc_fate(address) {
        MstscFate::Refused(_) if bits < SHORTEST_PRIME => {
            refused_for_good(address, &mstsc_hello(), wall(proof, address))
        }
        MstscFate::Untried(wants) => Detection::Likely(Proof { wants, ..degrades(proof) }),
        _ => Detection::Confirmed(degrades(proof)),
    }
}

fn wall(proof: Proof, address: AddressView<'_>) -> Proof {
    let refused = cuts(address, &mstsc_hello());
    let how = refused.first().map_or_else(String::new, |(_, attempt)| ending(attempt));
    proof
        .and(format!("to the hello of a current mstsc, which has no such exchange, {how}"), facts(&refused), 15)
        .and("Schannel takes no prime below 1024 bits, OpenSSL mostly none below 2048", Vec::new(), 0)
        .severity(Severity::Blocks)
}

fn degrades(proof: Proof) -> Proof {
    proof
        .and("FreeRDP from 3.27 on and hardened clients refuse primes below 2048 bits", Vec::new(), 0)
        .severity(Severity::Degrades)
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    let longer = Remedy {
        title: "Let Schannel make Diffie-Hellman keys of 2048 bits again, and restart Windows".into(),
        place: Place::Server,
        safety: Safety::Disruptive,
        interrupts: "Windows must be restarted: Schannel reads these values when it starts".into(),
        commands: vec![
            r"reg export 'HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL' C:\schannel-before.reg".into(),
            r"Remove-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\KeyExchangeAlgorithms\Diffie-Hellman' ServerMinKeyBitLength".into(),
            "Restart-Computer".into(),
        ],
        cmd: vec![
            r"reg export HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL C:\schannel-before.reg".into(),
            r"reg delete HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\KeyExchangeAlgorithms\Diffie-Hellman /v ServerMinKeyBitLength /f".into(),
            "shutdown /r /t 60".into(),
        ],
        undo: r"reg import C:\schannel-before.reg, and restart".into(),
    };
    vec![read_schannel(), restore_suites(), longer, widen_xrdp(), read_events()]
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;
    use rdpdoctor_protocol::tls::{CipherSuite, ProtocolVersion};

    use super::*;
    use crate::evidence::{Ending, KeyExchangeSeen};
    use crate::testing::{Scene, Script};
    use crate::{Certainty, Verdict, Want, judge};

    const STATIC_RSA: CipherSuite = CipherSuite(0x009d);
    const DHE: CipherSuite = CipherSuite(0x009e);

    fn chooses(suite: CipherSuite) -> impl Fn(Script) -> Script {
        move |a| a.selects(Protocols::HYBRID_EX).completes(ProtocolVersion::TLS12, suite)
    }

    fn with_prime(bits: u16) -> impl Fn(Script) -> Script {
        let exchange = KeyExchangeSeen { prime_bits: Some(bits), verified: Some(true), ..KeyExchangeSeen::default() };
        move |a| chooses(DHE)(a).exchanges(exchange)
    }

    fn cut_off(attempt: Script) -> Script {
        attempt.selects(Protocols::HYBRID_EX).starts_tls().ends(Ending::Fin)
    }

    fn takes_mstsc(attempt: Script) -> Script {
        attempt.selects(Protocols::HYBRID_EX).answers_hello(ProtocolVersion::TLS12, CipherSuite(0xc030))
    }

    #[test]
    fn fires_on_static_rsa_alone() {
        let scene =
            Scene::at("10.0.0.5").client(chooses(STATIC_RSA)).tries(ephemeral(), cut_off).tries(ephemeral(), cut_off);
        let diagnosis = judge(&scene.evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("weak-key-exchange", Certainty::Confirmed));
        assert_eq!(diagnosis.verdict, Verdict::Warning);
    }

    #[test]
    fn near_miss_static_rsa_by_preference() {
        let scene = Scene::at("10.0.0.5").client(chooses(STATIC_RSA)).tries(ephemeral(), takes_mstsc);
        assert_eq!(detect(&scene.clone().evidence()), Detection::RuledOut);
        assert_eq!(judge(&scene.evidence()).verdict, Verdict::Healthy);
    }

    #[test]
    fn a_prime_of_512_bits_is_a_wall_where_nothing_else_is_taken() {
        let scene = Scene::at("10.0.0.5").client(with_prime(512));
        let alone = judge(&scene.clone().tries(mstsc_hello(), cut_off).evidence());
        assert_eq!((alone.root().unwrap().cause.id, alone.verdict), ("weak-key-exchange", Verdict::Broken));
        let beside = judge(&scene.tries(mstsc_hello(), takes_mstsc).evidence());
        assert_eq!((beside.root().unwrap().cause.id, beside.verdict), ("weak-key-exchange", Verdict::Warning));
    }

    #[test]
    fn near_miss_a_prime_of_2048_bits() {
        let scene = Scene::at("10.0.0.5").client(with_prime(2048)).tries(mstsc_hello(), takes_mstsc);
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn unknown_until_ephemeral_exchange_was_asked_for() {
        let evidence = Scene::at("10.0.0.5").client(chooses(STATIC_RSA)).evidence();
        let want = Want::attempt(evidence.endpoints()[0], ephemeral());
        assert_eq!(detect(&evidence), Detection::Unknown(vec![want]));
        assert_eq!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(Vec::new()));
    }
}
