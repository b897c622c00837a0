use rdpdoctor_protocol::tls::ProtocolVersion;

use super::offers::{self, below_tls13, without_tls13};
use super::remedies::{read_events, widen_xrdp};
use super::rounds::{Pattern, next_offers, pattern};
use super::signs::{Seen, ask, completed, ending, facts, in_tls, is_broken, served};
use crate::evidence::{Evidence, Offer};
use crate::view::{AddressView, client_first};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// The server cuts off whoever offers TLS 1.3.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "tls13-breaks-server",
    stage: Stage::Tls,
    severity: Severity::Blocks,
    title: "The server cuts off clients that offer TLS 1.3, instead of choosing an older version",
    prior: 0,
    explains: &["handshake-reset"],
    page: include_str!("tls13-breaks-server.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    client_first(evidence, detect_at)
}

fn detect_at(address: AddressView<'_>) -> Detection {
    let seen = in_tls(address);
    if seen.is_empty() || completed(address).is_some() {
        return if seen.is_empty() { Detection::Unknown(Vec::new()) } else { Detection::RuledOut };
    }
    if pattern(address) != Some(Pattern::Tls13) {
        let wants = next_offers(address);
        let open = is_broken(address) && !wants.is_empty();
        return if open { Detection::Unknown(wants) } else { Detection::RuledOut };
    }
    let (with, without): (Vec<Seen<'_>>, Vec<Seen<'_>>) =
        seen.into_iter().partition(|(_, attempt)| offers::offers(&attempt.offer, ProtocolVersion::TLS13));
    let taken: Vec<Seen<'_>> = without.into_iter().filter(|(_, attempt)| served(attempt)).collect();
    let (Some((_, first)), Some((_, other))) = (with.first(), taken.first()) else { return Detection::RuledOut };
    let proof = Proof::of(format!("whenever TLS 1.3 is on offer, {}", ending(first)), facts(&with), 10);
    let chosen = other.tls.as_ref().and_then(|tls| tls.server_hello.as_ref());
    let chosen = chosen.map_or_else(String::new, |hello| format!(" and chose {}", super::signs::choice(hello)));
    let mut proof = proof.and(format!("without TLS 1.3 the server goes on{chosen}"), facts(&taken), 12);
    if with.len() > 2 && taken.len() > 1 {
        return Detection::Confirmed(proof.and("it was the same every time", Vec::new(), 8));
    }
    let again = [(Offer::mstsc(), 2), (offers::mstsc_hello(), 1), (below_tls13(), 1), (without_tls13(), 1)];
    proof.wants = again.into_iter().filter_map(|(offer, times)| ask(address, offer, times)).collect();
    Detection::Likely(proof)
}

fn remedies(_: &Evidence) -> Vec<Remedy> {
    let remove = Remedy {
        title: "Before Windows 11 and Server 2022: take away the values that force TLS 1.3 on, and restart Windows".into(),
        place: Place::Server,
        safety: Safety::Disruptive,
        interrupts: "Windows must be restarted: Schannel reads these values when it starts".into(),
        commands: vec![
            "[Environment]::OSVersion.Version".into(),
            r"reg export 'HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL' C:\schannel-before.reg".into(),
            r"Remove-Item 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.3' -Recurse".into(),
            "Restart-Computer".into(),
        ],
        cmd: vec![
            "ver".into(),
            r"reg export HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL C:\schannel-before.reg".into(),
            r#"reg delete "HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.3" /f"#.into(),
            "shutdown /r /t 60".into(),
        ],
        undo: r"reg import C:\schannel-before.reg, and restart".into(),
    };
    let device = Remedy {
        title:
            "Where a firewall or balancer stands before the server: have it updated, or let RDP pass without inspection"
                .into(),
        place: Place::Network,
        safety: Safety::Manual,
        interrupts: String::new(),
        commands: Vec::new(),
        cmd: Vec::new(),
        undo: "take the exemption back".into(),
    };
    vec![remove, device, widen_xrdp(), read_events()]
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use super::*;
    use crate::evidence::Ending;
    use crate::testing::{Scene, Script};
    use crate::{Certainty, Verdict, judge};

    fn cut_off(attempt: Script) -> Script {
        attempt.selects(Protocols::HYBRID_EX).starts_tls().ends(Ending::Reset)
    }

    fn served(attempt: Script) -> Script {
        attempt.selects(Protocols::HYBRID_EX).completes_tls()
    }

    fn intolerant() -> Scene {
        let scene = Scene::at("10.0.0.5").client(cut_off).client(cut_off);
        scene.tries(offers::mstsc_hello(), cut_off).tries(below_tls13(), served)
    }

    #[test]
    fn fires_when_only_hellos_with_tls_1_3_are_cut_off() {
        let diagnosis = judge(&intolerant().tries(without_tls13(), served).evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("tls13-breaks-server", Certainty::Confirmed));
        assert_eq!(diagnosis.verdict, Verdict::Broken);
    }

    #[test]
    fn is_likely_before_it_was_seen_often_enough() {
        let Detection::Likely(proof) = detect(&intolerant().evidence()) else { panic!("once is not proof") };
        assert_eq!(proof.wants.len(), 1);
    }

    #[test]
    fn near_miss_cut_off_without_tls_1_3_too() {
        let scene = intolerant().tries(offers::modern(), cut_off);
        assert!(matches!(detect(&scene.evidence()), Detection::RuledOut | Detection::Unknown(_)));
    }

    #[test]
    fn near_miss_tls_1_3_on_another_try() {
        let scene = intolerant().client(served);
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn unknown_before_tls_was_tried_without_1_3() {
        assert_eq!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(Vec::new()));
        let evidence = Scene::at("10.0.0.5").client(cut_off).evidence();
        let Detection::Unknown(wants) = detect(&evidence) else { panic!("one try tells nothing") };
        assert!(wants.contains(&crate::Want::attempt(evidence.endpoints()[0], below_tls13())));
    }
}
