use super::signs::{Seen, ask_network, facts, look_on_server, once_more, telling};
use crate::evidence::{Attempt, Ending, Evidence, Unreachable};
use crate::view::{AddressView, addresses, per_address};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// No way leads to the address.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "host-unreachable",
    stage: Stage::Connect,
    severity: Severity::Blocks,
    title: "No way leads to the server's address",
    prior: 0,
    explains: &[],
    page: include_str!("host-unreachable.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    per_address(evidence, at)
}

fn at(address: AddressView<'_>) -> Detection {
    let seen = telling(address);
    if seen.is_empty() {
        return Detection::Unknown(Vec::new());
    }
    let reported: Vec<Seen<'_>> = seen.into_iter().filter(|(_, attempt)| report(attempt).is_some()).collect();
    let Some(said) = reported.first().and_then(|(_, attempt)| report(attempt)) else { return Detection::RuledOut };
    if address.connects() {
        return Detection::RuledOut;
    }
    let first = Proof::of(sentence(address, said), facts(&reported), 20);
    match (said, reported.len()) {
        (Unreachable::NoRoute, _) => Detection::Confirmed(no_route(address, first)),
        (_, 1) => {
            let mut proof = first;
            proof.wants.extend(once_more(address));
            Detection::Likely(proof)
        }
        _ => Detection::Confirmed(first.and("the same was reported again on another try", Vec::new(), 10)),
    }
}

/// Our own missing route says nothing of a server that another address leads to.
fn no_route(address: AddressView<'_>, proof: Proof) -> Proof {
    let target = &address.evidence.target;
    let proof = proof.missing(format!(
        "how it looks from elsewhere: run `rdpdoctor diagnose {target}` on a machine that has a route there"
    ));
    let reached_elsewhere = addresses(address.evidence).any(AddressView::speaks_rdp);
    if reached_elsewhere { proof.severity(Severity::Informs) } else { proof }
}

fn report(attempt: &Attempt) -> Option<Unreachable> {
    match attempt.ending {
        Ending::Unreachable { report: Unreachable::Prohibited } => None,
        Ending::Unreachable { report } => Some(report),
        _ => None,
    }
}

fn sentence(address: AddressView<'_>, report: Unreachable) -> String {
    let ip = address.endpoint.ip();
    match report {
        Unreachable::NoRoute => format!("this machine has no route to {ip}: nothing was sent"),
        Unreachable::Network => format!("a router reports that it has no way to the network of {ip}"),
        Unreachable::Host | Unreachable::Prohibited => {
            format!("{ip} is reported unreachable: on its own network nobody answers to that address")
        }
    }
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    let host = &evidence.target.host;
    let here = Remedy {
        title: "See which way this machine takes, and where it ends; is the VPN up?".into(),
        place: Place::Client,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![format!("Test-NetConnection {host} -TraceRoute")],
        cmd: vec!["route print".into(), format!("tracert -d {host}")],
        undo: "nothing is changed".into(),
    };
    let there = look_on_server(
        "See whether the machine runs, and has this address and a default gateway",
        vec!["Get-NetIPConfiguration".into(), "Get-NetAdapter".into()],
        vec!["ipconfig /all".into()],
    );
    let title = format!("Ask the network team for the route to {host} and back, with the trace from this machine");
    vec![here, there, ask_network(title, "take the new route out again")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scene, Script};
    use crate::{Verdict, judge};
    use rdpdoctor_protocol::negotiation::Protocols;

    fn reports(report: Unreachable) -> impl Fn(Script) -> Script {
        move |attempt| attempt.ends(Ending::Unreachable { report })
    }

    #[test]
    fn fires_when_a_router_says_so_twice() {
        let host = reports(Unreachable::Host);
        let diagnosis = judge(&Scene::at("10.0.0.5").client(&host).client(&host).evidence());
        assert_eq!(diagnosis.root().unwrap().cause.id, "host-unreachable");
        assert_eq!(diagnosis.verdict, Verdict::Unreachable);
    }

    #[test]
    fn our_own_missing_route_is_proof_at_once() {
        let evidence = Scene::at("2001:db8::5").client(reports(Unreachable::NoRoute)).evidence();
        assert!(matches!(detect(&evidence), Detection::Confirmed(_)));
    }

    #[test]
    fn a_server_reached_by_its_other_address_is_not_blamed_for_our_missing_route() {
        let scene = Scene::named("ts01", &["2001:db8::5", "10.0.0.5"]).client(reports(Unreachable::NoRoute));
        let evidence = scene.client(|a| a.to("10.0.0.5:3389").selects(Protocols::HYBRID_EX).completes_tls()).evidence();
        let Detection::Confirmed(proof) = detect(&evidence) else { panic!("the route is missing") };
        assert_eq!(proof.severity, Some(Severity::Informs));
    }

    #[test]
    fn near_miss_a_firewall_that_prohibits_and_an_address_that_answers_in_the_end() {
        let evidence = Scene::at("10.0.0.5").client(reports(Unreachable::Prohibited)).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
        let evidence = Scene::at("10.0.0.5").client(reports(Unreachable::Host)).client(Script::connects).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
    }

    #[test]
    fn asks_again_after_one_report_and_knows_nothing_before() {
        let evidence = Scene::at("10.0.0.5").client(reports(Unreachable::Network)).evidence();
        let Detection::Likely(proof) = detect(&evidence) else { panic!("one report is not proof") };
        assert_eq!(proof.wants.len(), 1);
        assert_eq!(detect(&Scene::at("10.0.0.5").evidence()), Detection::Unknown(Vec::new()));
    }
}
