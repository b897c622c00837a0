//! What Windows' own firewall makes of connections to the listener's port: profiles, then blocks, then permissions.

use crate::evidence::snapshot::{Firewall, FirewallProfile, FirewallRule, ProfileKind, RuleAction};

/// Who gets through to the port in one profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Passage<'a> {
    /// Everybody: a rule lets them in, or nothing is filtered.
    Open,
    /// Only, or all but, the remote addresses of these rules.
    Limited(Vec<&'a FirewallRule>),
    /// Nobody.
    Shut(Why<'a>),
}

/// Why nobody gets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why<'a> {
    /// All inbound traffic is blocked whatever the rules say (`DoNotAllowExceptions`).
    AllBlocked,
    /// A rule drops it.
    Blocked(&'a FirewallRule),
    /// Nothing lets it in; this rule would, if this were not so.
    NoRule(Option<(&'a FirewallRule, Lack)>),
}

/// What keeps a rule from letting the port in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lack {
    /// It is switched off.
    Inactive,
    /// Rules of the machine do not count beside those of policy.
    LocalIgnored,
    /// It is for other profiles.
    OtherProfile,
    /// It is for another port.
    OtherPort,
}

/// Who gets through to a port of the Remote Desktop service in a profile; none where that profile was not read.
pub(super) fn passage(firewall: &Firewall, kind: ProfileKind, port: u16) -> Option<Passage<'_>> {
    let profile = firewall.profiles.get(&kind)?;
    if !profile.enabled {
        return Some(Passage::Open);
    }
    if profile.blocks_all {
        return Some(Passage::Shut(Why::AllBlocked));
    }
    let in_effect = |action: RuleAction| {
        let all = firewall.rules.iter().filter(move |rule| rule.action == action);
        all.filter(|rule| lack(rule, *profile, kind, port).is_none()).collect::<Vec<_>>()
    };
    let (blocks, allows) = (in_effect(RuleAction::Block), in_effect(RuleAction::Allow));
    if let Some(block) = blocks.iter().find(|rule| is_for_everybody(rule)) {
        return Some(Passage::Shut(Why::Blocked(block)));
    }
    let open = allows.iter().any(|rule| is_for_everybody(rule)) || !profile.blocks_by_default;
    Some(match (open, allows.is_empty()) {
        (true, _) if blocks.is_empty() => Passage::Open,
        (true, _) => Passage::Limited(blocks),
        (false, false) => Passage::Limited(allows),
        (false, true) => Passage::Shut(Why::NoRule(nearest(firewall, *profile, kind, port))),
    })
}

/// The rule that comes nearest to letting the port in: Windows' own first, then the one that lacks least.
fn nearest(
    firewall: &Firewall,
    profile: FirewallProfile,
    kind: ProfileKind,
    port: u16,
) -> Option<(&FirewallRule, Lack)> {
    let allows = firewall.rules.iter().filter(|rule| rule.action == RuleAction::Allow && is_for_the_service(rule));
    let lacking = allows.filter_map(|rule| Some((rule, lack(rule, profile, kind, port)?)));
    lacking.min_by_key(|(rule, lack)| (!rule.id.starts_with("RemoteDesktop-UserMode-In-TCP"), *lack))
}

/// What keeps a rule from taking effect here; none where it does.
fn lack(rule: &FirewallRule, profile: FirewallProfile, kind: ProfileKind, port: u16) -> Option<Lack> {
    let lacks = [
        (!rule.active, Lack::Inactive),
        (!rule.by_policy && !profile.local_rules_count, Lack::LocalIgnored),
        (!rule.profiles.is_empty() && !rule.profiles.contains(&kind), Lack::OtherProfile),
        (!covers(&rule.ports, port) || !is_for_the_service(rule), Lack::OtherPort),
    ];
    lacks.into_iter().find(|(holds, _)| *holds).map(|(_, lack)| lack)
}

/// Windows' rule for watching sessions names a program of its own, and no port.
const SHADOWING: &str = "remotedesktop-shadow-";

fn is_for_the_service(rule: &FirewallRule) -> bool {
    let service = rule.service.as_deref().unwrap_or("*");
    let ours = service == "*" || service.is_empty() || service.eq_ignore_ascii_case("termservice");
    ours && !rule.id.to_ascii_lowercase().starts_with(SHADOWING)
}

/// Whether a list of ports or ranges contains a port; an empty list contains all, a keyword such as `RPC` does not.
fn covers(ports: &[String], port: u16) -> bool {
    let contains = |text: &String| {
        let text = text.trim();
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let bounds = (first.trim().parse::<u16>(), last.trim().parse::<u16>());
        is_any(text) || matches!(bounds, (Ok(first), Ok(last)) if (first..=last).contains(&port))
    };
    ports.is_empty() || ports.iter().any(contains)
}

fn is_for_everybody(rule: &FirewallRule) -> bool {
    const ALL: [&str; 3] = ["0.0.0.0/0", "0.0.0.0/0.0.0.0", "0.0.0.0-255.255.255.255"];
    rule.remote.is_empty() || rule.remote.iter().any(|remote| is_any(remote) || ALL.contains(&remote.trim()))
}

fn is_any(text: &str) -> bool {
    text == "*" || text.eq_ignore_ascii_case("any")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Machine;

    const PUBLIC: ProfileKind = ProfileKind::Public;

    /// The firewall of a healthy machine with this change to its rule.
    fn with(change: impl FnOnce(&mut FirewallRule)) -> Firewall {
        let mut firewall = Machine::healthy().snapshot().firewall.observed().unwrap().clone();
        change(&mut firewall.rules[0]);
        firewall
    }

    fn lack_of(firewall: &Firewall) -> Option<Lack> {
        match passage(firewall, PUBLIC, 3389) {
            Some(Passage::Shut(Why::NoRule(rule))) => rule.map(|(_, lack)| lack),
            other => panic!("{other:?}"),
        }
    }

    fn profile(firewall: &mut Firewall) -> &mut FirewallProfile {
        firewall.profiles.get_mut(&PUBLIC).unwrap()
    }

    #[test]
    fn a_rule_counts_when_active_here_and_for_the_port() {
        assert_eq!(passage(&with(|_| ()), PUBLIC, 3389), Some(Passage::Open));
        assert_eq!(lack_of(&with(|rule| rule.active = false)), Some(Lack::Inactive));
        assert_eq!(lack_of(&with(|rule| rule.profiles = vec![ProfileKind::Domain])), Some(Lack::OtherProfile));
        assert_eq!(lack_of(&with(|rule| rule.ports = vec!["3390".to_owned()])), Some(Lack::OtherPort));
        let mut none = with(|_| ());
        none.rules.clear();
        assert_eq!(lack_of(&none), None);
    }

    #[test]
    fn local_rules_count_only_where_policy_merges_them() {
        let mut local = with(|_| ());
        profile(&mut local).local_rules_count = false;
        assert_eq!(lack_of(&local), Some(Lack::LocalIgnored));
        local.rules[0].by_policy = true;
        assert_eq!(passage(&local, PUBLIC, 3389), Some(Passage::Open));
    }

    #[test]
    fn a_block_wins_over_what_allows() {
        let mut firewall = with(|_| ());
        let block = FirewallRule { id: "no".to_owned(), action: RuleAction::Block, ..firewall.rules[0].clone() };
        firewall.rules.push(block.clone());
        assert_eq!(passage(&firewall, PUBLIC, 3389), Some(Passage::Shut(Why::Blocked(&block))));
        firewall.rules[1].remote = vec!["192.0.2.0/24".to_owned()];
        assert!(matches!(passage(&firewall, PUBLIC, 3389), Some(Passage::Limited(rules)) if rules[0].id == "no"));
        firewall.rules[1].active = false;
        assert_eq!(passage(&firewall, PUBLIC, 3389), Some(Passage::Open));
    }

    #[test]
    fn a_profile_may_filter_nothing_or_block_all() {
        let mut firewall = with(|rule| rule.active = false);
        profile(&mut firewall).blocks_all = true;
        assert_eq!(passage(&firewall, PUBLIC, 3389), Some(Passage::Shut(Why::AllBlocked)));
        profile(&mut firewall).enabled = false;
        assert_eq!(passage(&firewall, PUBLIC, 3389), Some(Passage::Open));
        *profile(&mut firewall) =
            FirewallProfile { enabled: true, blocks_by_default: false, blocks_all: false, local_rules_count: true };
        assert_eq!(passage(&firewall, PUBLIC, 3389), Some(Passage::Open));
        assert_eq!(passage(&Firewall::default(), PUBLIC, 3389), None);
    }

    #[test]
    fn remote_addresses_limit_unless_they_are_all() {
        let limited = with(|rule| rule.remote = vec!["LocalSubnet".to_owned()]);
        assert!(matches!(passage(&limited, PUBLIC, 3389), Some(Passage::Limited(_))));
        let all = with(|rule| rule.remote = vec!["0.0.0.0-255.255.255.255".to_owned()]);
        assert_eq!(passage(&all, PUBLIC, 3389), Some(Passage::Open));
    }

    #[test]
    fn ports_are_numbers_ranges_and_words() {
        let list = |text: &str| [text.to_owned()];
        for (text, contains) in [
            ("3389", true),
            ("3380-3390", true),
            ("3390-3380", false),
            ("Any", true),
            ("*", true),
            ("RPC", false),
            ("33890", false),
            ("99999", false),
            ("-", false),
        ] {
            assert_eq!(covers(&list(text), 3389), contains, "{text}");
        }
        assert!(covers(&[], 3389));
    }

    #[test]
    fn rules_of_other_services_and_the_one_for_watching_sessions_do_nothing_here() {
        let other = with(|rule| rule.service = Some("RemoteRegistry".to_owned()));
        assert_eq!(lack_of(&other), None);
        let shadow = with(|rule| {
            rule.id = "RemoteDesktop-Shadow-In-TCP".to_owned();
            (rule.service, rule.ports) = (None, Vec::new());
        });
        assert_eq!(lack_of(&shadow), None);
        let mut off = with(|rule| rule.active = false);
        off.rules.insert(0, shadow.rules[0].clone());
        let Some(Passage::Shut(Why::NoRule(Some((rule, Lack::Inactive))))) = passage(&off, PUBLIC, 3389) else {
            panic!("watching lets nobody in")
        };
        assert_eq!(rule.id, "RemoteDesktop-UserMode-In-TCP");
        let mut blocked = with(|_| ());
        blocked.rules.push(FirewallRule { action: RuleAction::Block, ..shadow.rules[0].clone() });
        assert_eq!(passage(&blocked, PUBLIC, 3389), Some(Passage::Open));
        let any = with(|rule| rule.service = Some("*".to_owned()));
        assert_eq!(passage(&any, PUBLIC, 3389), Some(Passage::Open));
    }
}
