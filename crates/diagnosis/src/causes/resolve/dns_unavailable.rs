use super::answers::{SYSTEM_FACT, answers, any, denies, facts, fails, in_words, knows, look_up};
use crate::evidence::{Evidence, NameServerAnswer, SystemAnswer};
use crate::{Cause, Detection, Place, Proof, Remedy, Safety, Severity, Stage, Want};

/// Nobody could be asked for the address, so nothing is known of the target.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "dns-unavailable",
    stage: Stage::Resolve,
    severity: Severity::Blocks,
    title: "The name service does not answer",
    prior: 0,
    explains: &[],
    page: include_str!("dns-unavailable.md"),
    detect,
    remedies,
};

fn detect(evidence: &Evidence) -> Detection {
    if evidence.target.literal().is_some() {
        return Detection::RuledOut;
    }
    match evidence.resolution.system.observed() {
        None => Detection::Unknown(Vec::new()),
        Some(SystemAnswer::Addresses { .. }) => Detection::RuledOut,
        Some(SystemAnswer::NoSuchName) => no_such_name(evidence),
        Some(SystemAnswer::Failed { error }) => resolver_failed(evidence, error),
    }
}

/// The system's resolver could not find out.
fn resolver_failed(evidence: &Evidence, error: &str) -> Detection {
    let text = format!("the system's resolver failed: {error}");
    let proof = |decibans| Proof::of(text, [SYSTEM_FACT.to_owned()], decibans);
    let Some(answers) = answers(evidence) else { return Detection::Likely(proof(12).want(Want::NameServers)) };
    if answers.is_empty() {
        return Detection::Likely(proof(12).missing("what the name servers say: they could not be asked directly"));
    }
    if any(answers, knows) {
        let known = format!("yet a name server has an address: {}", in_words(answers, knows));
        let missing = "why the system's resolver failed all the same: ask again in a moment";
        return Detection::Likely(proof(12).and(known, facts(answers, knows), 0).missing(missing));
    }
    if any(answers, denies) {
        let denied = format!("yet a name server answers: {}", in_words(answers, denies));
        return Detection::Likely(proof(3).and(denied, facts(answers, denies), 0));
    }
    Detection::Confirmed(with_failures(proof(15), answers))
}

/// The system's resolver says that there is no such name, which it may only guess.
fn no_such_name(evidence: &Evidence) -> Detection {
    let Some(answers) = answers(evidence) else { return Detection::Unknown(vec![Want::NameServers]) };
    if any(answers, knows) || any(answers, denies) {
        return Detection::RuledOut;
    }
    let text = format!("the system's resolver gave no address for {}", evidence.target.host);
    let proof = Proof::of(text, [SYSTEM_FACT.to_owned()], 5);
    if answers.is_empty() {
        return Detection::Likely(proof.missing("whether the name exists: no name server could be asked directly"));
    }
    let missing = "whether the name exists: the system's resolver may have asked in a way that we cannot";
    Detection::Likely(with_failures(proof, answers).missing(missing))
}

fn with_failures(proof: Proof, answers: &[NameServerAnswer]) -> Proof {
    let text = format!("no name server settles it: {}", in_words(answers, fails));
    proof.and(text, facts(answers, fails), 10)
}

fn remedies(evidence: &Evidence) -> Vec<Remedy> {
    vec![see_name_servers(), see_name_servers_on_linux(), look_up(evidence), by_address(evidence)]
}

fn see_name_servers() -> Remedy {
    Remedy {
        title: "See which name servers this machine asks, and whether they can be reached".into(),
        place: Place::Client,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec![
            "Get-DnsClientServerAddress".into(),
            "Get-DnsClientServerAddress -AddressFamily IPv4 | Select-Object -ExpandProperty ServerAddresses -Unique | ForEach-Object { Test-NetConnection $_ -Port 53 }".into(),
        ],
        cmd: vec!["ipconfig /all".into()],
        undo: "nothing is changed".into(),
    }
}

fn see_name_servers_on_linux() -> Remedy {
    Remedy {
        title: "The same on Linux".into(),
        place: Place::Client,
        safety: Safety::Safe,
        interrupts: String::new(),
        commands: vec!["cat /etc/resolv.conf".into(), "resolvectl status".into()],
        cmd: Vec::new(),
        undo: "nothing is changed".into(),
    }
}

fn by_address(evidence: &Evidence) -> Remedy {
    Remedy {
        title: format!("Ask by address instead of {}, to learn of the server all the same", evidence.target.host),
        place: Place::Client,
        safety: Safety::Safe,
        interrupts: "by address there is no Kerberos, and the certificate's name cannot match".into(),
        commands: vec!["rdpdoctor diagnose ADDRESS".into()],
        cmd: Vec::new(),
        undo: "nothing is changed".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::LookupOutcome;
    use crate::testing::Scene;
    use crate::{Certainty, Verdict, judge};

    fn failed() -> Scene {
        let error = "temporary failure in name resolution".into();
        Scene::unresolved("ts01.example.com").system(SystemAnswer::Failed { error })
    }

    fn root(scene: Scene) -> (&'static str, Certainty, Verdict) {
        let diagnosis = judge(&scene.evidence());
        let root = diagnosis.root().unwrap();
        (root.cause.id, root.certainty, diagnosis.verdict)
    }

    #[test]
    fn fires_when_neither_resolver_nor_name_servers_answer() {
        let failures =
            [LookupOutcome::Silent, LookupOutcome::Refused, LookupOutcome::Failed { code: "ServFail".into() }];
        let expected = ("dns-unavailable", Certainty::Confirmed, Verdict::Inconclusive);
        assert_eq!(root(failed().name_servers(&failures)), expected);
    }

    #[test]
    fn likely_when_the_resolver_only_guesses_that_there_is_no_such_name() {
        let scene = Scene::unresolved("ts01.example.com").system(SystemAnswer::NoSuchName);
        let expected = ("dns-unavailable", Certainty::Likely, Verdict::Inconclusive);
        assert_eq!(root(scene.name_servers(&[LookupOutcome::Silent])), expected);
    }

    #[test]
    fn near_miss_one_name_server_that_answers_is_enough() {
        let scene = Scene::unresolved("ts01.example.com").system(SystemAnswer::NoSuchName);
        let evidence = scene.name_servers(&[LookupOutcome::Silent, LookupOutcome::NxDomain]).evidence();
        assert_eq!(detect(&evidence), Detection::RuledOut);
    }

    #[test]
    fn near_miss_an_address_needs_no_name_service() {
        assert_eq!(detect(&Scene::at("10.0.0.5").evidence()), Detection::RuledOut);
    }

    #[test]
    fn asks_the_name_servers() {
        let Detection::Likely(proof) = detect(&failed().evidence()) else { panic!("one failure is no proof") };
        assert_eq!(proof.wants, [Want::NameServers]);
    }

    #[test]
    fn unknown_before_anybody_was_asked() {
        assert_eq!(detect(&Scene::unresolved("ts01").evidence()), Detection::Unknown(Vec::new()));
    }
}
