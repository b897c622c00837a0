use super::signs::by_origin;
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::{Evidence, Snapshot};
use crate::server::challenge;
use crate::view::{attempt_fact, client_address, origin_fact};
use crate::{Cause, Detection, Place, Proof, Severity, Stage};

/// A client pointed at its own machine.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "client-is-server",
    stage: Stage::Client,
    severity: Severity::Blocks,
    title: "The client connects to its own machine",
    prior: -10,
    explains: &[],
    page: include_str!("client-is-server.md"),
    detect: |evidence| by_origin(evidence, |origin| look(origin, evidence)),
    remedies: |_| remedies(&[&OTHER]),
};

/// A tunnel ends on the own machine as well: only a port at which its own Remote Desktop listens counts.
fn look(origin: &Snapshot, evidence: &Evidence) -> Detection {
    if evidence.target.is_unnamed() {
        return Detection::Unknown(Vec::new());
    }
    let Some(own) = own_computer(origin) else { return Detection::Unknown(Vec::new()) };
    let Some(listeners) = origin.listeners.observed() else { return Detection::Unknown(Vec::new()) };
    let serves = |service: &String| service.eq_ignore_ascii_case("TermService");
    let listens =
        listeners.iter().any(|it| it.address.port() == evidence.target.port && it.services.iter().any(serves));
    match leads_home(own, evidence) {
        Some((text, fact)) if listens => {
            let listening = "its own Remote Desktop listens at that port";
            let proof = Proof::of(text, [fact], 30).and(listening, [origin_fact(&["listeners"])], 10);
            Detection::Confirmed(proof)
        }
        _ => Detection::RuledOut,
    }
}

fn own_computer(origin: &Snapshot) -> Option<&str> {
    origin.computer.observed()?.as_deref()
}

/// What shows that the way to the target ends where it begins.
fn leads_home(own: &str, evidence: &Evidence) -> Option<(String, String)> {
    let target = &evidence.target;
    let label = target.host.split('.').next().unwrap_or_default();
    // Another domain may have a machine of that name: the bare name is ours.
    if target.is_single_label() && label.eq_ignore_ascii_case(own) {
        return Some((format!("{own} is the name of this machine itself"), "/target/host".to_owned()));
    }
    if let Some(address) = evidence.addresses().into_iter().find(std::net::IpAddr::is_loopback) {
        return Some((
            format!("{} leads to {address}, this machine itself", target.host),
            "/target/address".to_owned(),
        ));
    }
    let mut attempts = client_address(evidence)?.attempts();
    let (index, attempt) =
        attempts.find(|(_, attempt)| attempt.local.is_some_and(|it| it.ip() == attempt.endpoint.ip()))?;
    // What the server calls itself may only agree: a relay on this machine would leave its address behind.
    let agrees =
        challenge(evidence).is_none_or(|(_, it)| it.computer.as_deref().is_none_or(|it| it.eq_ignore_ascii_case(own)));
    agrees.then(|| (format!("{} is an address of this machine itself", attempt.endpoint.ip()), attempt_fact(index)))
}

const OTHER: Step = Step {
    title: "Connect to the machine that is meant; to test the listener of this one, use another machine, or `rdpdoctor diagnose localhost`, which begins no session",
    place: Place::Client,
    commands: &["hostname", "Resolve-DnsName HOST"],
    cmd: &["hostname", "nslookup HOST"],
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Machine, Scene};
    use crate::{Verdict, judge};

    fn from(machine: Machine, scene: Scene) -> Evidence {
        Evidence { origin: machine.as_origin().origin, ..scene.evidence() }
    }

    #[test]
    fn fires_on_the_own_name_and_on_loopback() {
        for scene in [Scene::named("TS01", &["10.0.0.5"]), Scene::at("127.0.0.1"), Scene::named("old", &["127.0.0.1"])]
        {
            let diagnosis = judge(&from(Machine::healthy(), scene));
            assert_eq!((diagnosis.root().unwrap().cause.id, diagnosis.verdict), ("client-is-server", Verdict::Broken));
        }
    }

    #[test]
    fn near_miss_a_tunnel_another_machine_and_the_same_name_elsewhere() {
        let detect = |scene: Scene| (CAUSE.detect)(&from(Machine::healthy(), scene));
        for other in [
            Scene::at("127.0.0.1:13389"),
            Scene::named("ts02", &["10.0.0.6"]),
            Scene::named("ts01.other.example", &["10.0.0.6"]),
        ] {
            assert_eq!(detect(other), Detection::RuledOut);
        }
        let closed = from(Machine::healthy().no_listeners(), Scene::at("127.0.0.1"));
        assert_eq!((CAUSE.detect)(&closed), Detection::RuledOut, "something else answers there");
    }

    #[test]
    fn unknown_without_a_target_or_a_look() {
        assert_eq!((CAUSE.detect)(&Machine::healthy().as_origin()), Detection::Unknown(Vec::new()));
        let unread = from(Machine::unread(), Scene::at("127.0.0.1"));
        assert_eq!((CAUSE.detect)(&unread), Detection::Unknown(Vec::new()));
    }
}
