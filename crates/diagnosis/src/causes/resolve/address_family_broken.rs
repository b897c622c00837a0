use crate::evidence::{Ending, Evidence, Unreachable};
use crate::view::{AddressView, addresses, attempt_fact};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage};

/// One of IPv4 and IPv6 works, the other does not.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "address-family-broken",
    stage: Stage::Resolve,
    severity: Severity::Degrades,
    title: "The server can be reached over one of IPv4 and IPv6 only, and has addresses for both",
    prior: 0,
    explains: &["host-unreachable", "port-closed", "port-filtered"],
    page: include_str!("address-family-broken.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    let family = |v4: bool| addresses(evidence).filter(|address| address.endpoint.is_ipv4() == v4).collect::<Vec<_>>();
    let (v4, v6) = (family(true), family(false));
    if evidence.addresses().is_empty() {
        return Detection::Unknown(Vec::new());
    }
    if v4.is_empty() || v6.is_empty() {
        return Detection::RuledOut;
    }
    match (state(&v4), state(&v6)) {
        (Family::Works(works), Family::Fails(fails)) => Detection::Confirmed(proof("IPv6", fails, "IPv4", works)),
        (Family::Fails(fails), Family::Works(works)) => Detection::Confirmed(proof("IPv4", fails, "IPv6", works)),
        (Family::Untold, _) | (_, Family::Untold) => Detection::Unknown(Vec::new()),
        (Family::Works(_), Family::Works(_)) | (Family::Fails(_), Family::Fails(_)) => Detection::RuledOut,
    }
}

/// What the addresses of one family have shown.
enum Family {
    /// At least one takes a TCP connection; here is which attempt.
    Works(usize),
    /// Each was tried, and none takes one.
    Fails(Vec<usize>),
    /// Not each was tried, or our own system could not.
    Untold,
}

fn state(family: &[AddressView<'_>]) -> Family {
    let attempts = || family.iter().flat_map(|address| address.attempts());
    if let Some((index, _)) = attempts().find(|(_, attempt)| attempt.connected.is_some()) {
        return Family::Works(index);
    }
    let told = |address: &AddressView<'_>| address.attempts().any(|(_, attempt)| tells(&attempt.ending));
    if !family.iter().all(told) {
        return Family::Untold;
    }
    Family::Fails(attempts().filter(|(_, attempt)| tells(&attempt.ending)).map(|(index, _)| index).collect())
}

/// A machine without IPv6 of its own learns nothing about the server's.
fn tells(ending: &Ending) -> bool {
    matches!(ending, Ending::Refused | Ending::Silent)
        || matches!(ending, Ending::Unreachable { report } if *report != Unreachable::NoRoute)
}

fn proof(broken: &str, fails: Vec<usize>, sound: &str, works: usize) -> Proof {
    Proof::of(format!("no {broken} address of the server takes a connection"), fails.into_iter().map(attempt_fact), 15)
        .and(format!("over {sound} one does"), [attempt_fact(works)], 15)
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    let (host, port) = (&evidence.target.host, evidence.target.port);
    vec![
        Remedy {
            title: "See which addresses the server has, and on which of them the service listens".into(),
            place: Place::Server,
            safety: Safety::Safe,
            interrupts: String::new(),
            commands: vec![
                "Get-NetIPAddress | Format-Table IPAddress, InterfaceAlias, AddressState".into(),
                format!("Get-NetTCPConnection -State Listen -LocalPort {port}"),
            ],
            cmd: vec!["ipconfig /all".into(), format!("netstat -ano | findstr :{port}")],
            undo: "nothing is changed".into(),
        },
        Remedy {
            title: format!(
                "Open port {port} for the broken family in the firewalls on the way, where it is meant to work"
            ),
            place: Place::Network,
            safety: Safety::Manual,
            interrupts: String::new(),
            commands: Vec::new(),
            cmd: Vec::new(),
            undo: "close it again".into(),
        },
        Remedy {
            title: format!("Where it is not meant to work: delete the records of {host} that lead there"),
            place: Place::Dns,
            safety: Safety::Manual,
            interrupts: "clients that have only this family".into(),
            commands: Vec::new(),
            cmd: Vec::new(),
            undo: "enter the records again".into(),
        },
    ]
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use super::*;
    use crate::testing::{Scene, Script};
    use crate::{Certainty, Verdict, judge};

    const V6: &str = "2001:db8::5";

    fn works(script: Script) -> Script {
        script.to("10.0.0.5:3389").selects(Protocols::SSL).completes_tls()
    }

    fn both() -> Scene {
        Scene::named("ts01", &[V6, "10.0.0.5"])
    }

    #[test]
    fn fires_when_one_family_fails_and_the_other_works() {
        for ending in [Ending::Silent, Ending::Refused, Ending::Unreachable { report: Unreachable::Host }] {
            let diagnosis = judge(&both().client(|a| a.ends(ending.clone())).client(works).evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.certainty), ("address-family-broken", Certainty::Confirmed), "{ending:?}");
            assert_eq!(diagnosis.verdict, Verdict::Warning);
        }
    }

    #[test]
    fn near_miss_two_addresses_of_one_family() {
        let scene = Scene::named("ts01", &["10.0.0.4", "10.0.0.5"]).client(|a| a.ends(Ending::Silent)).client(works);
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn near_miss_both_families_fail() {
        let scene = both().client(|a| a.ends(Ending::Silent)).client(|a| a.to("10.0.0.5:3389").ends(Ending::Silent));
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn near_miss_a_machine_without_a_route_of_its_own() {
        let no_route = Ending::Unreachable { report: Unreachable::NoRoute };
        let evidence = both().client(|a| a.ends(no_route)).client(works).evidence();
        assert_eq!(detect(&evidence), Detection::Unknown(Vec::new()));
    }

    #[test]
    fn unknown_until_both_were_tried() {
        assert!(matches!(detect(&both().client(works).evidence()), Detection::Unknown(_)));
        assert!(matches!(detect(&Scene::unresolved("ts01").evidence()), Detection::Unknown(_)));
    }
}
