use super::answers::{
    SYSTEM_FACT, answers, any, denies, facts, fails, flush_cache, flush_cache_on_linux, in_words, knows, look_up,
};
use super::cached::denied;
use crate::evidence::{Evidence, NameServerAnswer, SystemAnswer};
use crate::view::client_gets_through;
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage, Want};

/// The name leads nowhere: it does not exist, or has no address.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "name-not-found",
    stage: Stage::Resolve,
    severity: Severity::Blocks,
    title: "The name does not exist, or has no address",
    prior: 0,
    explains: &[],
    page: include_str!("name-not-found.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    if evidence.target.literal().is_some() {
        return Detection::RuledOut;
    }
    let Some(system) = evidence.resolution.system.observed() else { return Detection::Unknown(Vec::new()) };
    if matches!(system, SystemAnswer::Addresses { .. }) {
        return denied_by_cache(evidence);
    }
    let Some(answers) = answers(evidence) else { return Detection::Unknown(vec![Want::NameServers]) };
    match system {
        SystemAnswer::NoSuchName => no_such_name(evidence, answers),
        SystemAnswer::Failed { .. } => resolver_failed(evidence, answers),
        SystemAnswer::Addresses { .. } => Detection::RuledOut,
    }
}

/// The resolver here has an address, by which clients get through; the client's own cache may still deny the name.
fn denied_by_cache(evidence: &Evidence) -> Detection {
    let Some(fact) = denied(evidence).filter(|_| client_gets_through(evidence)) else { return Detection::RuledOut };
    let Some(answers) = answers(evidence) else { return Detection::Unknown(vec![Want::NameServers]) };
    if !any(answers, knows) {
        return Detection::RuledOut;
    }
    let host = &evidence.target.host;
    let text = format!("the client's DNS cache holds that there is no {host}");
    let proof = Proof::of(text, [fact], 8).and(
        format!("yet a name server has it: {}", in_words(answers, knows)),
        facts(answers, knows),
        4,
    );
    let missing = "whether the client may know the name: empty its cache, and see whether the denial comes back";
    Detection::Likely(proof.missing(missing).severity(Severity::Degrades))
}

/// The system's resolver says that there is no such name.
fn no_such_name(evidence: &Evidence, answers: &[NameServerAnswer]) -> Detection {
    let system = format!("the system's resolver knows no address for {}", evidence.target.host);
    if answers.is_empty() {
        let missing = "what the name servers say: they could not be asked directly";
        return Detection::Likely(Proof::of(system, [SYSTEM_FACT.to_owned()], 5).missing(missing));
    }
    if any(answers, knows) {
        let text = format!("yet a name server has it: {}", in_words(answers, knows));
        let proof = Proof::of(system, [SYSTEM_FACT.to_owned()], 12).and(text, facts(answers, knows), 0);
        if let Some(fact) = denied(evidence) {
            let text = "this machine's DNS cache holds that there is no such name";
            let missing = "whether its name servers still say so: empty the cache, and ask again";
            return Detection::Likely(proof.and(text, [fact], 6).missing(missing));
        }
        let missing = "where this machine's own answer comes from: its cache, its hosts file, or another name server";
        return Detection::Likely(proof.missing(missing));
    }
    if any(answers, denies) {
        let proof = Proof::of(system, [SYSTEM_FACT.to_owned()], 15);
        return Detection::Confirmed(with_denials(proof, evidence, answers));
    }
    Detection::Unknown(Vec::new())
}

/// The system's resolver could not find out; the name servers, asked directly, may know better.
fn resolver_failed(evidence: &Evidence, answers: &[NameServerAnswer]) -> Detection {
    if any(answers, knows) || any(answers, fails) || answers.is_empty() {
        return Detection::RuledOut;
    }
    let missing = "why the system's resolver failed instead of saying so: ask again in a moment";
    Detection::Likely(with_denials(Proof::default(), evidence, answers).missing(missing))
}

fn with_denials(proof: Proof, evidence: &Evidence, answers: &[NameServerAnswer]) -> Proof {
    let text = format!("the name servers have none either: {}", in_words(answers, denies));
    let proof = proof.and(text, facts(answers, denies), 15);
    if !evidence.target.is_single_label() {
        return proof;
    }
    let host = evidence.target.host.trim_end_matches('.');
    let completed = answers.iter().any(|answer| !answer.name.trim_end_matches('.').eq_ignore_ascii_case(host));
    let text = if completed {
        format!("{host} is a short name, and was asked for with each search suffix of this machine")
    } else {
        format!("{host} is a short name, and no search suffix of this machine was there to complete it")
    };
    proof.and(text, facts(answers, denies), 0)
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    vec![type_it_right(evidence), look_up(evidence), flush_cache(evidence), flush_cache_on_linux(), register(evidence)]
}

fn type_it_right(evidence: &Evidence) -> Remedy {
    let title = if evidence.target.is_single_label() {
        format!("Use the full name, such as {}.example.com, or the address", evidence.target.host.trim_end_matches('.'))
    } else {
        "Check the spelling of the name, or use the address".to_owned()
    };
    Remedy {
        title,
        place: Place::Client,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: Vec::new(),
        cmd: Vec::new(),
        undo: "nothing is changed".into(),
    }
}

fn register(evidence: &Evidence) -> Remedy {
    Remedy {
        title: format!("Register {} again: from the server itself, or as an A or AAAA record", evidence.target.host),
        place: Place::Server,
        safety: Safety::Manual,
        interrupts: String::new(),
        commands: vec!["Register-DnsClient".into()],
        cmd: vec!["ipconfig /registerdns".into()],
        undo: "delete the record that it made".into(),
    }
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::Protocols;

    use super::*;
    use crate::evidence::LookupOutcome;
    use crate::testing::{Machine, Scene};
    use crate::{Certainty, Verdict, judge};

    fn missing(name: &str) -> Scene {
        Scene::unresolved(name).system(SystemAnswer::NoSuchName)
    }

    #[test]
    fn fires_when_system_and_name_servers_agree() {
        for denial in [LookupOutcome::NxDomain, LookupOutcome::NoData] {
            let scene = missing("ts01.example.com").name_servers(&[denial, LookupOutcome::Silent]);
            let diagnosis = judge(&scene.evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.certainty), ("name-not-found", Certainty::Confirmed));
            assert_eq!(diagnosis.verdict, Verdict::Unreachable);
        }
    }

    #[test]
    fn a_short_name_tells_of_its_suffixes() {
        let evidence = missing("ts01").name_servers(&[LookupOutcome::NxDomain]).evidence();
        let Detection::Confirmed(proof) = detect(&evidence) else { panic!("both agree") };
        assert!(proof.items.iter().any(|item| item.text.contains("short name")), "{:?}", proof.items);
        assert!(remedies(&evidence)[0].title.contains("full name"));
    }

    #[test]
    fn likely_when_only_this_machine_does_not_know_it() {
        let diagnosis = judge(&missing("ts01.example.com").name_servers(&[known()]).evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("name-not-found", Certainty::Likely));
    }

    fn known() -> LookupOutcome {
        LookupOutcome::Addresses { addresses: vec!["10.0.0.5".parse().unwrap()] }
    }

    fn denying(scene: Scene) -> Evidence {
        Evidence { origin: Machine::healthy().caches("ts01.example.com", &[]).as_origin().origin, ..scene.evidence() }
    }

    #[test]
    fn the_cache_that_denies_the_name_is_named() {
        let diagnosis = judge(&denying(missing("ts01.example.com").name_servers(&[known()])));
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("name-not-found", Certainty::Likely));
        assert!(root.proof.items.iter().any(|item| item.text.contains("DNS cache")), "{:?}", root.proof.items);
        let remedies = remedies(&denying(missing("ts01.example.com")));
        assert!(remedies.iter().any(|remedy| remedy.cmd == ["ipconfig /flushdns"]));
    }

    #[test]
    fn likely_where_only_the_cache_of_a_client_denies_the_name() {
        let reached = || {
            Scene::named("ts01.example.com", &["10.0.0.5"]).client(|a| a.selects(Protocols::HYBRID_EX).completes_tls())
        };
        assert_eq!(detect(&denying(reached())), Detection::Unknown(vec![Want::NameServers]));
        let diagnosis = judge(&denying(reached().name_servers(&[known()])));
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("name-not-found", Certainty::Likely));
        assert_eq!(diagnosis.verdict, Verdict::Warning);
        let denied_by_all = denying(reached().name_servers(&[LookupOutcome::NxDomain]));
        assert_eq!(detect(&denied_by_all), Detection::RuledOut, "a hosts file, or another view, knows it here");
        let mut late = denying(reached().name_servers(&[known()]));
        late.started += jiff::SignedDuration::from_mins(16);
        assert_eq!(detect(&late), Detection::RuledOut, "by then it has forgotten");
    }

    #[test]
    fn likely_when_every_name_server_denies_what_the_resolver_could_not_find_out() {
        let failed = SystemAnswer::Failed { error: "temporary failure in name resolution".into() };
        let scene = Scene::unresolved("ts01.example.com").system(failed).name_servers(&[LookupOutcome::NxDomain]);
        let diagnosis = judge(&scene.evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("name-not-found", Certainty::Likely));
        assert_eq!(diagnosis.verdict, Verdict::Unreachable);
    }

    #[test]
    fn near_miss_a_name_with_an_address() {
        let evidence = Scene::named("ts01", &["10.0.0.5"]).name_servers(&[LookupOutcome::NxDomain]).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_no_name_server_answers() {
        let evidence = missing("ts01").name_servers(&[LookupOutcome::Silent, LookupOutcome::Refused]).evidence();
        assert_eq!(detect(&evidence), Detection::Unknown(Vec::new()));
        assert_eq!(detect(&missing("ts01").evidence()), Detection::Unknown(vec![Want::NameServers]));
    }
}
