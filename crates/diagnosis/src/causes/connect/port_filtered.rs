use super::signs::{
    answers_elsewhere, ask_network, asked_elsewhere, facts, look_elsewhere, look_on_server, once_more, span,
    syn_unanswered, telling,
};
use crate::evidence::{Attempt, Ending, Evidence, Unreachable};
use crate::view::{AddressView, per_address};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// Somebody swallows or forbids what is sent to the port.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "port-filtered",
    stage: Stage::Connect,
    severity: Severity::Blocks,
    title: "The Remote Desktop port is filtered: connections to it are swallowed or forbidden",
    prior: 0,
    explains: &[],
    page: include_str!("port-filtered.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    per_address(evidence, at)
}

fn at(address: AddressView<'_>) -> Detection {
    let seen = telling(address);
    let Some((_, first)) = seen.first() else { return Detection::Unknown(Vec::new()) };
    if !seen.iter().all(|(_, attempt)| syn_unanswered(attempt) || is_prohibited(attempt)) {
        return Detection::RuledOut;
    }
    let endpoint = address.endpoint;
    let prohibited: Vec<_> = seen.iter().copied().filter(|(_, attempt)| is_prohibited(attempt)).collect();
    if !prohibited.is_empty() {
        let text = format!("our SYN to {endpoint} was answered with ICMP \"administratively prohibited\"");
        return Detection::Confirmed(Proof::of(text, facts(&prohibited), 30));
    }
    let wait = span(first.ended_ms);
    let mut proof = match seen.len() {
        1 => Proof::of(format!("{endpoint} did not answer our SYN in {wait}"), facts(&seen), 5),
        times => Proof::of(format!("{endpoint} did not answer any of {times} tries in {wait} each"), facts(&seen), 8),
    };
    proof.wants.extend(look_elsewhere(address));
    proof.wants.extend(once_more(address).filter(|_| seen.len() < 2));
    Detection::Likely(with_neighbours(address, proof))
}

/// Whether anything else answers tells a firewall from an address where nobody is.
fn with_neighbours(address: AddressView<'_>, mut proof: Proof) -> Proof {
    let target = &address.evidence.target;
    let ip = address.endpoint.ip();
    let answers = answers_elsewhere(address);
    let asked = asked_elsewhere(address);
    if let Some((text, fact)) = answers.into_iter().next() {
        return proof.and(format!("something else answers at {ip}: {text}"), [fact], 10).missing(format!(
            "whether the server's own firewall swallows it or one on the way: run `rdpdoctor diagnose {target}` from \
             a machine on the server's own network; a listener too busy to take connections looks the same"
        ));
    }
    if !asked.is_empty() {
        proof = proof.and(format!("nothing else that was asked at {ip} answers either"), asked, 0);
    }
    proof.missing(format!(
        "whether a machine is there at all: one that is switched off, asleep or moved to another address looks the \
         same; look at its console, or run `rdpdoctor diagnose {target}` from its own network"
    ))
}

fn is_prohibited(attempt: &Attempt) -> bool {
    attempt.ending == Ending::Unreachable { report: Unreachable::Prohibited }
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    let port = evidence.target.port;
    vec![look_at_firewall(), open_firewall(port), ask_the_network(evidence)]
}

fn look_at_firewall() -> Remedy {
    look_on_server(
        "See whether the rules for Remote Desktop are on for the network profile in use",
        vec![
            "Get-NetConnectionProfile | Format-Table InterfaceAlias, NetworkCategory".into(),
            "Get-NetFirewallRule -Group '@FirewallAPI.dll,-28752' | Format-Table Name, Enabled, Profile, Action".into(),
        ],
        vec![
            "netsh advfirewall show currentprofile".into(),
            r#"reg query "HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules" /v RemoteDesktop-UserMode-In-TCP"#.into(),
        ],
    )
}

fn open_firewall(port: u16) -> Remedy {
    let own_rule = port != 3389;
    let (commands, cmd, undo) = if own_rule {
        (
            format!(
                "New-NetFirewallRule -Name rdp-{port} -DisplayName 'Remote Desktop on port {port}' -Direction Inbound -Protocol TCP -LocalPort {port} -Action Allow"
            ),
            format!(
                r#"netsh advfirewall firewall add rule name="rdp-{port}" dir=in action=allow protocol=TCP localport={port}"#
            ),
            format!(
                "Remove-NetFirewallRule -Name rdp-{port}, or in cmd: netsh advfirewall firewall delete rule name=\"rdp-{port}\""
            ),
        )
    } else {
        (
            "Enable-NetFirewallRule -Group '@FirewallAPI.dll,-28752'".into(),
            r#"netsh advfirewall firewall set rule group="@FirewallAPI.dll,-28752" new enable=yes"#.into(),
            "Disable-NetFirewallRule with the same group, or in cmd the same line with enable=no".into(),
        )
    };
    Remedy {
        title: "Let Remote Desktop through the server's firewall; do not switch the firewall off".into(),
        place: Place::Server,
        safety: Safety::Safe,
        interrupts: "nothing; whoever reaches the server can now reach the port".into(),
        commands: vec![commands],
        cmd: vec![cmd],
        undo,
    }
}

fn ask_the_network(evidence: &Evidence) -> Remedy {
    let (host, port) = (&evidence.target.host, evidence.target.port);
    ask_network(
        format!(
            "Ask the network team to allow TCP port {port} from the clients' networks to {host}, in firewalls, VPN and cloud security groups"
        ),
        "remove that rule again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Offer;
    use crate::testing::{Scene, Script};
    use crate::{Certainty, Verdict, Want, judge};

    fn silent(attempt: Script) -> Script {
        attempt.ends(Ending::Silent)
    }

    fn wants(scene: Scene) -> Vec<Want> {
        match detect(&scene.evidence()) {
            Detection::Likely(proof) => proof.wants,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn fires_where_the_port_is_silent_and_the_address_answers_otherwise() {
        let scene = Scene::at("10.0.0.5").client(silent).client(silent).answers_echo();
        let diagnosis = judge(&scene.evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("port-filtered", Certainty::Likely));
        assert_eq!(diagnosis.verdict, Verdict::Unreachable);
        assert!(root.proof.items[1].text.contains("something else answers"));
    }

    #[test]
    fn stays_possible_where_nothing_answers_and_names_a_machine_that_is_off() {
        let knocked = Scene::at("10.0.0.5").client(silent).client(silent).ignores_echo();
        let scene = knocked.knocks(445, Ending::Silent).knocks(135, Ending::Silent);
        let diagnosis = judge(&scene.evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("port-filtered", Certainty::Possible));
        assert!(root.proof.missing[0].contains("switched off"));
        assert!(!root.proof.items.iter().any(|item| item.text.contains("down")));
    }

    #[test]
    fn a_firewall_that_says_so_is_proof() {
        let prohibited = Ending::Unreachable { report: Unreachable::Prohibited };
        let evidence = Scene::at("10.0.0.5").client(|a| a.ends(prohibited)).evidence();
        assert!(matches!(detect(&evidence), Detection::Confirmed(_)));
    }

    #[test]
    fn near_miss_a_port_that_answers_the_second_syn_is_not_filtered() {
        let evidence = Scene::at("10.0.0.5").client(silent).client(Script::connects).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
        let evidence = Scene::at("10.0.0.5").client(silent).client(|a| a.ends(Ending::Refused)).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
    }

    #[test]
    fn asks_for_an_echo_and_a_second_try_then_for_other_ports() {
        let scene = Scene::at("10.0.0.5").client(silent);
        let endpoint = scene.clone().evidence().endpoints()[0];
        let again = Want::repeat(endpoint, Offer::mstsc());
        assert_eq!(wants(scene.clone()), [Want::Echo { address: endpoint.ip() }, again.clone()]);
        let knock = |port| Want::attempt((endpoint.ip(), port).into(), Offer::knock());
        assert_eq!(wants(scene.clone().ignores_echo()), [knock(445), knock(135), again.clone()]);
        assert_eq!(wants(scene.answers_echo()), [again]);
    }

    #[test]
    fn unknown_before_anything_was_tried() {
        assert_eq!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(Vec::new()));
        let ours = Ending::OurSystem { error: "too many open files".into() };
        let evidence = Scene::at("10.0.0.5").client(|a| a.ends(ours)).evidence();
        assert_eq!(detect(&evidence), Detection::Unknown(Vec::new()));
    }
}
