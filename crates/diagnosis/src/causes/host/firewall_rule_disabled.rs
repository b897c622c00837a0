use super::ahead::{by_host_ahead, heard_at};
use super::firewall::{Lack, Passage, Why, passage};
use super::firewall_service::ended;
use super::remedies::ENABLE_RULES;
use super::signs::{setting_of, unless_tcp_connects};
use crate::causes::logged::{AUDITING, Logged, lately, short};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::snapshot::{Firewall, FirewallRule, ProfileKind};
use crate::evidence::{Attempt, Evidence, Snapshot};
use crate::view::{AddressView, client_address, host_fact};
use crate::{Cause, Detection, Place, Proof, Safety, Severity, Stage};

/// No active rule of Windows' firewall lets the port in on the network's present profile.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "firewall-rule-disabled",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "The server's own firewall does not let Remote Desktop in",
    prior: 0,
    explains: &["port-filtered"],
    page: include_str!("firewall-rule-disabled.md"),
    detect: |evidence| by_host_ahead(evidence, from_outside(evidence), |host| look(host, evidence)),
    remedies: |_| remedies(&[&READ_RULES, &ENABLE_RULES, &CHANGE_POLICY]),
};

/// What is measured from the machine to itself passes no firewall, and refutes none.
fn from_outside(evidence: &Evidence) -> Detection {
    let own = |attempt: &Attempt| attempt.local.is_some_and(|local| local.ip() == attempt.endpoint.ip());
    let to_itself = |address: AddressView<'_>| {
        address.endpoint.ip().is_loopback() || address.attempts().any(|(_, attempt)| own(attempt))
    };
    match client_address(evidence) {
        Some(address) if to_itself(address) => Detection::Unknown(Vec::new()),
        _ => unless_tcp_connects(evidence),
    }
}

fn look(host: &Snapshot, evidence: &Evidence) -> Detection {
    if let Some(found) = ended(host) {
        return found;
    }
    let port = setting_of(host, "port").0.number().and_then(|port| u16::try_from(port).ok());
    let (Some(firewall), Some(port)) = (host.firewall.observed(), port) else { return Detection::Unknown(Vec::new()) };
    match at_ports(firewall, port, &heard_at(host)) {
        Detection::RuledOut if !firewall.ipsec.is_empty() => Detection::Likely(secured(firewall, evidence)),
        Detection::RuledOut => dropped(host, port).map_or(Detection::RuledOut, Detection::Likely),
        found => found,
    }
}

/// A port that is set and not taken up yet counts from the next start on.
fn at_ports(firewall: &Firewall, set: u16, heard: &[(u16, String)]) -> Detection {
    let Some((now, fact)) = heard.first().filter(|_| heard.iter().all(|(port, _)| *port != set)) else {
        return by_rules(firewall, set);
    };
    let text = format!("until it is restarted, the service listens at port {now}, which the firewall lets in");
    let later = |proof: Proof| proof.and(text, [fact.clone()], 0).severity(Severity::Degrades);
    match (by_rules(firewall, *now), by_rules(firewall, set)) {
        (Detection::RuledOut, Detection::Confirmed(proof)) => Detection::Confirmed(later(proof)),
        (Detection::RuledOut, Detection::Likely(proof)) => Detection::Likely(later(proof)),
        (Detection::RuledOut, open) => open,
        (found, _) => found,
    }
}

/// Filters beside the rules drop packets too, and say so where auditing is on.
fn dropped(host: &Snapshot, port: u16) -> Option<Proof> {
    let to_port = |logged: &Logged<'_>| logged.event.field("DestPort") == Some(port.to_string().as_str());
    let last = lately(host, AUDITING, &[5152, 5157], 24).into_iter().rfind(to_port)?;
    let from = last.event.field("SourceAddress").map(|address| format!(" from {}", short(address))).unwrap_or_default();
    let text = format!("event {} at {}: a filter dropped a packet{from} to port {port}", last.event.id, last.when());
    let missing = "which filter it was: the event has its number, netsh wfp show state its name";
    Some(Proof::of(text, [last.fact], 14).missing(missing).severity(Severity::Degrades))
}

/// What the rules make of it in the profiles in force, or in all of them where nobody says which that is.
fn by_rules(firewall: &Firewall, port: u16) -> Detection {
    let known = !firewall.active.is_empty();
    let kinds: Vec<ProfileKind> =
        if known { firewall.active.clone() } else { firewall.profiles.keys().copied().collect() };
    let passages: Option<Vec<(ProfileKind, Passage<'_>)>> =
        kinds.iter().map(|kind| Some((*kind, passage(firewall, *kind, port)?))).collect();
    let Some(passages) = passages.filter(|passages| !passages.is_empty()) else {
        return Detection::Unknown(Vec::new());
    };
    let shut = || passages.iter().filter_map(|(kind, passage)| Some((*kind, shut(passage)?)));
    let limits = || passages.iter().filter_map(|(_, passage)| limited(passage)).flatten();
    let Some((kind, why)) = shut().next() else {
        return limits().next().map_or(Detection::RuledOut, |rule| Detection::Confirmed(narrow(firewall, rule)));
    };
    let proof = Proof::of(reason(kind, why, port), [fact_of(firewall, why)], 25);
    match (shut().count() == passages.len(), known) {
        (true, _) => Detection::Confirmed(proof),
        (false, true) => Detection::Confirmed(proof.severity(Severity::Degrades)),
        (false, false) => {
            let missing = "which profile the network has: Get-NetConnectionProfile on the server";
            Detection::Likely(
                Proof { items: reweigh(proof.items, 12), ..proof }.missing(missing).severity(Severity::Degrades),
            )
        }
    }
}

fn reweigh(items: Vec<crate::ProofItem>, decibans: i16) -> Vec<crate::ProofItem> {
    items.into_iter().map(|item| crate::ProofItem { decibans, ..item }).collect()
}

fn shut<'a>(passage: &'a Passage<'a>) -> Option<&'a Why<'a>> {
    match passage {
        Passage::Shut(why) => Some(why),
        Passage::Open | Passage::Limited(_) => None,
    }
}

fn limited<'a>(passage: &'a Passage<'a>) -> Option<impl Iterator<Item = &'a FirewallRule>> {
    match passage {
        Passage::Limited(rules) => Some(rules.iter().copied()),
        Passage::Open | Passage::Shut(_) => None,
    }
}

fn reason(kind: ProfileKind, why: &Why<'_>, port: u16) -> String {
    let profile = match kind {
        ProfileKind::Domain => "domain",
        ProfileKind::Private => "private",
        ProfileKind::Public => "public",
    };
    match why {
        Why::AllBlocked => {
            format!("the firewall blocks all that comes in on {profile} networks, whatever the rules say")
        }
        Why::Blocked(rule) => {
            format!("the rule {} blocks port {port} on {profile} networks, whatever others allow", short(&rule.id))
        }
        Why::NoRule(None) => format!("no rule of the firewall lets port {port} in on {profile} networks"),
        Why::NoRule(Some((rule, lack))) => {
            let lack = match lack {
                Lack::Inactive => "is switched off".to_owned(),
                Lack::LocalIgnored => "does not count, since policy has the machine's own rules ignored".to_owned(),
                Lack::OtherProfile => "is for other networks".to_owned(),
                Lack::OtherPort => format!("is for port {}", short(&rule.ports.join(", "))),
            };
            format!("no rule of the firewall lets port {port} in on {profile} networks: {} {lack}", short(&rule.id))
        }
    }
}

fn fact_of(firewall: &Firewall, why: &Why<'_>) -> String {
    match why {
        Why::Blocked(rule) | Why::NoRule(Some((rule, _))) => rule_fact(firewall, rule),
        Why::AllBlocked => host_fact(&["firewall", "observed", "profiles"]),
        Why::NoRule(None) => host_fact(&["firewall", "observed", "rules"]),
    }
}

fn rule_fact(firewall: &Firewall, rule: &FirewallRule) -> String {
    let index = firewall.rules.iter().position(|known| known == rule).unwrap_or_default();
    host_fact(&["firewall", "observed", "rules", &index.to_string()])
}

fn narrow(firewall: &Firewall, rule: &FirewallRule) -> Proof {
    let does = if rule.action == crate::evidence::snapshot::RuleAction::Block { "keeps out" } else { "lets in only" };
    let text = format!("the rule {} {does} {}", short(&rule.id), short(&rule.remote.join(", ")));
    let missing = "whether those who are to get in come from there";
    Proof::of(text, [rule_fact(firewall, rule)], 12).missing(missing).severity(Severity::Degrades)
}

/// Peers that can do IPsec get in; who meets silence here has met it.
fn secured(firewall: &Firewall, evidence: &Evidence) -> Proof {
    let silent = client_address(evidence).is_some_and(|address| address.first().is_some() && !address.connects());
    let text = format!("the rule {} demands IPsec of whoever connects to the port", short(&firewall.ipsec.join(", ")));
    let proof = Proof::of(text, [host_fact(&["firewall", "observed", "ipsec"])], 15);
    let proof = proof.missing("whether those who are to get in have IPsec set up with this server");
    if silent { proof } else { proof.severity(Severity::Degrades) }
}

const READ_RULES: Step = Step {
    title: "See which rules for Remote Desktop are active, on which profile the network is, and what a policy adds",
    commands: &[
        "Get-NetFirewallRule -Group '@FirewallAPI.dll,-28752' -PolicyStore ActiveStore | Format-Table Name, Enabled, Action, Profile, PolicyStoreSourceType",
        "Get-NetConnectionProfile | Format-Table InterfaceAlias, NetworkCategory",
        "Get-NetFirewallProfile -PolicyStore ActiveStore | Format-Table Name, Enabled, DefaultInboundAction, AllowInboundRules, AllowLocalFirewallRules",
        "Get-WinEvent -FilterHashtable @{LogName='Microsoft-Windows-Windows Firewall With Advanced Security/Firewall'; Id=2003,2004,2005,2006,2010,2033,2052,2071,2082,2097} -MaxEvents 20 | Format-List TimeCreated, Id, Message",
    ],
    cmd: &[
        "netsh advfirewall show currentprofile",
        "netsh advfirewall firewall show rule name=all dir=in verbose | findstr /i /c:3389",
        r"reg query HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall /s",
    ],
    ..READ
};

const CHANGE_POLICY: Step = Step {
    title: "Where a policy blocks it or has local rules ignored: find the policy by name, and let it carry the rule",
    place: Place::DomainController,
    safety: Safety::Manual,
    interrupts: "nothing; it holds for every machine under that policy",
    commands: &["gpresult /scope computer /v", "gpupdate /target:computer"],
    undo: "set the policy back to what it was, and run gpupdate",
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Ending;
    use crate::evidence::snapshot::{Reading, StartType};
    use crate::testing::{Machine, Scene, Script};
    use crate::{Certainty, Verdict, judge};

    fn with(change: impl FnOnce(&mut Firewall)) -> Machine {
        Machine::healthy().with(|host| {
            let Reading::Observed(firewall) = &mut host.firewall else { return };
            change(firewall);
        })
    }

    fn looked(machine: Machine) -> Detection {
        let evidence = machine.evidence();
        look(evidence.host.as_deref().unwrap(), &evidence)
    }

    fn probed(target: &str, machine: Machine, script: impl FnOnce(Script) -> Script) -> Evidence {
        Evidence { host: Some(Box::new(machine.snapshot())), ..Scene::at(target).client(script).evidence() }
    }

    #[test]
    fn fires_where_nothing_lets_the_port_in() {
        let machines = [
            with(|firewall| firewall.rules[0].active = false),
            with(|firewall| firewall.rules.clear()),
            Machine::healthy().dword("port", 3390).no_listeners().listens(3390, "TermService"),
            with(|firewall| firewall.rules[0].active = false).on_disk(),
            Machine::healthy().service("MpsSvc", StartType::Disabled, false),
            Machine::healthy().service("MpsSvc", StartType::Automatic, false),
            Machine::healthy().service("BFE", StartType::Disabled, false).on_disk(),
        ];
        for machine in machines {
            let diagnosis = judge(&machine.evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.certainty), ("firewall-rule-disabled", Certainty::Confirmed));
            assert_eq!(diagnosis.verdict, Verdict::Broken);
        }
    }

    #[test]
    fn a_port_that_is_not_taken_up_yet_counts_from_the_next_start_on() {
        let moved = || Machine::healthy().dword("port", 3390);
        let diagnosis = judge(&moved().evidence());
        assert_eq!(diagnosis.verdict, Verdict::Warning);
        let Detection::Confirmed(proof) = looked(moved()) else { panic!("no rule is for the new port") };
        assert_eq!(proof.severity, Some(Severity::Degrades));
        let shut = moved().with(|host| {
            let Reading::Observed(firewall) = &mut host.firewall else { return };
            firewall.rules[0].ports = vec!["3390".to_owned()];
        });
        let Detection::Confirmed(proof) = looked(shut) else { panic!("no rule is for the port of now") };
        assert_eq!(proof.severity, None);
    }

    #[test]
    fn explains_the_silence_that_a_probe_meets() {
        let machine = with(|firewall| firewall.rules[0].active = false);
        let diagnosis = judge(&probed("10.0.0.5", machine, |a| a.ends(Ending::Silent)));
        let root = diagnosis.root().unwrap();
        assert_eq!(root.cause.id, "firewall-rule-disabled");
        assert_eq!(diagnosis.verdict, Verdict::Unreachable);
        let text = &root.proof.items[0].text;
        assert!(text.ends_with("domain networks: RemoteDesktop-UserMode-In-TCP is switched off"), "{text}");
    }

    #[test]
    fn a_probe_of_the_machine_by_itself_refutes_nothing() {
        let machine = || with(|firewall| firewall.rules[0].active = false);
        let detect = CAUSE.detect;
        let loopback = probed("127.0.0.1", machine(), |a| a.connects().ends(Ending::Fin));
        assert!(matches!(detect(&loopback), Detection::Confirmed(_)));
        let mut own = probed("10.0.0.5", machine(), |a| a.connects().ends(Ending::Fin));
        assert_eq!(detect(&own), Detection::RuledOut);
        own.attempts[0].local = Some("10.0.0.5:50000".parse().unwrap());
        assert!(matches!(detect(&own), Detection::Confirmed(_)));
    }

    #[test]
    fn some_profiles_only_depend_on_which_is_in_force() {
        let private =
            |firewall: &mut Firewall| firewall.rules[0].profiles = vec![ProfileKind::Domain, ProfileKind::Private];
        let active = |kinds: &'static [ProfileKind]| {
            looked(with(|firewall| {
                private(firewall);
                firewall.active = kinds.to_vec();
            }))
        };
        assert!(
            matches!(looked(with(private)), Detection::Likely(proof) if proof.severity == Some(Severity::Degrades))
        );
        assert!(matches!(active(&[ProfileKind::Public]), Detection::Confirmed(proof) if proof.severity.is_none()));
        assert_eq!(active(&[ProfileKind::Private]), Detection::RuledOut);
        let both = active(&[ProfileKind::Private, ProfileKind::Public]);
        assert!(matches!(both, Detection::Confirmed(proof) if proof.severity == Some(Severity::Degrades)));
    }

    #[test]
    fn limits_and_ipsec_keep_some_out() {
        let limited = looked(with(|firewall| firewall.rules[0].remote = vec!["LocalSubnet".to_owned()]));
        assert!(matches!(limited, Detection::Confirmed(proof) if proof.severity == Some(Severity::Degrades)));
        let secured = || with(|firewall| firewall.ipsec.push("Isolation".to_owned()));
        assert!(matches!(looked(secured()), Detection::Likely(proof) if proof.severity == Some(Severity::Degrades)));
        let met = probed("10.0.0.5", secured(), |a| a.ends(Ending::Silent));
        assert!(matches!((CAUSE.detect)(&met), Detection::Likely(proof) if proof.severity.is_none()));
    }

    #[test]
    fn a_filter_that_says_so_drops_what_the_rules_let_in() {
        let dropped = |port| {
            let data = [("SourceAddress", "10.0.0.7"), ("DestPort", port)];
            looked(Machine::healthy().event("Security", AUDITING, 5157, 30, &data))
        };
        assert!(
            matches!(dropped("3389"), Detection::Likely(proof) if proof.items[0].text.contains("from 10.0.0.7 to port 3389"))
        );
        assert_eq!(dropped("445"), Detection::RuledOut);
    }

    #[test]
    fn near_miss_a_firewall_that_is_off() {
        let off = with(|firewall| {
            firewall.rules.clear();
            firewall.profiles.values_mut().for_each(|profile| profile.enabled = false);
        });
        assert_eq!(looked(off), Detection::RuledOut);
        assert_eq!(looked(Machine::healthy().on_disk()), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_rules_or_profiles_were_not_read() {
        assert_eq!(looked(Machine::unread()), Detection::Unknown(Vec::new()));
        assert_eq!(looked(with(|firewall| firewall.profiles.clear())), Detection::Unknown(Vec::new()));
    }
}
