//! The script that collects a machine where our program may not run.

use std::collections::BTreeMap;

use super::{
    LOOK_BACK_DAYS, Role, cache, certificates, connections, events, firewall, keys, policies, registry, remembered,
    services, system,
};

const SCRIPT: &str = include_str!("collector.ps1");

/// A script for Windows PowerShell 2 and later, that only reads. What it prints is a
/// [`Collection`](rdpdoctor_machine::memory::Collection), and asks for just what [`snapshot`](super::snapshot()) reads, or [`origin`](super::origin()).
pub fn script(role: Role<'_>) -> String {
    let (is_client, server) = match role {
        Role::Server => (false, None),
        Role::Client(server) => (true, server),
    };
    let server: Vec<&str> = server.map(|server| server.host.trim_end_matches('.')).into_iter().collect();
    let settings = registry::wanted().into_iter().map(|(path, names)| (path, names.into_iter().collect::<Vec<_>>()));
    let values = settings.chain(system::VALUES.map(|(path, names)| (path, names.to_vec())));
    let settings = values.map(|(path, names)| format!("{path}|{}", names.join(";")));
    let whole: Vec<String> = firewall::KEYS.iter().chain(&system::KEYS).map(|path| format!("    '{path}'")).collect();
    let key_folders = keys::FOLDERS.map(|(_, below)| format!("ProgramData\\{below}"));
    let key_folders: Vec<&str> = key_folders.iter().map(String::as_str).collect();
    [
        ("{settings}", settings.collect::<Vec<_>>().join("\n")),
        ("{trees}", quoted(&[registry::SCHANNEL, registry::DELEGATION])),
        ("{whole}", whole.join(",\n")),
        ("{packages}", system::PACKAGES.to_owned()),
        ("{history}", policies::HISTORY.to_owned()),
        ("{history_names}", quoted(&policies::NAMES)),
        ("{local_policy}", policies::LOCAL.to_owned()),
        ("{policy_copies}", policies::CACHE.to_owned()),
        ("{largest_policy}", policies::LARGEST.to_string()),
        ("{services}", quoted(&services::NAMES)),
        ("{stores}", quoted(&certificates::NAMES)),
        ("{files}", quoted(&system::FILES)),
        ("{key_folders}", quoted(&key_folders)),
        ("{events}", queries().join("\n")),
        ("{days}", LOOK_BACK_DAYS.to_string()),
        ("{client}", (if is_client { "$true" } else { "$false" }).to_owned()),
        ("{command}", (if is_client { "client" } else { "host" }).to_owned()),
        ("{remembered}", remembered::KEPT.to_owned()),
        ("{profiles}", remembered::PROFILES.to_owned()),
        ("{typed}", remembered::TYPED.to_string()),
        ("{also_cached}", quoted(&server)),
        ("{most_names}", cache::MOST_NAMES.to_string()),
        ("{hosts}", connections::HOSTS.to_owned()),
        ("{folders}", quoted(&connections::FOLDERS)),
        ("{most_users}", connections::MOST_USERS.to_string()),
        ("{most_files}", connections::MOST_FILES.to_string()),
        ("{largest}", connections::LARGEST_RDP_FILE.to_string()),
    ]
    .into_iter()
    .fold(SCRIPT.to_owned(), |script, (place, text)| script.replace(place, &text))
}

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{}'", name.replace('\'', "''"))).collect();
    quoted.join(", ")
}

/// One line a channel and provider: `channel|provider|ids`.
fn queries() -> Vec<String> {
    let mut lines = Vec::new();
    for (channel, wanted) in events::wanted(None) {
        let mut ids: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (provider, id) in &wanted.events {
            ids.entry(provider).or_default().push(id.to_string());
        }
        lines.extend(ids.into_iter().map(|(provider, ids)| format!("{channel}|{provider}|{}", ids.join(","))));
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn is_place(text: &str) -> bool {
        !text.is_empty() && text.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
    }

    #[test]
    fn only_that_of_a_client_looks_into_folders_of_users() {
        let (server, client) = (script(Role::Server), script(Role::Client(None)));
        assert!(server.contains("$Client = $false") && server.contains("rdpdoctor host check FILE"));
        assert!(client.contains("$Client = $true") && client.contains("rdpdoctor client check FILE"));
        assert!(client.contains("'Documents', 'Desktop'") && client.contains(r"drivers\etc\hosts"));
    }

    #[test]
    fn the_cache_is_asked_for_the_server_that_is_meant() {
        let target = "TS01.example.com".parse().unwrap();
        let script = script(Role::Client(Some(&target)));
        assert!(script.contains("$AlsoCached = @('ts01.example.com')"));
        assert!(script.contains("-Unique -First 50") && script.contains("@(0..(10 - 1)"));
        assert_eq!(quoted(&["a'b"]), "'a''b'");
    }

    #[test]
    fn every_place_is_filled() {
        let script = script(Role::Client(None));
        let marks = SCRIPT.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
        let places: BTreeSet<&str> = marks.map(|(place, _)| place).filter(|it| is_place(it)).collect();
        assert_eq!(places.len(), 27, "{places:?}");
        for place in places {
            assert!(!script.contains(&format!("{{{place}}}")), "{place}");
        }
        assert!(script.contains(r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server|"));
        assert!(script.contains("|Microsoft-Windows-Security-Auditing|4624,4625"));
        assert!(script.contains(r"'ProgramData\Microsoft\Crypto\RSA\MachineKeys'"));
    }

    #[test]
    fn nothing_in_it_changes_the_machine() {
        let script = script(Role::Client(None)).to_lowercase();
        for verb in
            ["set-", "remove-", "new-item", "start-", "stop-", "restart-", "invoke-", "out-file", "iex ", "net stop"]
        {
            assert!(!script.contains(verb), "{verb}");
        }
    }
}
