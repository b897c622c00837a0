use std::collections::BTreeSet;
use std::net::IpAddr;

use super::answers::{
    SYSTEM_FACT, answers, contradict, facts, flush_cache, flush_cache_on_linux, in_words, knows, listed, look_up, named,
};
use super::cached::{Kept, Misled, kept, misled};
use super::identity::{Identity, identity};
use super::pinned::pinned;
use crate::evidence::{Attempt, Ending, Evidence, NameServerAnswer, SystemAnswer};
use crate::view::{AddressView, attempt_fact, client_address, client_gets_through};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage, Want};

/// The name leads to another machine than the one that is meant.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "wrong-host",
    stage: Stage::Resolve,
    severity: Severity::Blocks,
    title: "The name leads to another machine",
    prior: 0,
    explains: &["certificate-name-mismatch", "host-unreachable", "not-rdp", "port-closed", "port-filtered"],
    page: include_str!("wrong-host.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    let here = |address: IpAddr| address.is_loopback();
    if evidence.target.literal().is_some() || evidence.addresses().into_iter().any(here) {
        return Detection::RuledOut;
    }
    let Some(SystemAnswer::Addresses { addresses }) = evidence.resolution.system.observed() else {
        return Detection::Unknown(Vec::new());
    };
    if let Some(misled) = by_hosts_file(evidence, addresses) {
        return misled;
    }
    let cache = misled(evidence, addresses);
    if let Misled::Likely(proof) = cache {
        return Detection::Likely(proof);
    }
    match by_server(evidence, addresses) {
        Detection::RuledOut | Detection::Unknown(_) if matches!(cache, Misled::Perhaps) => {
            Detection::Unknown(vec![Want::NameServers])
        }
        found => found,
    }
}

fn by_server(evidence: &Evidence, addresses: &[IpAddr]) -> Detection {
    match identity(evidence) {
        Identity::Same => Detection::RuledOut,
        Identity::Other { text, facts } => other_machine(evidence, addresses, Proof::of(text, facts, 4)),
        Identity::Unclear => by_failure(evidence, addresses),
    }
}

/// The client was looked at, and its hosts file leads it elsewhere than the resolver here, by which clients get through. A
/// server that fails here is not explained by where another machine is led.
fn by_hosts_file(evidence: &Evidence, addresses: &[IpAddr]) -> Option<Detection> {
    let pinned = pinned(evidence).filter(|_| client_gets_through(evidence))?;
    if contradict(&pinned.addresses, &addresses.iter().copied().collect()) != Some(true) {
        return None;
    }
    let text = format!(
        "line {} of the client's hosts file leads {} to {}; the resolver here says {}",
        pinned.line,
        evidence.target.host,
        listed(&pinned.addresses),
        listed(addresses)
    );
    let proof = Proof::of(text, [pinned.fact, SYSTEM_FACT.to_owned()], 12).severity(Severity::Degrades);
    Some(Detection::Likely(
        proof.missing(
            "whether the line is meant: ask whoever wrote it, or run `rdpdoctor diagnose` on the client itself",
        ),
    ))
}

/// The line of the hosts file, or the entry of the cache, from which the resolver has its answer.
fn with_origin(proof: Proof, evidence: &Evidence, addresses: &[IpAddr]) -> Proof {
    match pinned(evidence).filter(|pinned| pinned.addresses.iter().any(|address| addresses.contains(address))) {
        Some(pinned) => {
            let text = format!("line {} of this machine's hosts file says {}", pinned.line, listed(&pinned.addresses));
            proof.and(text, [pinned.fact], 4)
        }
        None => match kept(evidence).filter(|kept| kept.addresses.iter().any(|address| addresses.contains(address))) {
            Some(Kept { addresses, seconds, fact }) => {
                let addresses = listed(&addresses);
                let text = format!("this machine's DNS cache holds {addresses}, and keeps it for {seconds} s more");
                proof.and(text, [fact], 6)
            }
            None => proof,
        },
    }
}

/// The server there names itself otherwise. That alone may be an alias; with name servers that know another address it is
/// more. Where clients get through, they reach the wrong machine and are not shut out.
fn other_machine(evidence: &Evidence, addresses: &[IpAddr], proof: Proof) -> Detection {
    let proof = if client_gets_through(evidence) { proof.severity(Severity::Degrades) } else { proof };
    let alias = "whether the name is an alias of that machine, or of a cluster or balancer that it belongs to: ask \
                 whoever keeps the name";
    let Some(answers) = answers(evidence) else {
        return Detection::Likely(proof.missing(alias).want(Want::NameServers));
    };
    let named = named(answers);
    if contradict(addresses, &named) != Some(true) {
        return Detection::Likely(proof.missing(alias));
    }
    let (text, sources) = contradiction(addresses, answers);
    Detection::Likely(missing(with_origin(proof.and(text, sources, 10), evidence, addresses), &named))
}

/// Where the server tells no names, only a connection that fails is worth asking the name servers.
fn by_failure(evidence: &Evidence, addresses: &[IpAddr]) -> Detection {
    let trouble = client_address(evidence).filter(|_| !client_gets_through(evidence)).and_then(trouble);
    let Some((index, is_foreign)) = trouble else { return Detection::Unknown(Vec::new()) };
    let Some(answers) = answers(evidence) else { return Detection::Unknown(vec![Want::NameServers]) };
    let named = named(answers);
    match contradict(addresses, &named) {
        None => return Detection::Unknown(Vec::new()),
        Some(false) => return Detection::RuledOut,
        Some(true) => {}
    }
    let (text, sources) = contradiction(addresses, answers);
    let (failure, decibans) = if is_foreign {
        ("nothing speaks RDP at the address that this machine uses", 13)
    } else {
        ("the connection to the address that this machine uses fails", 0)
    };
    let proof = Proof::of(text, sources, 2).and(failure, [attempt_fact(index)], decibans);
    Detection::Likely(missing(with_origin(proof, evidence, addresses), &named))
}

fn contradiction(addresses: &[IpAddr], answers: &[NameServerAnswer]) -> (String, Vec<String>) {
    let text = format!(
        "the system's resolver says {}, the name servers say otherwise: {}",
        listed(addresses),
        in_words(answers, knows)
    );
    (text, facts(answers, knows).into_iter().chain([SYSTEM_FACT.to_owned()]).collect())
}

/// The attempt that failed, and whether nothing there spoke RDP.
fn trouble(address: AddressView<'_>) -> Option<(usize, bool)> {
    let ended_well = |attempt: &Attempt| attempt.completed_tls() || matches!(attempt.ending, Ending::Ours);
    let failed = |attempt: &Attempt| !ended_well(attempt) && !matches!(attempt.ending, Ending::OurSystem { .. });
    let (index, attempt) = address.attempts().find(|(_, attempt)| failed(attempt))?;
    let mute = attempt.connected.is_none() || matches!(attempt.ending, Ending::Stranger(_));
    Some((index, mute && !address.speaks_rdp()))
}

fn missing(proof: Proof, named: &BTreeSet<IpAddr>) -> Proof {
    let proof = proof.missing(
        "whether the difference is meant (an entry in the hosts file, split DNS, load balancing): ask whoever keeps the name",
    );
    match named.first() {
        Some(address) => proof
            .missing(format!("whether the machine that is meant answers there: run `rdpdoctor diagnose {address}`")),
        None => proof,
    }
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    let host = &evidence.target.host;
    vec![
        look_up(evidence),
        flush_cache(evidence),
        flush_cache_on_linux(),
        Remedy {
            title: format!("Take an old line for {host} out of this machine's hosts file"),
            place: Place::Client,
            safety: Safety::Manual,
            interrupts: "whatever relies on that line".into(),
            commands: vec![
                r"Copy-Item $env:SystemRoot\System32\drivers\etc\hosts $env:SystemRoot\System32\drivers\etc\hosts.before".into(),
                r"notepad $env:SystemRoot\System32\drivers\etc\hosts".into(),
            ],
            cmd: vec![
                r"copy %SystemRoot%\System32\drivers\etc\hosts %SystemRoot%\System32\drivers\etc\hosts.before".into(),
                r"notepad %SystemRoot%\System32\drivers\etc\hosts".into(),
            ],
            undo: "put the line back from hosts.before".into(),
        },
        Remedy {
            title: format!("Where the name servers are wrong: register {host} again from the server, and delete its old records"),
            place: Place::Dns,
            safety: Safety::Manual,
            interrupts: "clients that rely on the old record".into(),
            commands: vec!["Register-DnsClient".into()],
            cmd: vec!["ipconfig /registerdns".into()],
            undo: "enter the old record again".into(),
        },
    ]
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};
    use rdpdoctor_protocol::stranger::Stranger;

    use super::*;
    use crate::evidence::LookupOutcome;
    use crate::testing::{CertificateMaker, Machine, Scene, Script};
    use crate::{Certainty, Verdict, judge};

    fn says(address: &str) -> LookupOutcome {
        LookupOutcome::Addresses { addresses: vec![address.parse().unwrap()] }
    }

    fn at_old_address(script: fn(Script) -> Script) -> Scene {
        Scene::named("ts01.example.com", &["10.0.0.5"]).client(script).client(script)
    }

    #[test]
    fn fires_when_nothing_speaks_rdp_at_the_address_that_only_this_machine_knows() {
        let scripts: [fn(Script) -> Script; 2] =
            [|a| a.ends(Ending::Refused), |a| a.meets(Stranger::Ssh, "SSH-2.0-OpenSSH", &[])];
        for script in scripts {
            let diagnosis = judge(&at_old_address(script).name_servers(&[says("10.0.0.77")]).evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.certainty), ("wrong-host", Certainty::Likely));
            assert!(root.proof.items[0].text.contains("10.0.0.5") && root.proof.items[0].text.contains("10.0.0.77"));
        }
    }

    fn pinning(scene: Scene, address: &str) -> Evidence {
        let origin = Machine::healthy().hosts_line("ts01.example.com", address).as_origin().origin;
        Evidence { origin, ..scene.evidence() }
    }

    fn answers() -> Scene {
        Scene::named("ts01.example.com", &["10.0.0.5"]).client(|a| a.selects(Protocols::HYBRID_EX).completes_tls())
    }

    #[test]
    fn fires_on_a_client_whose_hosts_file_leads_elsewhere() {
        let diagnosis = judge(&pinning(answers(), "10.0.0.9"));
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("wrong-host", Certainty::Likely));
        assert_eq!(diagnosis.verdict, Verdict::Warning, "the server itself is well");
        assert!(root.proof.items[0].text.starts_with("line 1 of the client's hosts file"), "{:?}", root.proof.items);
        let refused = judge(&pinning(at_old_address(|a| a.ends(Ending::Refused)), "10.0.0.9"));
        assert_eq!(refused.root().unwrap().cause.id, "port-closed", "it explains nothing that was met here");
    }

    #[test]
    fn near_miss_a_hosts_file_that_agrees_or_names_another() {
        assert_eq!(detect(&pinning(answers(), "10.0.0.5")), Detection::Unknown(Vec::new()));
        assert_eq!(detect(&pinning(answers(), "fd00::5")), Detection::Unknown(Vec::new()), "of another family");
        let other = Machine::healthy().hosts_line("ts02.example.com", "10.0.0.9").as_origin().origin;
        assert_eq!(detect(&Evidence { origin: other, ..answers().evidence() }), Detection::Unknown(Vec::new()));
    }

    #[test]
    fn the_line_that_misleads_is_named_where_the_name_servers_know_better() {
        let scene = at_old_address(|a| a.ends(Ending::Refused)).name_servers(&[says("10.0.0.77")]);
        let diagnosis = judge(&pinning(scene, "10.0.0.5"));
        let root = diagnosis.root().unwrap();
        assert_eq!(root.cause.id, "wrong-host");
        assert!(root.proof.items.iter().any(|item| item.text.contains("line 1 of this machine's hosts file")));
    }

    #[test]
    fn only_possible_where_rdp_answers_and_fails() {
        let scene = at_old_address(|a| a.fails(FailureCode::SSL_CERT_NOT_ON_SERVER));
        let diagnosis = judge(&scene.name_servers(&[says("10.0.0.77")]).evidence());
        assert_eq!(diagnosis.root().unwrap().cause.id, "certificate-missing");
        let wrong = diagnosis.findings.iter().find(|finding| finding.cause.id == "wrong-host").unwrap();
        assert_eq!(wrong.certainty, Certainty::Possible);
    }

    #[test]
    fn near_miss_one_name_server_that_agrees_is_enough() {
        let scene = at_old_address(|a| a.ends(Ending::Refused)).name_servers(&[says("10.0.0.77"), says("10.0.0.5")]);
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }

    #[test]
    fn near_miss_other_families_cannot_contradict() {
        let scene = at_old_address(|a| a.ends(Ending::Refused)).name_servers(&[says("2001:db8::5")]);
        assert_eq!(detect(&scene.evidence()), Detection::Unknown(Vec::new()));
    }

    #[test]
    fn a_server_that_lets_clients_in_costs_no_look_up() {
        let scene = Scene::named("ts01", &["10.0.0.5"]).client(|a| a.selects(Protocols::SSL).completes_tls());
        assert_eq!(detect(&scene.evidence()), Detection::Unknown(Vec::new()));
    }

    #[test]
    fn unknown_until_the_name_servers_were_asked() {
        let evidence = at_old_address(|a| a.ends(Ending::Refused)).evidence();
        assert_eq!(detect(&evidence), Detection::Unknown(vec![Want::NameServers]));
    }

    fn served_by(name: &str, computer: &str, dns_computer: &str) -> Scene {
        let served = [CertificateMaker::windows(name)];
        let client = |a: Script| {
            a.selects(Protocols::HYBRID_EX).serves(&served).untrusted().challenged_by(computer, dns_computer)
        };
        Scene::named("ts01.corp.example", &["10.0.0.5"]).client(client)
    }

    #[test]
    fn another_machine_that_name_servers_place_elsewhere_is_likely_and_degrades() {
        let scene = served_by("DB07.corp.example", "DB07", "db07.corp.example").name_servers(&[says("10.0.0.77")]);
        let diagnosis = judge(&scene.evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("wrong-host", Certainty::Likely));
        assert_eq!(diagnosis.verdict, Verdict::Warning);
        assert!(root.proof.items[0].text.contains("db07"), "{:?}", root.proof.items);
    }

    #[test]
    fn another_machine_alone_may_be_an_alias() {
        let scene = served_by("DB07.corp.example", "DB07", "db07.corp.example");
        let evidence = scene.evidence();
        let Detection::Likely(proof) = detect(&evidence) else { panic!("both name another machine") };
        assert_eq!(proof.wants, [Want::NameServers]);
        let diagnosis = judge(&evidence);
        assert_eq!(diagnosis.verdict, Verdict::Healthy);
        assert!(diagnosis.findings.iter().any(|f| f.cause.id == "wrong-host" && f.certainty == Certainty::Possible));
    }

    #[test]
    fn near_misses_the_right_machine_under_any_of_its_names() {
        for scene in [
            served_by("TS01.corp.example", "TS01", "TS01.corp.example"),
            served_by("TS01", "TS01", "ts01.other.example"),
            served_by("ts01.corp.example", "NODE2", "node2.corp.example"),
        ] {
            assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
        }
    }

    #[test]
    fn near_miss_a_certificate_that_names_neither() {
        let scene = served_by("gateway", "DB07", "db07.corp.example");
        assert_eq!(detect(&scene.evidence()), Detection::Unknown(Vec::new()));
    }

    #[test]
    fn near_miss_this_machine_itself() {
        let served = [CertificateMaker::windows("DESK1")];
        let scene = Scene::named("localhost", &["127.0.0.1"]);
        let scene = scene.client(|a| a.selects(Protocols::HYBRID).serves(&served).challenged_by("DESK1", "desk1"));
        assert_eq!(detect(&scene.evidence()), Detection::RuledOut);
    }
}
