use super::signs::{Seen, ask_network, client_is_served, facts, look_on_server, once_more, telling};
use crate::evidence::{Attempt, Ending, Evidence};
use crate::view::{AddressView, client_first};
use crate::{Cause, Detection, Proof, Remedy, Severity, Stage};

/// Below this round trip, in milliseconds, timing cannot tell the server from a device before it.
const SHORTEST_ROUND_TRIP_MS: f64 = 20.0;

/// A device on the way resets the connection in the server's name.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "middlebox-reset",
    stage: Stage::Connect,
    severity: Severity::Blocks,
    title: "A device on the way resets the connection, not the server",
    prior: 0,
    explains: &["connection-closed-early", "handshake-reset"],
    page: include_str!("middlebox-reset.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    client_first(evidence, at)
}

fn at(address: AddressView<'_>) -> Detection {
    let seen = telling(address);
    if seen.is_empty() {
        return Detection::Unknown(Vec::new());
    }
    let round_trip = round_trip(&seen);
    let resets: Vec<Seen<'_>> = seen.into_iter().filter(|(_, attempt)| was_reset(attempt)).collect();
    if resets.is_empty() {
        return Detection::RuledOut;
    }
    if round_trip < SHORTEST_ROUND_TRIP_MS {
        return Detection::Unknown(Vec::new());
    }
    let early: Vec<Seen<'_>> =
        resets.iter().copied().filter(|(_, attempt)| since_last_sent(attempt) < round_trip / 2.0).collect();
    if early.is_empty() {
        return Detection::RuledOut;
    }
    Detection::Likely(proof(address, &early, resets.len(), round_trip))
}

fn proof(address: AddressView<'_>, early: &[Seen<'_>], resets: usize, round_trip: f64) -> Proof {
    let target = &address.evidence.target;
    let fastest = early.iter().map(|(_, attempt)| since_last_sent(attempt)).fold(f64::INFINITY, f64::min);
    // After its own answer a server may reset at once, without waiting for what we send next.
    let unanswered = early.iter().all(|(_, attempt)| attempt.negotiated.is_none());
    let (once, again) = if unanswered { (6, 8) } else { (3, 3) };
    let text = format!(
        "a reset came {fastest:.0} ms after we had sent, and the server's answers take at least {round_trip:.0} ms"
    );
    let mut proof = Proof::of(text, facts(early), once).missing(format!(
        "what the server itself sent: run `rdpdoctor diagnose {target}` on its own network, or capture on it"
    ));
    if early.len() > 1 {
        proof = proof.and(format!("{} of {resets} resets came too early", early.len()), facts(early), again);
    } else {
        proof.wants.extend(once_more(address));
    }
    if client_is_served(address) { proof.severity(Severity::Degrades) } else { proof }
}

fn was_reset(attempt: &Attempt) -> bool {
    attempt.connected.is_some() && attempt.ending == Ending::Reset && !attempt.completed_tls()
}

/// The shortest time in which anything came back, in milliseconds: infinite where nothing did.
fn round_trip(seen: &[Seen<'_>]) -> f64 {
    let connects = seen.iter().filter_map(|(_, attempt)| attempt.connected.as_ref());
    connects.map(|connected| connected.after_ms).fold(f64::INFINITY, f64::min)
}

/// Milliseconds between the last thing that we sent and the end: each answer lets us send the next at once.
fn since_last_sent(attempt: &Attempt) -> f64 {
    let connected = attempt.connected.as_ref().map_or(0.0, |connected| connected.after_ms);
    let confirmed = attempt.negotiated.as_ref().map_or(0.0, |negotiated| negotiated.after_ms);
    let hello = attempt.tls.as_ref().and_then(|tls| tls.server_hello.as_ref()).map_or(0.0, |hello| hello.after_ms);
    attempt.ended_ms - connected - confirmed - hello
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    let (host, port) = (&evidence.target.host, evidence.target.port);
    let capture = look_on_server(
        "Capture on the server while a client tries, and see whether the server sent the reset",
        vec![
            r"netsh trace start capture=yes maxsize=50 tracefile=C:\Windows\Temp\rdp.etl".into(),
            "netsh trace stop".into(),
        ],
        Vec::new(),
    );
    let exempt = format!(
        "Ask the network team which firewall, IPS, VPN or filter resets TCP port {port} to {host}, with the time of a try, and to exempt it"
    );
    vec![capture, ask_network(exempt, "take the exemption back")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, Script};
    use crate::{Certainty, Verdict, judge};
    use rdpdoctor_protocol::negotiation::Protocols;

    fn reset_after(ms: f64) -> impl Fn(Script) -> Script {
        move |attempt| attempt.connects_after(60.0).ends(Ending::Reset).after(60.0 + ms)
    }

    #[test]
    fn fires_when_resets_outrun_the_server() {
        let early = reset_after(4.0);
        let diagnosis = judge(&Scene::at("10.0.0.5").client(&early).client(&early).evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("middlebox-reset", Certainty::Likely));
        assert_eq!(diagnosis.verdict, Verdict::Broken);
        assert!(root.proof.missing[0].contains("its own network"));
    }

    #[test]
    fn near_miss_resets_in_the_servers_own_time() {
        let late = reset_after(61.0);
        assert_eq!(detect(&Scene::at("10.0.0.5").client(&late).client(&late).evidence()), Detection::RuledOut);
    }

    #[test]
    fn a_server_that_resets_right_after_its_own_answer_is_possible_at_most() {
        let cut =
            |a: Script| a.connects_after(60.0).selects(Protocols::SSL).starts_tls().ends(Ending::Reset).after(62.0);
        let evidence = Scene::at("10.0.0.5").client(cut).client(cut).evidence();
        let diagnosis = judge(&evidence);
        let finding = diagnosis.findings.iter().find(|finding| finding.cause.id == "middlebox-reset").unwrap();
        assert_eq!(finding.certainty, Certainty::Possible);
    }

    #[test]
    fn unknown_on_a_path_too_short_to_tell() {
        let evidence = Scene::at("10.0.0.5").client(|a| a.connects().ends(Ending::Reset).after(1.1)).evidence();
        assert_eq!(detect(&evidence), Detection::Unknown(Vec::new()));
        assert_eq!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(Vec::new()));
    }
}
