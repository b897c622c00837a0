use std::collections::BTreeMap;

use rdpdoctor_diagnosis::evidence::snapshot::{
    Firewall, FirewallProfile, FirewallRule, Outbound, OutboundRule, ProfileKind, Reading, RuleAction,
};
use rdpdoctor_machine::registry::Key;
use rdpdoctor_machine::{Machine, Unreadable};

const LOCAL: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy";
const POLICY: &str = r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall";
const KINDS: [(ProfileKind, &str); 3] = [
    (ProfileKind::Domain, "DomainProfile"),
    (ProfileKind::Private, "StandardProfile"),
    (ProfileKind::Public, "PublicProfile"),
];
/// The keys that are read here.
pub(super) const KEYS: [&str; 10] = [
    r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules",
    r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\ConSecRules",
    r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\DomainProfile",
    r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\StandardProfile",
    r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\PublicProfile",
    r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall\FirewallRules",
    r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall\ConSecRules",
    r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall\DomainProfile",
    r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall\StandardProfile",
    r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall\PublicProfile",
];

/// Rules kept; a machine has some hundreds, few of which touch Remote Desktop.
const MOST_RULES: usize = 200;

/// The firewall as far as it concerns inbound TCP to these ports, the one that is set first.
pub(super) fn read(machine: &dyn Machine, ports: &[u16]) -> Reading<Firewall> {
    firewall(machine, ports).into()
}

fn firewall(machine: &dyn Machine, ports: &[u16]) -> Result<Firewall, Unreadable> {
    if !has_one(machine)? {
        return Err(Unreadable::NoAnswer);
    }
    let mut rules = Vec::new();
    let mut ipsec = Vec::new();
    for (root, by_policy) in [(LOCAL, false), (POLICY, true)] {
        let key = machine.key(&format!("{root}\\FirewallRules"))?.unwrap_or_default();
        rules.extend(texts(&key).filter_map(|(id, text)| rule(id, &text, by_policy, ports)).take(MOST_RULES));
        let key = machine.key(&format!("{root}\\ConSecRules"))?.unwrap_or_default();
        ipsec.extend(
            texts(&key)
                .filter(|(_, text)| ports.first().is_some_and(|port| demands_ipsec(text, *port)))
                .map(|(id, _)| id.to_owned()),
        );
    }
    let outbound = outbound(machine).into();
    Ok(Firewall { profiles: profiles(machine)?, rules, ipsec, active: active(machine), outbound })
}

/// Every Windows has rules or profiles of its own; without any of them there is no firewall that could block.
fn has_one(machine: &dyn Machine) -> Result<bool, Unreadable> {
    for name in ["FirewallRules"].into_iter().chain(KINDS.map(|(_, name)| name)) {
        if machine.key(&format!("{LOCAL}\\{name}"))?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn outbound(machine: &dyn Machine) -> Result<Outbound, Unreadable> {
    let mut rules = Vec::new();
    for (root, by_policy) in [(LOCAL, false), (POLICY, true)] {
        let key = machine.key(&format!("{root}\\FirewallRules"))?.unwrap_or_default();
        rules.extend(texts(&key).filter_map(|(id, text)| outbound_rule(id, &text, by_policy)).take(MOST_RULES));
    }
    let mut blocked = Vec::new();
    for (kind, name) in KINDS {
        let policy = machine.key(&format!("{POLICY}\\{name}"))?.unwrap_or_default();
        let local = machine.key(&format!("{LOCAL}\\{name}"))?.unwrap_or_default();
        let number = |value: &str, default: u32| policy.dword(value).or(local.dword(value)).unwrap_or(default);
        let blocks = number("EnableFirewall", 1) != 0 && number("DefaultOutboundAction", 0) != 0;
        blocked.extend(blocks.then_some(kind));
    }
    Ok(Outbound { blocked, rules })
}

/// An outbound rule that mstsc may meet: those of services, packaged apps and other programs are left out.
fn outbound_rule(id: &str, text: &str, by_policy: bool) -> Option<OutboundRule> {
    let field = |name: &'static str| fields(text, name).next();
    let program = field("App").map(str::to_owned);
    let is_ours = program.as_deref().is_none_or(|app| app.to_lowercase().ends_with(r"\mstsc.exe"));
    let for_others =
        ["Svc", "AppPkgId", "LUOwn", "LUAuth"].into_iter().any(|name| field(name).is_some_and(|it| it != "*"));
    let outgoing = field("Dir").is_some_and(|direction| direction.eq_ignore_ascii_case("out"));
    if !outgoing || !is_ours || for_others || field("Protocol").is_some_and(|protocol| protocol != "6") {
        return None;
    }
    let all = |names: &[&'static str]| names.iter().flat_map(|name| fields(text, name)).map(str::to_owned).collect();
    Some(OutboundRule {
        id: id.to_owned(),
        name: field("Name").unwrap_or_default().to_owned(),
        active: field("Active").is_some_and(|active| active.eq_ignore_ascii_case("true")),
        action: action(field("Action")?)?,
        profiles: fields(text, "Profile").filter_map(profile_named).collect(),
        ports: all(&["RPort", "RPort2_10"]),
        remote: all(&["RA4", "RA6", "RA42", "RA62"]),
        program,
        by_policy,
    })
}

fn action(name: &str) -> Option<RuleAction> {
    match name {
        allow if allow.eq_ignore_ascii_case("allow") => Some(RuleAction::Allow),
        block if block.eq_ignore_ascii_case("block") => Some(RuleAction::Block),
        _ => None,
    }
}

fn profiles(machine: &dyn Machine) -> Result<BTreeMap<ProfileKind, FirewallProfile>, Unreadable> {
    let profile = |(kind, name): (ProfileKind, &str)| {
        let policy = machine.key(&format!("{POLICY}\\{name}"))?.unwrap_or_default();
        let local = machine.key(&format!("{LOCAL}\\{name}"))?.unwrap_or_default();
        let number = |value: &str, default: u32| policy.dword(value).or(local.dword(value)).unwrap_or(default);
        let seen = FirewallProfile {
            enabled: number("EnableFirewall", 1) != 0,
            blocks_by_default: number("DefaultInboundAction", 1) != 0,
            blocks_all: number("DoNotAllowExceptions", 0) != 0,
            local_rules_count: policy.dword("AllowLocalPolicyMerge").unwrap_or(1) != 0,
        };
        Ok((kind, seen))
    };
    KINDS.into_iter().map(profile).collect()
}

fn active(machine: &dyn Machine) -> Vec<ProfileKind> {
    let bits = machine.active_profiles().ok().flatten().unwrap_or(0);
    let kinds = [(1, ProfileKind::Domain), (2, ProfileKind::Private), (4, ProfileKind::Public)];
    kinds.into_iter().filter(|(bit, _)| bits & bit != 0).map(|(_, kind)| kind).collect()
}

fn texts(key: &Key) -> impl Iterator<Item = (&str, String)> {
    key.values.iter().filter_map(|value| Some((value.name.as_str(), value.data.text()?)))
}

/// A rule as [MS-GPFAS] 2.2.2 writes it: `v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|…`.
fn rule(id: &str, text: &str, by_policy: bool, wanted: &[u16]) -> Option<FirewallRule> {
    let field = |name: &'static str| fields(text, name).next();
    let all = |name: &str| fields(text, name).map(str::to_owned).collect::<Vec<_>>();
    if !field("Dir").is_some_and(|direction| direction.eq_ignore_ascii_case("in")) {
        return None;
    }
    if field("Protocol").is_some_and(|protocol| protocol != "6") {
        return None;
    }
    let ports: Vec<String> = fields(text, "LPort").chain(fields(text, "LPort2_10")).map(str::to_owned).collect();
    let service = field("Svc").filter(|service| *service != "*").map(str::to_owned);
    let is_ours = service.as_deref().is_none_or(|service| service.eq_ignore_ascii_case("termservice"));
    let app = field("App").map(str::to_lowercase);
    let for_service = app.as_deref().is_none_or(|app| app == "system" || app.ends_with(r"\svchost.exe"));
    let named = id.to_lowercase().starts_with("remotedesktop-");
    // Windows' rule for watching sessions is named like the others, and for another program.
    let touches = named || wanted.iter().any(|port| covers(&ports, *port));
    if !(touches && is_ours && for_service) {
        return None;
    }
    Some(FirewallRule {
        id: id.to_owned(),
        name: field("Name").unwrap_or_default().to_owned(),
        active: field("Active").is_some_and(|active| active.eq_ignore_ascii_case("true")),
        action: action(field("Action")?)?,
        profiles: fields(text, "Profile").filter_map(profile_named).collect(),
        ports,
        remote: [all("RA4"), all("RA6"), all("RA42"), all("RA62")].concat(),
        service,
        by_policy,
    })
}

fn fields<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let pairs = text.split('|').filter_map(|field| field.split_once('='));
    pairs.filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn profile_named(name: &str) -> Option<ProfileKind> {
    match name {
        "Domain" => Some(ProfileKind::Domain),
        "Private" => Some(ProfileKind::Private),
        "Public" => Some(ProfileKind::Public),
        _ => None,
    }
}

/// Whether the ports of a rule, numbers or ranges, hold this one; without any they hold all.
fn covers(ports: &[String], port: u16) -> bool {
    let holds = |text: &String| match text.split_once('-') {
        Some((from, to)) => {
            from.parse().is_ok_and(|from: u16| from <= port) && to.parse().is_ok_and(|to: u16| port <= to)
        }
        None => text.parse() == Ok(port),
    };
    ports.is_empty() || ports.iter().any(holds)
}

/// A rule of connection security ([MS-GPFAS] 2.2.6.2) that refuses what does not come through IPsec.
fn demands_ipsec(text: &str, port: u16) -> bool {
    let is = |name: &str, wanted: &str| fields(text, name).any(|value| value.eq_ignore_ascii_case(wanted));
    let ports: Vec<String> =
        ["EP1Port", "EP2Port"].iter().flat_map(|name| fields(text, name)).map(str::to_owned).collect();
    let tcp = fields(text, "Protocol").all(|protocol| protocol == "6");
    is("Active", "TRUE") && (is("Action", "Secure") || is("Action", "SecureServer")) && tcp && covers(&ports, port)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = r"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|Profile=Private|LPort=3389|App=%SystemRoot%\system32\svchost.exe|Svc=termservice|Name=@FirewallAPI.dll,-28775|RA4=LocalSubnet|EmbedCtxt=@FirewallAPI.dll,-28752|";

    #[test]
    fn the_rule_of_remote_desktop_is_read() {
        let read = rule("RemoteDesktop-UserMode-In-TCP", OWN, false, &[3389]).unwrap();
        assert!(read.active && read.action == RuleAction::Allow);
        assert_eq!(read.profiles, [ProfileKind::Domain, ProfileKind::Private]);
        assert_eq!((read.ports, read.remote), (vec!["3389".to_owned()], vec!["LocalSubnet".to_owned()]));
        assert_eq!(read.service.as_deref(), Some("termservice"));
    }

    #[test]
    fn outbound_rules_are_those_that_mstsc_may_meet() {
        let read = |text: &str| outbound_rule("{1}", text, false);
        let block = r"v2.30|Action=Block|Active=TRUE|Dir=Out|Protocol=6|RPort=3389|App=C:\Windows\System32\mstsc.exe|Name=No RDP|";
        let rule = read(block).unwrap();
        assert!(rule.active && rule.action == RuleAction::Block && rule.profiles.is_empty());
        assert_eq!((rule.ports, rule.name.as_str()), (vec!["3389".to_owned()], "No RDP"));
        assert!(read(&block.replace("Dir=Out", "Dir=In")).is_none());
        assert!(read(&block.replace("mstsc", "outlook")).is_none());
        assert!(read(&block.replace("Protocol=6", "Protocol=17")).is_none());
        assert!(read(&format!("{block}AppPkgId=S-1-15-2-1|")).is_none());
    }

    #[test]
    fn rules_of_others_are_left_out() {
        for other in [
            OWN.replace("Dir=In", "Dir=Out"),
            OWN.replace("Protocol=6", "Protocol=17"),
            OWN.replace("LPort=3389", "LPort=80"),
            OWN.replace("svchost.exe", "notepad.exe"),
            OWN.replace("Svc=termservice", "Svc=iphlpsvc"),
            "v2.30|".to_owned(),
            OWN.replace("svchost.exe|Svc=termservice", "RdpSa.exe"),
            String::new(),
        ] {
            assert_eq!(rule("{some-guid}", &other, false, &[3389]), None, "{other}");
        }
        let shadow = OWN.replace("LPort=3389|", "").replace("svchost.exe|Svc=termservice", "RdpSa.exe");
        assert_eq!(rule("RemoteDesktop-Shadow-In-TCP", &shadow, false, &[3389]), None);
        assert!(rule("{some-guid}", OWN, false, &[3390, 3389]).is_some(), "where it listens still");
    }

    #[test]
    fn ranges_hold_what_is_between() {
        assert!(covers(&["3000-4000".to_owned()], 3389) && covers(&[], 3389));
        assert!(!covers(&["3390".to_owned(), "RPC".to_owned(), "5-".to_owned()], 3389));
    }

    #[test]
    fn only_active_demands_for_the_port_count() {
        let text = "v2.30|Action=SecureServer|Active=TRUE|Protocol=6|EP2Port=3389|";
        assert!(demands_ipsec(text, 3389));
        assert!(!demands_ipsec(text, 80) && !demands_ipsec(&text.replace("TRUE", "FALSE"), 3389));
        assert!(!demands_ipsec(&text.replace("SecureServer", "Boundary"), 3389));
    }
}
