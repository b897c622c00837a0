use super::signs::{
    Seen, answers_elsewhere, ask_network, client_is_served, facts, hung_up_mute, look_elsewhere, look_on_server,
    neighbour_ports, once_more, syn_retransmitted, telling,
};
use crate::evidence::{Attempt, Ending, Evidence};
use crate::view::{AddressView, client_first};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage, Want};

/// More connections wait than the listener takes.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "backlog-full",
    stage: Stage::Connect,
    severity: Severity::Blocks,
    title: "The server takes only some connections: its queue of new ones seems full",
    prior: 0,
    explains: &["connection-closed-early", "unstable-path"],
    page: include_str!("backlog-full.md"),
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
    // A port that never takes a connection is closed or filtered.
    if !address.connects() {
        return Detection::RuledOut;
    }
    let signs: Vec<Seen<'_>> = seen.into_iter().filter(|(_, attempt)| is_turned_away(attempt, address)).collect();
    if signs.is_empty() {
        return Detection::RuledOut;
    }
    let mut proof = weigh(address, &signs);
    proof.wants.extend(wants(address, signs.len()));
    if client_is_served(address) {
        proof = proof.severity(Severity::Degrades);
    }
    Detection::Likely(proof)
}

/// The SYN fell on deaf ears, or the connection was taken and dropped where others are answered. Where the client is served
/// in the end, late SYNs alone are a path that loses packets.
fn is_turned_away(attempt: &Attempt, address: AddressView<'_>) -> bool {
    let unheard = attempt.connected.is_none() && matches!(attempt.ending, Ending::Silent | Ending::Refused);
    let late = syn_retransmitted(attempt) && !client_is_served(address);
    unheard || late || (address.speaks_rdp() && hung_up_mute(attempt))
}

/// A path that loses packets does so everywhere: only the contrast with other answers speaks for the listener.
fn weigh(address: AddressView<'_>, signs: &[Seen<'_>]) -> Proof {
    let weight = match signs.len() {
        1 => 3,
        2 => 6,
        _ => 8,
    };
    let all = address.attempts().count();
    let text =
        format!("{} of {all} connections to {} were turned away or delayed at first", signs.len(), address.endpoint);
    let proof = Proof::of(text, facts(signs), weight).missing(
        "whether the queue is full, only the server can tell: event 1006 of RemoteConnectionManager, and how many \
         connections to the port it holds",
    );
    let elsewhere = answers_elsewhere(address);
    elsewhere
        .into_iter()
        .fold(proof, |proof, (text, fact)| proof.and(format!("the host itself is awake: {text}"), [fact], 2))
}

fn wants(address: AddressView<'_>, signs: usize) -> Vec<Want> {
    let mut wants: Vec<Want> = Vec::new();
    if !client_is_served(address) {
        wants.extend(once_more(address));
    }
    // One lost packet is no reason to knock at other doors.
    if signs > 1 && Some(address.endpoint) == address.evidence.client_endpoint() {
        wants.extend(look_elsewhere(address));
        wants.extend(neighbour_ports(address));
    }
    wants
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    let port = evidence.target.port;
    let look = look_on_server(
        "See who holds connections to the port, and whether event 1006 was logged",
        vec![
            format!("Get-NetTCPConnection -LocalPort {port} | Group-Object State"),
            format!("Get-NetTCPConnection -LocalPort {port} | Group-Object RemoteAddress | Sort-Object Count -Descending | Select-Object -First 20 Count, Name"),
            "Get-WinEvent -FilterHashtable @{LogName='Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin'; Id=1006} -MaxEvents 10".into(),
        ],
        vec![
            format!("netstat -ano -p tcp | findstr :{port}"),
            r#"wevtutil qe Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin /q:"*[System[EventID=1006]]" /c:10 /rd:true /f:text"#.into(),
        ],
    );
    let shield = ask_network(
        format!(
            "Ask the network team to take port {port} off the Internet: a gateway or VPN, or only known source networks"
        ),
        "open the port again",
    );
    let narrow = Remedy {
        title: "Let only known networks in (put yours in place of 10.0.0.0/8); for the rule of port 3389".into(),
        place: Place::Server,
        safety: Safety::Manual,
        interrupts: "whoever connects from another network is shut out".into(),
        commands: vec![
            "Get-NetFirewallRule -Name RemoteDesktop-UserMode-In-TCP | Get-NetFirewallAddressFilter".into(),
            "Set-NetFirewallRule -Name RemoteDesktop-UserMode-In-TCP -RemoteAddress LocalSubnet,10.0.0.0/8".into(),
        ],
        cmd: Vec::new(),
        undo: "Set-NetFirewallRule -Name RemoteDesktop-UserMode-In-TCP -RemoteAddress Any, or what the first command showed".into(),
    };
    vec![look, shield, narrow]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, Script};
    use crate::{Certainty, Verdict, judge};
    use rdpdoctor_protocol::negotiation::Protocols;

    fn silent(attempt: Script) -> Script {
        attempt.ends(Ending::Silent)
    }

    fn served(attempt: Script) -> Script {
        attempt.selects(Protocols::HYBRID_EX).completes_tls()
    }

    #[test]
    fn fires_when_the_port_is_deaf_now_and_then_and_the_host_is_awake() {
        let scene = Scene::at("10.0.0.5").client(silent).client(silent).client(served);
        let evidence = scene.answers_echo().knocks(445, Ending::Refused).evidence();
        let diagnosis = judge(&evidence);
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("backlog-full", Certainty::Likely));
        assert_eq!(root.explains, ["unstable-path"]);
        assert_eq!(diagnosis.verdict, Verdict::Warning);
    }

    #[test]
    fn near_miss_a_port_that_never_takes_a_connection() {
        let evidence = Scene::at("10.0.0.5").client(silent).client(silent).answers_echo().evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
    }

    #[test]
    fn near_miss_one_lost_syn_is_the_paths() {
        let evidence = Scene::at("10.0.0.5").client(silent).client(served).answers_echo().evidence();
        let diagnosis = judge(&evidence);
        assert_eq!(diagnosis.root().unwrap().cause.id, "unstable-path");
        let Detection::Likely(proof) = detect(&evidence) else { panic!("it fits") };
        assert_eq!((proof.wants, proof.severity), (Vec::new(), Some(Severity::Degrades)));
    }

    #[test]
    fn near_miss_late_syns_of_a_served_client_are_the_paths() {
        let slow = |a: Script| served(a.connects_after(1010.0));
        let diagnosis = judge(&Scene::at("10.0.0.5").client(slow).client(slow).answers_echo().evidence());
        assert_eq!(diagnosis.root().unwrap().cause.id, "unstable-path");
        assert!(diagnosis.findings.iter().all(|finding| finding.cause.id != CAUSE.id));
    }

    #[test]
    fn unknown_before_anything_was_tried() {
        assert_eq!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(Vec::new()));
    }
}
