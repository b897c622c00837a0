use super::path_mtu_black_hole::small_segments;
use super::signs::{
    Seen, client_tries, facts, look_on_server, once_more, restart_service, silent_before_confirm, span, stalled_in_tls,
};
use crate::causes::tls::offers::below_tls13;
use crate::evidence::{Attempt, Ending, Evidence};
use crate::view::{AddressView, client_first};
use crate::{Cause, Detection, Proof, Remedy, Severity, Stage, Want};

/// TCP is taken, and then nobody says anything.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "server-unresponsive",
    stage: Stage::Connect,
    severity: Severity::Blocks,
    title: "The connection is accepted, and then the server stays silent",
    prior: 0,
    explains: &[],
    page: include_str!("server-unresponsive.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    client_first(evidence, at)
}

fn at(address: AddressView<'_>) -> Detection {
    let tries = client_tries(address);
    if tries.is_empty() {
        return Detection::Unknown(Vec::new());
    }
    let silent: Vec<Seen<'_>> = tries.iter().copied().filter(|(_, attempt)| silent_before_confirm(attempt)).collect();
    if !silent.is_empty() {
        return before_confirm(address, &tries, &silent);
    }
    let stalled: Vec<Seen<'_>> = tries.iter().copied().filter(|(_, attempt)| stalled_in_tls(attempt)).collect();
    if stalled.is_empty() || tries.iter().any(|(_, attempt)| attempt.completed_tls()) {
        return Detection::RuledOut;
    }
    in_tls(address, &stalled)
}

fn before_confirm(address: AddressView<'_>, tries: &[Seen<'_>], silent: &[Seen<'_>]) -> Detection {
    if tries.iter().any(|(_, attempt)| attempt.spoke_rdp()) {
        return Detection::RuledOut;
    }
    let sentence = |attempt: &Attempt| {
        let connected = attempt.connected.as_ref().map_or(0.0, |connected| connected.after_ms);
        let wait = span(attempt.ended_ms - connected);
        format!("{} took our connection and sent {} bytes in {wait}", address.endpoint, attempt.received)
    };
    let Some((_, first)) = silent.first() else { return Detection::RuledOut };
    let proof = Proof::of(sentence(first), facts(silent), 12);
    settle(address, proof, silent.len(), !address.speaks_rdp())
}

/// Small segments tell a server that hangs from a path that loses large packets.
fn in_tls(address: AddressView<'_>, stalled: &[Seen<'_>]) -> Detection {
    let Some(small) = small_segments(address) else { return Detection::RuledOut };
    let Some((index, retry)) = address.tries(&small).next() else {
        return Detection::Unknown(vec![Want::attempt(address.endpoint, small)]);
    };
    let proof = Proof::of("the server confirmed, and fell silent in the TLS handshake", facts(stalled), 8);
    match &retry.ending {
        Ending::Silent => {
            let both = proof.and("it did so with small TCP segments too", facts(&[(index, retry)]), 8);
            without_tls13(address, both, stalled.len())
        }
        Ending::OurSystem { .. } => Detection::Likely(proof.missing(
            "whether large packets are lost instead: this system could not limit TCP segments; repeat from Linux",
        )),
        _ => Detection::RuledOut,
    }
}

/// TLS 1.3 on offer may be what makes it fall silent.
fn without_tls13(address: AddressView<'_>, proof: Proof, times: usize) -> Detection {
    let offer = below_tls13();
    let Some((_, attempt)) = address.tries(&offer).next() else {
        return Detection::Likely(proof.want(Want::attempt(address.endpoint, offer)));
    };
    if attempt.completed_tls() {
        return Detection::RuledOut;
    }
    let target = &address.evidence.target;
    let mut proof = proof.missing(format!(
        "whether a box on the way swallows TLS, which looks the same: run `rdpdoctor diagnose {target}` on the server's \
         own network"
    ));
    proof.wants.extend(once_more(address).filter(|_| times < 2));
    Detection::Likely(proof)
}

/// Twice the same is proof, where nothing contradicts.
fn settle(address: AddressView<'_>, proof: Proof, times: usize, uncontradicted: bool) -> Detection {
    if times > 1 && uncontradicted {
        return Detection::Confirmed(proof.and(format!("it did so {times} times"), Vec::new(), 8));
    }
    let mut proof = proof;
    proof.wants.extend(once_more(address).filter(|_| times < 2));
    Detection::Likely(proof)
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    let port = evidence.target.port;
    let look = look_on_server(
        "See who owns the port, whether the service hangs, and whether memory or processor are used up",
        vec![
            format!("Get-Process -Id (Get-NetTCPConnection -State Listen -LocalPort {port}).OwningProcess"),
            "Get-Service TermService, UmRdpService".into(),
            "Get-Counter '\\Processor(_Total)\\% Processor Time', '\\Memory\\Available MBytes'".into(),
            "Get-WinEvent -LogName 'Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational' -MaxEvents 20"
                .into(),
        ],
        vec![
            format!("netstat -ano | findstr :{port}"),
            "sc queryex TermService".into(),
            "wevtutil qe Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational /c:20 /rd:true /f:text".into(),
        ],
    );
    vec![look, restart_service()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Offer;
    use crate::testing::{Scene, Script};
    use crate::{Certainty, Verdict, judge};
    use rdpdoctor_protocol::negotiation::Protocols;

    fn mute(attempt: Script) -> Script {
        attempt.connects().ends(Ending::Silent)
    }

    fn stalls(attempt: Script) -> Script {
        attempt.selects(Protocols::SSL).starts_tls().ends(Ending::Silent)
    }

    #[test]
    fn fires_when_two_connections_stay_silent() {
        let diagnosis = judge(&Scene::at("10.0.0.5").client(mute).client(mute).evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("server-unresponsive", Certainty::Confirmed));
        assert_eq!(diagnosis.verdict, Verdict::Broken);
    }

    #[test]
    fn fires_when_tls_stalls_with_small_segments_too() {
        let scene = Scene::at("10.0.0.5").client(stalls).client(stalls);
        let diagnosis = judge(&scene.tries(Offer::mstsc().with_max_segment(536), stalls).evidence());
        assert_eq!(diagnosis.root().unwrap().cause.id, "server-unresponsive");
    }

    #[test]
    fn near_miss_a_server_that_goes_on_without_tls_1_3() {
        let scene =
            Scene::at("10.0.0.5").client(stalls).client(stalls).tries(Offer::mstsc().with_max_segment(536), stalls);
        let Detection::Likely(proof) = detect(&scene.clone().evidence()) else { panic!("TLS 1.3 may be to blame") };
        assert!(proof.wants.contains(&Want::attempt(scene.clone().evidence().endpoints()[0], below_tls13())));
        let scene = scene.tries(below_tls13(), |a| a.selects(Protocols::SSL).completes_tls());
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn near_miss_a_server_that_answers_the_second_try() {
        let scene = Scene::at("10.0.0.5").client(mute).client(|a| a.selects(Protocols::SSL).completes_tls());
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
        let scene = Scene::at("10.0.0.5").client(stalls).client(|a| a.selects(Protocols::SSL).completes_tls());
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn asks_again_after_one_silence() {
        let evidence = Scene::at("10.0.0.5").client(mute).evidence();
        let Detection::Likely(proof) = detect(&evidence) else { panic!("once is not proof") };
        assert_eq!(proof.wants, [Want::repeat(evidence.endpoints()[0], Offer::mstsc())]);
    }

    #[test]
    fn unknown_before_anything_was_tried_and_before_small_segments_were() {
        assert_eq!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(Vec::new()));
        let evidence = Scene::at("10.0.0.5").client(stalls).evidence();
        let small = Want::attempt(evidence.endpoints()[0], Offer::mstsc().with_max_segment(536));
        assert_eq!(detect(&evidence), Detection::Unknown(vec![small]));
    }
}
