//! What users of the machine keep: connection files, stored credentials by name; and the hosts file.

use rdpdoctor_diagnosis::evidence::snapshot::{HostsEntry, Reading, SavedConnection, StoredCredential};
use rdpdoctor_machine::{FileInfo, Machine, Unreadable};

/// Bytes of a connection file; mstsc writes some two thousand.
pub const LARGEST_RDP_FILE: usize = 256 << 10;
/// Connection files that are read of one machine.
pub(super) const MOST_FILES: usize = 200;
/// Users whose folders are looked into.
pub(super) const MOST_USERS: usize = 200;
/// Entries of one folder that are looked at: some people keep all they have on their desktop.
const MOST_ENTRIES: usize = 10_000;
/// Where people keep them, below their profile.
pub(super) const FOLDERS: [&str; 2] = ["Documents", "Desktop"];
pub(super) const HOSTS: &str = r"Windows\System32\drivers\etc\hosts";
/// Bytes of the hosts file; block lists make large ones.
const LARGEST_HOSTS: usize = 8 << 20;
/// Names of the hosts file that are kept.
const MOST_NAMES: usize = 1000;
/// What credentials for Remote Desktop are called.
const TERMSRV: &str = "TERMSRV/";

/// Connection files in the folders of all users.
pub(super) fn connections(machine: &dyn Machine) -> Reading<Vec<SavedConnection>> {
    saved(machine).into()
}

fn saved(machine: &dyn Machine) -> Result<Vec<SavedConnection>, Unreadable> {
    let users = machine.entries("Users", MOST_USERS)?.unwrap_or_default();
    let folders = users.iter().filter(|user| user.is_folder);
    let folders = folders.flat_map(|user| FOLDERS.map(|folder| format!("Users\\{}\\{folder}", user.name)));
    let files = folders.flat_map(|folder| files(machine, &folder)).take(MOST_FILES);
    let read = files.filter_map(|path| Some((machine.read(&path, LARGEST_RDP_FILE).ok()??, path)));
    Ok(read.map(|(bytes, path)| SavedConnection::read(path, &bytes)).collect())
}

/// Connection files in a folder. Of another user's folder an ordinary account sees nothing: those that can be read count.
fn files(machine: &dyn Machine, folder: &str) -> Vec<String> {
    let entries = machine.entries(folder, MOST_ENTRIES).ok().flatten().unwrap_or_default();
    entries.iter().filter(|file| is_connection(file)).map(|file| format!("{folder}\\{}", file.name)).collect()
}

fn is_connection(file: &FileInfo) -> bool {
    !file.is_folder && file.name.to_lowercase().ends_with(".rdp")
}

/// That there are credentials for Remote Desktop, never what they are.
pub(super) fn credentials(machine: &dyn Machine) -> Reading<Vec<StoredCredential>> {
    let stored = |(target, user): (String, Option<String>)| {
        // The older interfaces put the kind before it: `LegacyGeneric:target=TERMSRV/ts01`.
        let (_, server_name) = target.split_at_checked(target.to_ascii_uppercase().find(TERMSRV)? + TERMSRV.len())?;
        Some(StoredCredential { server_name: server_name.to_owned(), user })
    };
    super::needed(machine.credentials(), "list of credentials").map(|all| all.into_iter().filter_map(stored).collect())
}

/// Names with their addresses, in the order of the file.
pub(super) fn hosts(machine: &dyn Machine) -> Reading<Vec<HostsEntry>> {
    let bytes = machine.read(HOSTS, LARGEST_HOSTS).map(Option::unwrap_or_default);
    Reading::from(bytes).map(|bytes| names(&String::from_utf8_lossy(&bytes)))
}

fn names(text: &str) -> Vec<HostsEntry> {
    let lines = text.lines().enumerate().filter_map(|(index, line)| Some((index + 1, line.split('#').next()?)));
    let entries = lines.flat_map(|(line, text)| {
        let mut words = text.split_whitespace().map(str::to_owned);
        let address = words.next().unwrap_or_default();
        words.map(move |hostname| HostsEntry { line, hostname, address: address.clone() })
    });
    entries.take(MOST_NAMES).collect()
}

#[cfg(test)]
mod tests {
    use rdpdoctor_machine::memory::Collection;

    use super::*;

    #[test]
    fn the_hosts_file_names_addresses() {
        let text = "# 10.0.0.1 no\n10.0.0.5 ts01 ts01.corp # old\n\n::1\tlocalhost\n10.0.0.9\n";
        let entries = names(text);
        let all: Vec<_> = entries.iter().map(|it| (it.line, it.hostname.as_str(), it.address.as_str())).collect();
        assert_eq!(all, [(2, "ts01", "10.0.0.5"), (2, "ts01.corp", "10.0.0.5"), (4, "localhost", "::1")]);
    }

    #[test]
    fn connection_files_of_all_users_are_read() {
        let machine: Collection = serde_json::from_value(serde_json::json!({
            "complete": true,
            "files": {
                "Users": { "folder": true },
                "Users\\jane": { "folder": true },
                "Users\\jane\\Documents": { "folder": true },
                "Users\\jane\\Documents\\Default.RDP": { "text": "full address:s:ts01\n" },
                "Users\\jane\\Documents\\notes.txt": { "text": "full address:s:no\n" },
            },
        }))
        .unwrap();
        let Reading::Observed(found) = connections(&machine) else { panic!("it was read") };
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].place, "Users\\jane\\Documents\\Default.RDP");
    }

    #[test]
    fn credentials_are_known_by_name() {
        let machine: Collection = serde_json::from_value(serde_json::json!({
            "credentials": [
                { "target": "TERMSRV/ts01", "user": "CORP\\jane" },
                { "target": "LegacyGeneric:target=termsrv/ts02" },
                { "target": "git:https://example.com", "user": "jane" },
            ],
        }))
        .unwrap();
        let Reading::Observed(stored) = credentials(&machine) else { panic!("they were read") };
        let stored: Vec<_> = stored.iter().map(|it| (it.server_name.as_str(), it.user.as_deref())).collect();
        assert_eq!(stored, [("ts01", Some("CORP\\jane")), ("ts02", None)]);
    }

    #[test]
    fn no_more_files_are_read_than_are_worth_it() {
        let mut files = serde_json::json!({
            "Users": { "folder": true }, "Users\\jane": { "folder": true }, "Users\\jane\\Desktop": { "folder": true },
        });
        for number in 0..=MOST_FILES {
            files[format!("Users\\jane\\Desktop\\{number}.rdp")] = serde_json::json!({ "text": "full address:s:a" });
        }
        let machine: Collection = serde_json::from_value(serde_json::json!({ "files": files })).unwrap();
        assert_eq!(connections(&machine).observed().map(Vec::len), Some(MOST_FILES));
    }
}
