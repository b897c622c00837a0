use rdpdoctor_protocol::tls::ProtocolVersion;

use super::offers::mstsc_hello;
use super::remedies::{enable_tls12, read_events, read_schannel, widen_xrdp};
use super::rounds::{Pattern, next_offers, pattern, taken_instead};
use super::signs::{
    MstscFate, choice, completed, cuts, ending, facts, is_broken, mstsc_fate, mstsc_speaks, refusal, refused_for_good,
};
use crate::evidence::{Evidence, ServerHelloSeen};
use crate::view::{AddressView, attempt_fact, client_first};
use crate::{Cause, Detection, Proof, Remedy, Severity, Stage};

/// Client and server have no TLS version in common, or only one that is on its way out.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "tls-version-mismatch",
    stage: Stage::Tls,
    severity: Severity::Blocks,
    title: "The server speaks only TLS versions that current clients have given up or are giving up",
    prior: 0,
    explains: &["handshake-reset"],
    page: include_str!("tls-version-mismatch.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    client_first(evidence, detect_at)
}

fn detect_at(address: AddressView<'_>) -> Detection {
    if let Some(((index, _), chosen)) = completed(address) {
        return after_completion(address, index, chosen);
    }
    if !is_broken(address) {
        return Detection::Unknown(Vec::new());
    }
    match pattern(address) {
        Some(Pattern::Version) => {}
        Some(_) => return Detection::RuledOut,
        None => {
            let wants = next_offers(address);
            return if wants.is_empty() { Detection::RuledOut } else { Detection::Unknown(wants) };
        }
    }
    let text = "cut off whenever newer versions are on offer";
    taken_instead(address, refusal(Proof::default(), text, &cuts(address, &mstsc_hello())))
}

fn after_completion(address: AddressView<'_>, index: usize, chosen: &ServerHelloSeen) -> Detection {
    let text = format!("offered SSL 3.0 to TLS 1.3, the server chose {}", choice(chosen));
    let proof = Proof::of(text, [attempt_fact(index)], 12);
    if mstsc_speaks(chosen.version) {
        let outdated = chosen.version < ProtocolVersion::TLS12;
        let text = "current Windows clients still speak it unless it was switched off there; FreeRDP from 3.27 on, \
                    IronRDP and hardened Windows do not";
        let proof = proof.and(text, Vec::new(), 6).severity(Severity::Degrades);
        return if outdated { Detection::Confirmed(proof) } else { Detection::RuledOut };
    }
    match mstsc_fate(address) {
        MstscFate::Taken => Detection::RuledOut,
        MstscFate::Untried(wants) => Detection::Unknown(wants),
        MstscFate::Refused(cut_off) => {
            let how = cut_off.first().map_or_else(String::new, |(_, attempt)| ending(attempt));
            let proof = proof.and(format!("to the hello of a current mstsc {how}"), facts(&cut_off), 18);
            refused_for_good(address, &mstsc_hello(), proof)
        }
    }
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    vec![read_schannel(), enable_tls12(), widen_xrdp(), read_events()]
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;
    use rdpdoctor_protocol::tls::CipherSuite;

    use super::*;
    use crate::evidence::Ending;
    use crate::testing::{Scene, Script};
    use crate::{Certainty, Verdict, Want, judge};

    fn speaks(version: ProtocolVersion, suite: u16) -> impl Fn(Script) -> Script {
        move |a| a.selects(Protocols::HYBRID_EX).completes(version, CipherSuite(suite))
    }

    fn cut_off(attempt: Script) -> Script {
        attempt.selects(Protocols::HYBRID_EX).starts_tls().ends(Ending::Reset)
    }

    #[test]
    fn fires_on_ssl_3_alone() {
        let scene = Scene::at("10.0.0.5")
            .client(speaks(ProtocolVersion::SSL3, 0x000a))
            .tries(mstsc_hello(), cut_off)
            .tries(mstsc_hello(), cut_off);
        let diagnosis = judge(&scene.evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("tls-version-mismatch", Certainty::Confirmed));
        assert_eq!(diagnosis.verdict, Verdict::Broken);
        assert!(root.proof.items[0].text.contains("SSL 3.0"));
    }

    #[test]
    fn near_miss_tls_1_0_and_1_1_only_warn() {
        for version in [ProtocolVersion::TLS10, ProtocolVersion::TLS11] {
            let diagnosis = judge(&Scene::at("10.0.0.5").client(speaks(version, 0xc014)).evidence());
            assert_eq!(diagnosis.verdict, Verdict::Warning);
            assert_eq!(diagnosis.root().unwrap().cause.id, "tls-version-mismatch");
        }
    }

    #[test]
    fn near_miss_tls_1_3_alone_is_healthy() {
        let evidence = Scene::at("10.0.0.5").client(speaks(ProtocolVersion::TLS13, 0x1302)).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
        assert_eq!(judge(&evidence).verdict, Verdict::Healthy);
    }

    #[test]
    fn unknown_until_mstscs_hello_was_tried() {
        let evidence = Scene::at("10.0.0.5").client(speaks(ProtocolVersion::SSL3, 0x000a)).evidence();
        let want = Want::attempt(evidence.endpoints()[0], mstsc_hello());
        assert_eq!(detect(&evidence), Detection::Unknown(vec![want]));
        assert_eq!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(Vec::new()));
    }
}
