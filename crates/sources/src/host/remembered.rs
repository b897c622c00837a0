//! Servers that mstsc remembers, of every user whose part of the registry can be read.

use rdpdoctor_diagnosis::evidence::Snapshot;
use rdpdoctor_diagnosis::evidence::snapshot::{CachedServer, Reading};
use rdpdoctor_machine::security::Sid;
use rdpdoctor_machine::{Machine, Unreadable, Way};

use super::connections::MOST_USERS;

/// What mstsc keeps, below the hive of a user: in `Servers` one key for each server that the user connected to, in `Default`
/// what was typed last.
pub(super) const KEPT: &str = r"Software\Microsoft\Terminal Server Client";
/// One key for each profile, with the folder that it is in.
pub(super) const PROFILES: &str = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList";
/// The values of `Default` are MRU0 to MRU9.
pub(super) const TYPED: usize = 10;
/// Servers of one user, and of all.
const MOST_SERVERS: usize = 500;
const MOST_IN_ALL: usize = 2000;
/// Users whose trouble is told one by one.
const TOLD: usize = 3;

/// Those of everybody, and of the user that we are. Whose could not be read is noted.
pub(super) fn read(machine: &dyn Machine, snapshot: &mut Snapshot) {
    let users = users(machine);
    let mut servers = Vec::new();
    let mut failed = Vec::new();
    for sid in users.iter().flatten() {
        match of_user(machine, &format!("HKU\\{sid}"), account(machine, sid).as_deref()) {
            Ok(found) => servers.extend(found),
            Err(why) => failed.push((sid.as_str(), why)),
        }
    }
    let own = of_user(machine, "HKCU", None);
    let same =
        |one: &CachedServer, other: &CachedServer| (&one.server_name, &one.user) == (&other.server_name, &other.user);
    for server in own.iter().flatten() {
        if !servers.iter().any(|known| same(known, server)) {
            servers.push(server.clone());
        }
    }
    servers.truncate(MOST_IN_ALL);
    snapshot.cached_servers = match why_not(&users, own.as_ref().err(), &failed, machine.way()) {
        Some(why) => Reading::NotObtained(why),
        None => Reading::Observed(servers),
    };
    if snapshot.cached_servers.observed().is_some() && !failed.is_empty() {
        snapshot.notes.push(format!("the servers that mstsc remembers could not be read of {}", told(&failed)));
    }
}

/// Why nobody's are known.
fn why_not(
    users: &Result<Vec<String>, Unreadable>,
    own: Option<&Unreadable>,
    failed: &[(&str, Unreadable)],
    way: Way,
) -> Option<String> {
    let own = own?;
    match users {
        Ok(users) if users.len() > failed.len() => None,
        Ok(_) if !failed.is_empty() => Some(told(failed)),
        // A disk of which nobody has a profile; there is nobody whom we are, either.
        Ok(_) if way == Way::Disk => None,
        Err(why) if way == Way::Disk => Some(why.to_string()),
        _ => Some(own.to_string()),
    }
}

/// SIDs of people whose hives there are: on a running Windows of those who are logged on.
fn users(machine: &dyn Machine) -> Result<Vec<String>, Unreadable> {
    let hives = machine.key("HKU")?.unwrap_or_default();
    let is_person =
        |sid: &&String| (sid.starts_with("S-1-5-21-") || sid.starts_with("S-1-12-1-")) && sid.parse::<Sid>().is_ok();
    Ok(hives.keys.iter().filter(is_person).take(MOST_USERS).cloned().collect())
}

/// The name of the profile's folder.
fn account(machine: &dyn Machine, sid: &str) -> Option<String> {
    let folder = machine.key(&format!("{PROFILES}\\{sid}")).ok()??.text("ProfileImagePath")?;
    folder.rsplit('\\').next().filter(|name| !name.is_empty()).map(str::to_owned)
}

fn of_user(machine: &dyn Machine, hive: &str, account: Option<&str>) -> Result<Vec<CachedServer>, Unreadable> {
    let path = format!("{hive}\\{KEPT}\\Servers");
    let server = |server_name: String, user| CachedServer { server_name, user, account: account.map(str::to_owned) };
    let names = machine.key(&path)?.unwrap_or_default().keys.into_iter().take(MOST_SERVERS);
    let hint = |name: &str| machine.key(&format!("{path}\\{name}")).ok()??.text("UsernameHint");
    let mut servers: Vec<CachedServer> =
        names.map(|name| (hint(&name), name)).map(|(user, name)| server(name, user)).collect();
    // Who typed a name need never have got through to it.
    let typed = machine.key(&format!("{hive}\\{KEPT}\\Default")).ok().flatten().unwrap_or_default();
    for name in (0..TYPED).filter_map(|number| typed.text(&format!("MRU{number}"))) {
        let known = servers.iter().any(|known| known.server_name.eq_ignore_ascii_case(&name));
        if !known && !name.is_empty() {
            servers.push(server(name, None));
        }
    }
    Ok(servers)
}

/// Of whom not, and why. Names of users would be missed by who takes names out; SIDs are not.
fn told(failed: &[(&str, Unreadable)]) -> String {
    let mut told: Vec<String> = failed.iter().take(TOLD).map(|(sid, why)| format!("{sid} ({why})")).collect();
    if failed.len() > TOLD {
        told.push(format!("{} more", failed.len() - TOLD));
    }
    told.join(", ")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rdpdoctor_diagnosis::evidence::snapshot::ReadBy;
    use rdpdoctor_machine::memory::Collection;
    use serde_json::{Value, json};

    use super::*;

    const JANE: &str = "S-1-5-21-1-2-3-1001";
    const BOB: &str = "S-1-5-21-1-2-3-1002";

    fn taken(registry: &Value) -> Snapshot {
        let machine: Collection = serde_json::from_value(json!({ "registry": registry })).unwrap();
        let mut snapshot = Snapshot::new(ReadBy::Collector, Timestamp::UNIX_EPOCH);
        read(&machine, &mut snapshot);
        snapshot
    }

    fn found(snapshot: &Snapshot) -> Vec<(&str, Option<&str>, Option<&str>)> {
        let Reading::Observed(all) = &snapshot.cached_servers else { panic!("{:?}", snapshot.cached_servers) };
        all.iter().map(|it| (it.server_name.as_str(), it.user.as_deref(), it.account.as_deref())).collect()
    }

    fn at(hive: &str, below: &str) -> String {
        format!("{hive}\\{KEPT}\\{below}")
    }

    #[test]
    fn servers_and_what_was_typed_are_remembered() {
        let snapshot = taken(&json!({
            at("HKCU", "Servers"): { "@keys": ["ts01", "ts02"] },
            at("HKCU", "Servers\\ts01"): { "UsernameHint": "CORP\\jane", "CertHash": { "binary": "00" } },
            at("HKCU", "Servers\\ts02"): {},
            at("HKCU", "Default"): { "MRU0": "TS02", "MRU1": "ts03:3390", "MRU77": "no" },
        }));
        let servers = [("ts01", Some("CORP\\jane"), None), ("ts02", None, None), ("ts03:3390", None, None)];
        assert_eq!(found(&snapshot), servers);
        assert!(snapshot.notes.is_empty());
    }

    #[test]
    fn every_user_is_read_and_ourselves_not_twice() {
        let snapshot = taken(&json!({
            "HKU": { "@keys": [".DEFAULT", "S-1-5-18", JANE, format!("{JANE}_Classes"), BOB] },
            format!("{PROFILES}\\{JANE}"): { "ProfileImagePath": { "expand": "C:\\Users\\jane" } },
            at(&format!("HKU\\{JANE}"), "Servers"): { "@keys": ["ts01"] },
            at(&format!("HKU\\{BOB}"), "Servers"): { "unreadable": "access is denied" },
            at("HKCU", "Servers"): { "@keys": ["ts01", "ts09"] },
        }));
        assert_eq!(found(&snapshot), [("ts01", None, Some("jane")), ("ts09", None, None)]);
        let note = format!("the servers that mstsc remembers could not be read of {BOB} (access is denied)");
        assert_eq!(snapshot.notes, [note]);
    }

    #[test]
    fn where_nobody_could_be_read_it_is_not_empty() {
        let denied = json!({ "unreadable": "access is denied" });
        let snapshot = taken(&json!({ "HKU": { "@keys": [JANE] }, at(&format!("HKU\\{JANE}"), "Servers"): denied }));
        let why = format!("{JANE} (access is denied)");
        assert_eq!((snapshot.cached_servers.why_not(), snapshot.notes.len()), (Some(why.as_str()), 0));
        assert_eq!(taken(&json!({})).cached_servers.why_not(), Some("it was not collected"));
    }

    #[test]
    fn a_crowd_in_trouble_takes_one_line() {
        let failed: Vec<(&str, Unreadable)> = vec![(JANE, Unreadable::Denied); 9];
        assert!(told(&failed).ends_with(", 6 more"));
    }
}
