use std::collections::BTreeMap;

use rdpdoctor_diagnosis::evidence::snapshot::{Build, Disk, Reading, Resources, Rights, SystemFile, Update};
use rdpdoctor_machine::{LogonRight, Machine, RightHolder};

use super::needed;

const CURRENT_VERSION: &str = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion";
const COMPUTER_NAME: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName";
const PACKAGES: &str = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages";
const TASKS: &str = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree";

/// The keys that are read here whole: names alone.
pub(super) const KEYS: [&str; 2] = [PACKAGES, TASKS];

/// The values that are read here; the product key beside them is not.
pub(super) const VALUES: [(&str, &[&str]); 2] = [
    (CURRENT_VERSION, &["CurrentBuild", "CurrentBuildNumber", "UBR", "ProductName", "InstallationType"]),
    (COMPUTER_NAME, &["ComputerName"]),
];

pub(super) fn computer(machine: &dyn Machine) -> Reading<Option<String>> {
    machine.key(COMPUTER_NAME).map(|key| key.and_then(|key| key.text("ComputerName"))).into()
}

pub(super) fn build(machine: &dyn Machine) -> Reading<Build> {
    let key = match needed(machine.key(CURRENT_VERSION), CURRENT_VERSION) {
        Reading::Observed(key) => key,
        Reading::NotObtained(why) => return Reading::NotObtained(why),
        Reading::NotTried => return Reading::NotTried,
    };
    let number = key.text("CurrentBuildNumber").or_else(|| key.text("CurrentBuild"));
    let Some(number) = number.and_then(|text| text.trim().parse().ok()) else {
        return Reading::NotObtained("CurrentBuildNumber is no number".to_owned());
    };
    Reading::Observed(Build {
        number,
        revision: key.dword("UBR"),
        product: key.text("ProductName"),
        installation: key.text("InstallationType"),
    })
}

/// Updates by their packages, each once.
pub(super) fn updates(machine: &dyn Machine) -> Reading<Vec<Update>> {
    const MOST_UPDATES: usize = 1000;
    needed(machine.key(PACKAGES), PACKAGES).map(|key| {
        let mut ids: Vec<&str> = key.keys.iter().filter_map(|name| knowledge_base(name)).collect();
        ids.sort_unstable();
        ids.dedup();
        let update = |id: &&str| Update { id: (*id).to_owned(), installed: None };
        ids.iter().rev().take(MOST_UPDATES).map(update).collect()
    })
}

/// `Package_for_KB5034123~31bf…` names KB5034123.
fn knowledge_base(package: &str) -> Option<&str> {
    let rest = &package[package.find("KB")?..];
    let end = rest.char_indices().skip(2).find(|(_, letter)| !letter.is_ascii_digit()).map_or(rest.len(), |(at, _)| at);
    rest.get(..end).filter(|id| id.len() > 4)
}

/// Libraries of Remote Desktop and of what it stands on.
pub(super) const FILES: [&str; 4] = [
    r"Windows\System32\termsrv.dll",
    r"Windows\System32\rdpcorets.dll",
    r"Windows\System32\schannel.dll",
    r"Windows\System32\TSpkg.dll",
];

pub(super) fn files(machine: &dyn Machine) -> BTreeMap<String, Reading<Option<SystemFile>>> {
    let file = |path: &&str| {
        let info = machine.file(path).map(|info| {
            info.map(|info| SystemFile { size: info.size, modified: info.modified, version: None, sha256: None })
        });
        ((*path).to_owned(), info.into())
    };
    FILES.iter().map(file).collect()
}

pub(super) fn resources(machine: &dyn Machine) -> Reading<Resources> {
    needed(machine.resources(), "answer").map(|seen| Resources {
        memory_free: seen.memory_free,
        commit_free: seen.commit_free,
        system_disk: seen.system_disk.map(|(free, total)| Disk { free, total }),
        handles: seen.handles,
    })
}

pub(super) fn rights(machine: &dyn Machine) -> Reading<Rights> {
    needed(machine.rights(), "answer").map(|holders| Rights {
        remote_logon: holding(&holders, LogonRight::RemoteInteractive),
        deny_remote_logon: holding(&holders, LogonRight::DenyRemoteInteractive),
        network_logon: holding(&holders, LogonRight::Network),
        deny_network_logon: holding(&holders, LogonRight::DenyNetwork),
    })
}

fn holding(holders: &[RightHolder], right: LogonRight) -> Vec<String> {
    holders.iter().filter(|holder| holder.right == right).map(|holder| holder.sid.clone()).collect()
}

/// Tasks of the root folder whose names speak of Remote Desktop, its certificate or its keys.
pub(super) fn tasks(machine: &dyn Machine) -> Reading<Vec<String>> {
    const WORDS: [&str; 6] = ["rdp", "remote desktop", "termservice", "terminal", "certificate", "machinekeys"];
    let speaks = |name: &&String| WORDS.iter().any(|word| name.to_lowercase().contains(word));
    needed(machine.key(TASKS), "task cache").map(|key| key.keys.iter().filter(speaks).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_name_updates() {
        assert_eq!(knowledge_base("Package_for_KB5034123~31bf3856ad364e35~amd64~~1.2"), Some("KB5034123"));
        assert_eq!(knowledge_base("Package_for_KB1~x"), None);
        assert_eq!(knowledge_base("Microsoft-Windows-Foundation-Package"), None);
    }
}
