//! Whom the server's user rights keep out, judged for groups that everybody, or every administrator, is in.

use crate::causes::host::signs::setting_of;
use crate::evidence::Snapshot;
use crate::evidence::snapshot::Rights;
use crate::view::host_fact;
use crate::{Detection, Proof, Severity};

/// Everyone, authenticated users, users, and whoever logs on in this way.
const ALL: [&str; 3] = ["S-1-1-0", "S-1-5-11", "S-1-5-32-545"];
const BY_REMOTE_DESKTOP: &str = "S-1-5-14";
const BY_NETWORK: &str = "S-1-5-2";
const ADMINISTRATORS: &str = "S-1-5-32-544";
const REMOTE_DESKTOP_USERS: &str = "S-1-5-32-555";
/// Accounts of the server itself, and those of them that are administrators: hardening denies them on purpose.
const LOCAL_ACCOUNTS: [&str; 2] = ["S-1-5-113", "S-1-5-114"];

/// What the rights prove; `RuledOut` where nobody is kept out by a wide group, none where they were not read.
pub(super) fn judged(host: &Snapshot) -> Option<Detection> {
    let rights = host.rights.observed()?;
    let nla = setting_of(host, "nla").0.number() == Some(1);
    let network = || network(rights).filter(|_| nla);
    let found = nobody(rights).or_else(network).or_else(|| some(rights));
    Some(found.map_or(Detection::RuledOut, Detection::Confirmed))
}

/// Nobody may.
fn nobody(rights: &Rights) -> Option<Proof> {
    if let Some(sid) = denied(&rights.deny_remote_logon, &[&ALL[..], &[BY_REMOTE_DESKTOP]].concat()) {
        let text = format!("the right to log on through Remote Desktop is denied to {}", named(sid));
        return Some(Proof::of(text, [fact("deny_remote_logon")], 30));
    }
    let text = "nobody has the right to log on through Remote Desktop";
    rights.remote_logon.is_empty().then(|| Proof::of(text, [fact("remote_logon")], 30))
}

/// With NLA a logon over the network comes first.
fn network(rights: &Rights) -> Option<Proof> {
    if let Some(sid) = denied(&rights.deny_network_logon, &[&ALL[..], &[BY_NETWORK]].concat()) {
        let text = format!("logons over the network, which NLA begins with, are denied to {}", named(sid));
        return Some(Proof::of(text, [fact("deny_network_logon")], 30));
    }
    let text = "nobody has the right to log on over the network, which NLA begins with";
    rights.network_logon.is_empty().then(|| Proof::of(text, [fact("network_logon")], 30))
}

/// Some may not who may on a server as shipped.
fn some(rights: &Rights) -> Option<Proof> {
    let deny = [("deny_remote_logon", &rights.deny_remote_logon), ("deny_network_logon", &rights.deny_network_logon)];
    let of = |groups: &'static [&'static str], severity: Severity| {
        deny.iter().find_map(|(name, list)| {
            let text = format!("{name} names {}: it wins over what lets them in", named(denied(list, groups)?));
            Some(Proof::of(text, [fact(name)], 15).severity(severity))
        })
    };
    let administrators = of(&[ADMINISTRATORS, REMOTE_DESKTOP_USERS], Severity::Degrades);
    administrators.or_else(|| unusual(rights)).or_else(|| of(&LOCAL_ACCOUNTS, Severity::Informs))
}

fn unusual(rights: &Rights) -> Option<Proof> {
    let usual = |sid: &String| ALL.contains(&sid.as_str()) || sid == ADMINISTRATORS || sid == REMOTE_DESKTOP_USERS;
    let text = "neither Administrators nor Remote Desktop Users have the right to log on through Remote Desktop";
    let proof = || Proof::of(text, [fact("remote_logon")], 15).severity(Severity::Degrades);
    (!rights.remote_logon.iter().any(usual)).then(proof)
}

fn denied<'a>(list: &[String], groups: &[&'a str]) -> Option<&'a str> {
    groups.iter().copied().find(|group| list.iter().any(|sid| sid == group))
}

fn fact(name: &str) -> String {
    host_fact(&["rights", "observed", name])
}

fn named(sid: &str) -> String {
    let name = match sid {
        "S-1-1-0" => "everyone",
        "S-1-5-11" => "all who are authenticated",
        "S-1-5-32-545" => "Users",
        BY_REMOTE_DESKTOP => "all who come by Remote Desktop",
        BY_NETWORK => "all who come over the network",
        ADMINISTRATORS => "Administrators",
        REMOTE_DESKTOP_USERS => "Remote Desktop Users",
        "S-1-5-113" => "accounts of the server itself",
        _ => "administrators among the accounts of the server itself",
    };
    format!("{name} ({sid})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::snapshot::Reading;
    use crate::testing::Machine;
    use crate::{Verdict, judge};

    fn with(change: impl FnOnce(&mut Rights)) -> Machine {
        Machine::healthy().with(|host| {
            let Reading::Observed(rights) = &mut host.rights else { return };
            change(rights);
        })
    }

    fn sid(text: &str) -> Vec<String> {
        vec![text.to_owned()]
    }

    #[test]
    fn fires_where_nobody_may() {
        let machines = [
            with(|rights| rights.remote_logon.clear()),
            with(|rights| rights.deny_remote_logon = sid("S-1-1-0")),
            with(|rights| rights.network_logon.clear()),
            with(|rights| rights.deny_network_logon = sid("S-1-5-11")).on_disk(),
        ];
        for machine in machines {
            let diagnosis = judge(&machine.evidence());
            assert_eq!(
                (diagnosis.root().unwrap().cause.id, diagnosis.verdict),
                ("logon-right-missing", Verdict::Broken)
            );
        }
    }

    #[test]
    fn wide_groups_degrade_and_hardening_informs() {
        let severity = |machine: Machine| match judged(&machine.snapshot()) {
            Some(Detection::Confirmed(proof)) => proof.severity,
            other => panic!("{other:?}"),
        };
        assert_eq!(severity(with(|rights| rights.deny_remote_logon = sid(ADMINISTRATORS))), Some(Severity::Degrades));
        assert_eq!(severity(with(|rights| rights.remote_logon = sid("S-1-5-21-1-2-3-1105"))), Some(Severity::Degrades));
        assert_eq!(severity(with(|rights| rights.deny_network_logon = sid("S-1-5-114"))), Some(Severity::Informs));
    }

    #[test]
    fn near_miss_guests_denied_and_a_server_without_nla() {
        let guests = with(|rights| rights.deny_remote_logon = sid("S-1-5-32-546"));
        assert_eq!(judged(&guests.snapshot()), Some(Detection::RuledOut));
        let without_nla = with(|rights| rights.network_logon.clear()).dword("nla", 0);
        assert_eq!(judged(&without_nla.snapshot()), Some(Detection::RuledOut));
    }

    #[test]
    fn unknown_where_they_were_not_read() {
        assert_eq!(judged(&Machine::unread().snapshot()), None);
    }
}
