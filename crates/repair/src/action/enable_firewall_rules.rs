use rdpdoctor_diagnosis::evidence::snapshot::{
    Firewall, FirewallProfile, FirewallRule, Listener, ProfileKind, RuleAction, ServiceState, StartType,
};
use rdpdoctor_machine::Way;
use rdpdoctor_machine::change::Start;
use rdpdoctor_machine::registry::Key;

use super::firewall_rule::{covers, fields, switched_on};
use super::registry::in_force;
use super::{Action, Ground, Restart};
use crate::step::Step;

pub(super) const ACTION: Action = Action {
    id: "enable-firewall-rules",
    causes: &["firewall-rule-disabled"],
    title: "Switch on the firewall's own rules for Remote Desktop",
    interrupts: "",
    risk: "the port is open to every network that these rules name",
    restart: Restart::Nothing,
    page: include_str!("enable-firewall-rules.md"),
    steps,
};

/// Where the machine's own rules are.
pub(super) const RULES: &str =
    r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules";
/// The group Remote Desktop in every language.
const GROUP: &str = "@FirewallAPI.dll,-28752";
/// Without either of them nothing comes in.
const SERVICES: [&str; 2] = ["BFE", "MpsSvc"];

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    let firewall = ground.host.firewall.observed().ok_or("the rules of the firewall were not read")?;
    let ports = ports(ground);
    let port = *ports.first().ok_or("the port was not read")?;
    may_count(firewall, &ports)?;
    let key = ground.machine.key(RULES).map_err(|why| format!("{RULES}: {why}"))?.unwrap_or_default();
    let rules = rules(&key, &ports);
    let (mut steps, starts) = services(ground);
    // A firewall that is started reads them; one that runs has to be told.
    let told = if starts.is_empty() { told(ground, &rules) } else { Vec::new() };
    steps.extend(rules);
    steps.extend(starts);
    steps.extend(told);
    if steps.is_empty() {
        return Err(format!(
            "no rule of the group Remote Desktop that is off is for port {port}: add one, for the networks that need it, \
             with netsh advfirewall firewall add rule name=RDP dir=in protocol=tcp localport={port} service=TermService \
             remoteip=localsubnet action=allow"
        ));
    }
    Ok(steps)
}

/// Where the service listens now, and where it will.
fn ports(ground: &Ground<'_>) -> Vec<u16> {
    let ours = |socket: &&Listener| socket.services.iter().any(|name| name.eq_ignore_ascii_case("TermService"));
    let heard = ground.host.listeners.observed().into_iter().flatten().filter(ours);
    let set = in_force(ground, "port").and_then(|port| u16::try_from(port).ok());
    set.into_iter().chain(heard.map(|socket| socket.address.port())).collect()
}

/// Nothing that is switched on here counts where all is blocked, or where policy has local rules ignored.
fn may_count(firewall: &Firewall, ports: &[u16]) -> Result<(), String> {
    let profiles = || relevant(firewall).into_iter().filter(|profile| profile.enabled);
    if profiles().any(|profile| profile.blocks_all) {
        return Err(
            "a profile blocks all that comes in, whatever the rules say (DoNotAllowExceptions): whoever set that \
                    knows why; take it back there"
                .to_owned(),
        );
    }
    if profiles().any(|profile| !profile.local_rules_count) {
        return Err(
            "a policy has the machine's own rules ignored (AllowLocalPolicyMerge 0): let that policy carry a rule \
                    for Remote Desktop"
                .to_owned(),
        );
    }
    match firewall.rules.iter().find(|rule| blocks(rule, ports)) {
        Some(rule) => {
            Err(format!("the rule {} blocks the port, which wins over all that allow it: ask who made it", rule.id))
        }
        None => Ok(()),
    }
}

fn blocks(rule: &FirewallRule, ports: &[u16]) -> bool {
    rule.active
        && rule.action == RuleAction::Block
        && rule.remote.is_empty()
        && ports.iter().any(|port| covers(&rule.ports, *port))
}

/// The profiles in force, or all of them where nobody says which those are.
fn relevant(firewall: &Firewall) -> Vec<FirewallProfile> {
    let counts = |kind: &ProfileKind| firewall.active.is_empty() || firewall.active.contains(kind);
    firewall.profiles.iter().filter(|(kind, _)| counts(kind)).map(|(_, profile)| *profile).collect()
}

fn rules(key: &Key, ports: &[u16]) -> Vec<Step> {
    let off = key.values.iter().filter(|value| value.data.text().is_some_and(|text| is_ours(&text, ports)));
    let on = off.filter_map(|value| Some((value.name.clone(), switched_on(&value.data)?)));
    on.map(|(name, data)| Step::SetValue { key: RULES.to_owned(), name, data }).collect()
}

/// A rule of the group that lets the listener's port in. The one for watching sessions names no port.
fn is_ours(rule: &str, wanted: &[u16]) -> bool {
    let is = |name: &str, wanted: &str| fields(rule, name).any(|value| value.eq_ignore_ascii_case(wanted));
    let ports: Vec<String> = fields(rule, "LPort").chain(fields(rule, "LPort2_10")).map(str::to_owned).collect();
    let for_service = fields(rule, "Svc").all(|service| service.eq_ignore_ascii_case("termservice"));
    let inward = is("Dir", "In") && is("Action", "Allow") && is("EmbedCtxt", GROUP);
    inward && for_service && !ports.is_empty() && wanted.iter().any(|port| covers(&ports, *port))
}

/// What the running firewall is asked to do; also where only somebody's collection tells what is there.
fn told(ground: &Ground<'_>, rules: &[Step]) -> Vec<Step> {
    let switch = |step: &Step| match step {
        Step::SetValue { name, data, .. } => {
            Some(Step::SwitchRule { name: name.clone(), rule: data.text()?, on: true })
        }
        _ => None,
    };
    let rules = if ground.machine.way() == Way::Disk { &[] } else { rules };
    rules.iter().filter_map(switch).collect()
}

/// The firewall's own services, where they were kept from starting: how that is set right, and what is started.
fn services(ground: &Ground<'_>) -> (Vec<Step>, Vec<Step>) {
    let there = |name: &str| ground.host.service(name).flatten();
    let disabled = |name: &&str| there(name).is_some_and(|service| service.start == Some(StartType::Disabled));
    let stopped = |name: &&str| there(name).is_some_and(|it| it.state.observed() == Some(&ServiceState::Stopped));
    let set = SERVICES.into_iter().filter(disabled);
    let steps = set.map(|name| Step::SetStart { service: name.to_owned(), start: Start::Automatic }).collect();
    let is_running = ground.machine.way() == Way::Running;
    let started = SERVICES.into_iter().filter(|name| is_running && stopped(name));
    (steps, started.map(|name| Step::StartService { service: name.to_owned() }).collect())
}

#[cfg(test)]
mod tests {
    use rdpdoctor_machine::Machine as _;

    use super::*;
    use crate::action::Options;
    use crate::apply::apply;
    use crate::plan::Plan;
    use crate::testing::{Paper, Power, World, steps_on};
    use crate::undo::undo;

    const TCP: &str = "RemoteDesktop-UserMode-In-TCP";
    const RULE: &str = r"v2.28|Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=3389|App=%SystemRoot%\system32\svchost.exe|Svc=termservice|Name=@FirewallAPI.dll,-28775|EmbedCtxt=@FirewallAPI.dll,-28752|";
    const PROFILE: &str =
        r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\DomainProfile";

    fn off() -> World {
        World::server().text(RULES, TCP, RULE)
    }

    fn named(world: &World) -> Vec<String> {
        let host = rdpdoctor_sources::host::snapshot(world, jiff::Timestamp::UNIX_EPOCH);
        let options = Options::default();
        let steps = steps(&Ground { machine: world, host: &host, options: &options, planned: &[] }).unwrap();
        steps
            .into_iter()
            .filter_map(|step| if let Step::SetValue { name, .. } = step { Some(name) } else { None })
            .collect()
    }

    #[test]
    fn rules_of_the_group_for_the_port_go_on_and_others_stay() {
        let udp = RULE.replace("Protocol=6", "Protocol=17");
        let shadow = RULE.replace("LPort=3389|", "").replace("Svc=termservice|", "");
        let world = off()
            .text(RULES, "RemoteDesktop-UserMode-In-UDP", &udp)
            .text(RULES, "RemoteDesktop-Shadow-In-TCP", &shadow)
            .text(RULES, "RemoteDesktop-In-TCP-WS", &RULE.replace("3389", "3387"))
            .text(RULES, "{others}", &RULE.replace("28752", "28502"));
        assert_eq!(named(&world), [TCP, "RemoteDesktop-UserMode-In-UDP"]);
        let steps = steps_on(&off(), &ACTION).unwrap();
        assert!(
            steps[0].starts_with(&format!("set {RULES}, value {TCP}, to \"v2.28|Action=Allow|Active=TRUE|Dir=In|"))
        );
    }

    #[test]
    fn the_firewall_s_services_start_with_windows_again() {
        let key = r"HKLM\SYSTEM\CurrentControlSet\Services\MpsSvc";
        let dead = off().with_key(key).value(key, "Start", 4).stopped("MpsSvc");
        let steps = steps_on(&dead, &ACTION).unwrap();
        assert_eq!(
            (&steps[0][..], &steps[2][..]),
            ("have the service MpsSvc start with Windows", "start the service MpsSvc")
        );
        assert_eq!(steps.len(), 3, "what is started reads the rules by itself");
        assert_eq!(steps_on(&dead.on_disk(), &ACTION).unwrap().len(), 2);
    }

    #[test]
    fn a_running_firewall_is_told_and_a_silent_one_is_no_failure() {
        let last = format!("have the running firewall switch its rule {TCP} on");
        assert_eq!(steps_on(&off(), &ACTION).unwrap()[1..], [last]);
        assert_eq!(steps_on(&off().on_disk(), &ACTION).unwrap().len(), 1);
        for (world, is_silent) in [(off().guarded(), false), (off(), true)] {
            let host = rdpdoctor_sources::host::snapshot(&world, jiff::Timestamp::UNIX_EPOCH);
            let plan = Plan::make(&["firewall-rule-disabled"], &world, &host, &Options::default()).unwrap();
            assert_eq!(plan.unanswered().count(), usize::from(is_silent));
            let (before, mut journal) = (world.bytes(), Paper::default().begin(&Power::endless()).unwrap());
            apply(&plan, &world, &mut journal, &mut |_| ()).unwrap();
            let on = world.key(RULES).unwrap().unwrap().text(TCP).unwrap();
            assert_eq!(world.rule_in_force(&on).ok().flatten(), (!is_silent).then_some(true));
            undo(&mut journal, &world, false, &mut |_| ()).unwrap();
            assert_eq!(world.bytes(), before);
        }
    }

    #[test]
    fn a_rule_that_the_firewall_wrote_in_its_own_version_is_taken_back() {
        let world = off().guarded();
        let host = rdpdoctor_sources::host::snapshot(&world, jiff::Timestamp::UNIX_EPOCH);
        let plan = Plan::make(&["firewall-rule-disabled"], &world, &host, &Options::default()).unwrap();
        let mut journal = Paper::default().begin(&Power::endless()).unwrap();
        apply(&plan, &world, &mut journal, &mut |_| ()).unwrap();
        let world = world.text(RULES, TCP, &RULE.replace("v2.28", "v2.32").replace("FALSE", "TRUE"));
        undo(&mut journal, &world, false, &mut |_| ()).unwrap();
        assert_eq!(world.key(RULES).unwrap().unwrap().text(TCP).as_deref(), Some(RULE));
        assert_eq!(world.rule_in_force(RULE), Ok(Some(false)));
    }

    #[test]
    fn what_a_policy_or_somebody_blocks_is_refused() {
        let all = off().with_key(PROFILE).value(PROFILE, "DoNotAllowExceptions", 1);
        assert!(steps_on(&all, &ACTION).unwrap_err().contains("DoNotAllowExceptions"));
        let policy = r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall\DomainProfile";
        let ignored = off().with_key(policy).value(policy, "AllowLocalPolicyMerge", 0);
        assert!(steps_on(&ignored, &ACTION).unwrap_err().contains("AllowLocalPolicyMerge"));
        let blocked = off().text(RULES, "{no}", "v2.28|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=3389|");
        assert!(steps_on(&blocked, &ACTION).unwrap_err().contains("{no}"));
        let moved = off().value(crate::testing::RDP_TCP, "PortNumber", 3390);
        assert!(steps_on(&moved, &ACTION).unwrap_err().contains("localport=3390"));
    }
}
