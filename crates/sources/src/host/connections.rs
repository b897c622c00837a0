//! What users of the machine keep: connection files, stored credentials by name, the hosts file.

use rdpdoctor_diagnosis::evidence::snapshot::{Reading, SavedConnection, StoredCredential};
use rdpdoctor_machine::{FileInfo, Machine, Unreadable};

/// Bytes of a connection file; mstsc writes some two thousand.
pub const LARGEST_RDP_FILE: usize = 256 << 10;
/// Connection files that are read of one machine.
const MOST_FILES: usize = 200;
/// Where people keep them, below their profile.
const FOLDERS: [&str; 2] = ["Documents", "Desktop"];
const HOSTS: &str = r"Windows\System32\drivers\etc\hosts";
/// Bytes of the hosts file; block lists make large ones.
const LARGEST_HOSTS: usize = 8 << 20;
/// Names of the hosts file that are kept.
const MOST_NAMES: usize = 1000;

/// Connection files in the folders of all users.
pub(super) fn connections(machine: &dyn Machine) -> Reading<Vec<SavedConnection>> {
    saved(machine).into()
}

fn saved(machine: &dyn Machine) -> Result<Vec<SavedConnection>, Unreadable> {
    let mut found = Vec::new();
    for user in machine.folder("Users")?.unwrap_or_default().iter().filter(|user| user.is_folder) {
        for folder in FOLDERS {
            let path = format!("Users\\{}\\{folder}", user.name);
            // Of another user's folder an ordinary account sees nothing: those that can be read count.
            let files = machine.folder(&path).ok().flatten().unwrap_or_default();
            let left = MOST_FILES.saturating_sub(found.len());
            let files = files.iter().filter(|file| is_connection(file)).map(|file| format!("{path}\\{}", file.name));
            let read = files.filter_map(|path| Some((machine.read(&path, LARGEST_RDP_FILE).ok()??, path)));
            found.extend(read.take(left).map(|(bytes, path)| SavedConnection::read(&path, &bytes)));
        }
    }
    Ok(found)
}

fn is_connection(file: &FileInfo) -> bool {
    !file.is_folder && file.name.to_lowercase().ends_with(".rdp")
}

/// That there are credentials, never what they are.
pub(super) fn credentials(machine: &dyn Machine) -> Reading<Vec<StoredCredential>> {
    let stored = |(target, user)| StoredCredential { target, user };
    super::needed(machine.credentials(), "list of credentials").map(|all| all.into_iter().map(stored).collect())
}

/// Names with their addresses, in the order of the file.
pub(super) fn hosts(machine: &dyn Machine) -> Reading<Vec<(String, String)>> {
    let bytes = machine.read(HOSTS, LARGEST_HOSTS).map(Option::unwrap_or_default);
    Reading::from(bytes).map(|bytes| names(&String::from_utf8_lossy(&bytes)))
}

fn names(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter_map(|line| line.split('#').next());
    let pairs = lines.flat_map(|line| {
        let mut words = line.split_whitespace().map(str::to_owned);
        let address = words.next().unwrap_or_default();
        words.map(move |name| (name, address.clone()))
    });
    pairs.take(MOST_NAMES).collect()
}

#[cfg(test)]
mod tests {
    use rdpdoctor_machine::memory::Collection;

    use super::*;

    #[test]
    fn the_hosts_file_names_addresses() {
        let text = "# 10.0.0.1 no\n10.0.0.5 ts01 ts01.corp # old\n\n::1\tlocalhost\n10.0.0.9\n";
        let pair = |name: &str, address: &str| (name.to_owned(), address.to_owned());
        let all = [pair("ts01", "10.0.0.5"), pair("ts01.corp", "10.0.0.5"), pair("localhost", "::1")];
        assert_eq!(names(text), all);
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
}
