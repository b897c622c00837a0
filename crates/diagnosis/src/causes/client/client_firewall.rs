use super::unless_answered;
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::snapshot::{Firewall, Outbound, OutboundRule, ProfileKind, RuleAction};
use crate::evidence::{Evidence, Snapshot};
use crate::view::origin_fact;
use crate::{Cause, Detection, Place, Proof, Safety, Severity, Stage};

/// The client's own firewall or permission holds the packets back.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "client-firewall",
    stage: Stage::Client,
    severity: Severity::Blocks,
    title: "The client's own firewall or permission holds the connection back",
    prior: -6,
    explains: &["port-filtered"],
    page: include_str!("client-firewall.md"),
    detect: |evidence| {
        evidence.origin.as_deref().map_or_else(|| unless_answered(evidence), |origin| look(origin, evidence))
    },
    remedies: |_| remedies(&[&TRY, &ALLOW]),
};

fn look(origin: &Snapshot, evidence: &Evidence) -> Detection {
    let firewall = origin.firewall.observed();
    let Some((firewall, outbound)) = firewall.and_then(|it| Some((it, it.outbound.observed()?))) else {
        return unless_answered(evidence);
    };
    let answered = unless_answered(evidence) == Detection::RuledOut;
    // Our packets get out; a rule for mstsc alone does not stop us.
    let binds = |rule: &&OutboundRule| !answered || rule.program.is_some();
    let mut blocking =
        outbound.rules.iter().filter(|rule| holds(rule, RuleAction::Block, firewall, evidence)).filter(binds);
    if let Some(rule) = blocking.next() {
        return blocked_by(rule, firewall);
    }
    match closed_profile(outbound, firewall, evidence) {
        Some(kind) if !answered => {
            let text =
                format!("outgoing connections are blocked in the {} profile, and no rule allows this one", name(kind));
            let proof = Proof::of(text, [fact()], 20);
            Detection::Likely(if firewall.active.is_empty() { proof.severity(Severity::Degrades) } else { proof })
        }
        _ => Detection::RuledOut,
    }
}

fn blocked_by(rule: &OutboundRule, firewall: &Firewall) -> Detection {
    let whose = if rule.by_policy { "a policy's" } else { "an" };
    let named = rdpdoctor_protocol::text::safe_text(if rule.name.is_empty() { &rule.id } else { &rule.name }, 80);
    let what = rule.program.as_ref().map_or("every program", |_| "mstsc");
    let proof = Proof::of(format!("{whose} outbound rule, \"{named}\", blocks {what}"), [fact()], 30);
    // Which profile is in force now is not known: the rule may not hold in it.
    if firewall.active.is_empty() && !rule.profiles.is_empty() {
        return Detection::Likely(proof.severity(Severity::Degrades));
    }
    Detection::Confirmed(proof)
}

/// Whether a rule holds now for a connection to the target.
fn holds(rule: &OutboundRule, action: RuleAction, firewall: &Firewall, evidence: &Evidence) -> bool {
    let filters = |kind: &ProfileKind| firewall.profiles.get(kind).is_none_or(|profile| profile.enabled);
    let mut kinds = in_force(firewall).filter(|kind| rule.profiles.is_empty() || rule.profiles.contains(kind));
    let ports = rule.ports.is_empty() || rule.ports.iter().any(|port| covers(port, evidence.target.port));
    let mut addresses = evidence.addresses().into_iter().map(|address| address.to_string());
    let remote = rule.remote.is_empty() || addresses.any(|address| rule.remote.contains(&address));
    rule.active && rule.action == action && ports && remote && kinds.any(|kind| filters(&kind))
}

/// The profiles in force, all of them where the system does not say.
fn in_force(firewall: &Firewall) -> impl Iterator<Item = ProfileKind> {
    let known = |kind: &ProfileKind| firewall.active.is_empty() || firewall.active.contains(kind);
    [ProfileKind::Domain, ProfileKind::Private, ProfileKind::Public].into_iter().filter(known)
}

fn closed_profile(outbound: &Outbound, firewall: &Firewall, evidence: &Evidence) -> Option<ProfileKind> {
    let allowed = outbound.rules.iter().any(|rule| holds(rule, RuleAction::Allow, firewall, evidence));
    in_force(firewall).find(|kind| outbound.blocked.contains(kind)).filter(|_| !allowed)
}

fn covers(ports: &str, port: u16) -> bool {
    let (from, to) = ports.split_once('-').unwrap_or((ports, ports));
    matches!((from.trim().parse(), to.trim().parse()), (Ok(from), Ok(to)) if (from..=to).contains(&port))
}

fn name(kind: ProfileKind) -> &'static str {
    match kind {
        ProfileKind::Domain => "domain",
        ProfileKind::Private => "private",
        ProfileKind::Public => "public",
    }
}

fn fact() -> String {
    origin_fact(&["firewall"])
}

const TRY: Step = Step {
    title: "Try from another machine in the same network, and from this one to another server: where only this client fails, look at what filters its outgoing connections",
    place: Place::Client,
    commands: &[
        "Test-NetConnection HOST -Port 3389",
        "Get-NetFirewallRule -Direction Outbound -Action Block -Enabled True | Format-Table DisplayName, Profile, Program",
    ],
    cmd: &["netsh advfirewall firewall show rule name=all dir=out"],
    ..READ
};

const ALLOW: Step = Step {
    title: "Let the client out: change the rule or the security suite that blocks it; on an iPhone, iPad or Mac allow the app to use the local network in the privacy settings",
    place: Place::Client,
    safety: Safety::Manual,
    undo: "set the rule back",
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Ending;
    use crate::evidence::snapshot::Reading;
    use crate::testing::{Machine, Scene};
    use crate::{Verdict, judge};

    fn rule() -> OutboundRule {
        OutboundRule {
            id: "{1}".into(),
            name: "No RDP".into(),
            active: true,
            action: RuleAction::Block,
            profiles: Vec::new(),
            ports: vec!["3000-4000".into()],
            remote: Vec::new(),
            program: None,
            by_policy: false,
        }
    }

    fn client(change: impl FnOnce(&mut Firewall, &mut Outbound)) -> Machine {
        Machine::healthy().build(22631, "Client").with(|it| {
            let Reading::Observed(firewall) = &mut it.firewall else { return };
            let mut outbound = Outbound::default();
            change(firewall, &mut outbound);
            firewall.outbound = Reading::Observed(outbound);
        })
    }

    fn with_rule(rule: OutboundRule) -> Machine {
        client(|_, outbound| outbound.rules.push(rule))
    }

    fn towards(machine: Machine, ending: Ending) -> Detection {
        let scene = Scene::at("10.0.0.5").client(|a| a.ends(ending));
        (CAUSE.detect)(&Evidence { origin: machine.as_origin().origin, ..scene.evidence() })
    }

    #[test]
    fn fires_on_a_rule_that_blocks() {
        let diagnosis = judge(&with_rule(rule()).as_origin());
        assert_eq!((diagnosis.root().unwrap().cause.id, diagnosis.verdict), ("client-firewall", Verdict::Broken));
        let mstsc = OutboundRule { program: Some(r"C:\Windows\System32\mstsc.exe".into()), ..rule() };
        assert!(
            matches!(towards(with_rule(mstsc), Ending::Refused), Detection::Confirmed(_)),
            "our own packets do not count"
        );
    }

    #[test]
    fn fires_on_a_profile_that_lets_nothing_out_unless_a_rule_allows_it() {
        let closed = |allowed: bool| {
            client(|firewall, outbound| {
                firewall.active = vec![ProfileKind::Public];
                outbound.blocked = vec![ProfileKind::Public];
                outbound.rules.extend(allowed.then(|| OutboundRule { action: RuleAction::Allow, ..rule() }));
            })
        };
        assert!(matches!(towards(closed(false), Ending::Silent), Detection::Likely(_)));
        assert_eq!(towards(closed(true), Ending::Silent), Detection::RuledOut);
    }

    #[test]
    fn near_miss_rules_that_do_not_hold_here() {
        for other in [
            OutboundRule { active: false, ..rule() },
            OutboundRule { ports: vec!["445".into()], ..rule() },
            OutboundRule { remote: vec!["10.0.0.6".into()], ..rule() },
        ] {
            assert_eq!(towards(with_rule(other), Ending::Silent), Detection::RuledOut);
        }
        assert_eq!(towards(with_rule(rule()), Ending::Refused), Detection::RuledOut, "an answer came back");
        let elsewhere = client(|firewall, outbound| {
            firewall.active = vec![ProfileKind::Domain];
            outbound.rules.push(OutboundRule { profiles: vec![ProfileKind::Public], ..rule() });
        });
        assert_eq!(towards(elsewhere, Ending::Silent), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_the_rules_were_not_read() {
        assert_eq!(towards(Machine::unread(), Ending::Silent), Detection::Unknown(Vec::new()));
    }
}
