use std::collections::BTreeMap;

use jiff::Timestamp;
use rdpdoctor_diagnosis::evidence::snapshot::{Build, Disk, Reading, Resources, Rights, SystemFile, Update};
use rdpdoctor_machine::{Answer, FileInfo, LogonRight, Machine, RightHolder};

use super::needed;
use super::services::Services;

const CURRENT_VERSION: &str = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion";
const COMPUTER_NAME: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName";
pub(super) const PACKAGES: &str = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages";
const TASKS: &str = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree";

/// The keys that are read here whole: names alone.
pub(super) const KEYS: [&str; 2] = [PACKAGES, TASKS];

/// The values that are read here; the product key beside them is not.
pub(super) const VALUES: [(&str, &[&str]); 2] = [
    (CURRENT_VERSION, &["CurrentBuild", "CurrentBuildNumber", "UBR", "ProductName", "InstallationType", "SystemRoot"]),
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

/// Updates by their packages, each once, the newest first.
pub(super) fn updates(machine: &dyn Machine) -> Reading<Vec<Update>> {
    const MOST_PACKAGES: usize = 2000;
    needed(machine.key(PACKAGES), PACKAGES).map(|key| {
        let named = key.keys.iter().filter_map(|package| Some((package, update_named(package)?)));
        let mut updates: BTreeMap<String, Option<Timestamp>> = BTreeMap::new();
        for (package, id) in named.take(MOST_PACKAGES) {
            if let Ok(installed) = installed(machine, package) {
                let known = updates.entry(id).or_default();
                *known = installed.max(*known);
            }
        }
        let mut updates: Vec<Update> = updates.into_iter().map(|(id, installed)| Update { id, installed }).collect();
        updates.sort_by(|a, b| (b.installed, &b.id).cmp(&(a.installed, &a.id)));
        updates
    })
}

/// A package is there, and is not installed: only staged, or taken off again.
struct NotInstalled;

/// When a package was installed, where the machine says so.
fn installed(machine: &dyn Machine, package: &str) -> Result<Option<Timestamp>, NotInstalled> {
    const SUPERSEDED: u32 = 80;
    const INSTALLED: u32 = 112;
    let Ok(Some(key)) = machine.key(&format!("{PACKAGES}\\{package}")) else { return Ok(None) };
    match key.dword("CurrentState") {
        None | Some(SUPERSEDED | INSTALLED) => Ok(key.time("InstallTimeHigh", "InstallTimeLow")),
        Some(_) => Err(NotInstalled),
    }
}

/// `Package_for_KB5034123~31bf…` names KB5034123. Cumulative updates name the build that they make instead:
/// `Package_for_RollupFix~31bf…~amd64~~17763.5458.1.9`.
fn update_named(package: &str) -> Option<String> {
    let rollup = || {
        let version = package.strip_prefix("Package_for_RollupFix~")?.rsplit('~').next()?;
        let (build, rest) = version.split_once('.')?;
        let revision = rest.split('.').next()?;
        let numbers = [build, revision].iter().all(|part| part.parse::<u32>().is_ok());
        numbers.then(|| format!("the cumulative update {build}.{revision}"))
    };
    knowledge_base(package).map(str::to_owned).or_else(rollup)
}

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

/// Those, and the library that the service is set to load.
pub(super) fn files(machine: &dyn Machine, services: &Services) -> BTreeMap<String, Reading<Option<SystemFile>>> {
    let service = services.get("TermService").and_then(Reading::observed).and_then(Option::as_ref);
    let drive = system_drive(machine);
    let loaded = service.and_then(|service| below_drive(service.library.as_deref()?, &drive));
    let foreign = loaded.filter(|path| !FILES.iter().any(|known| known.eq_ignore_ascii_case(path)));
    let all = FILES.iter().map(|path| (*path).to_owned()).chain(foreign);
    all.map(|path| {
        let file = file(machine, &path).into();
        (path, file)
    })
    .collect()
}

fn file(machine: &dyn Machine, path: &str) -> Answer<SystemFile> {
    let version = || machine.version(path).ok().flatten().map(|version| version.to_string());
    let seen =
        |info: FileInfo| SystemFile { size: info.size, modified: info.modified, version: version(), sha256: None };
    Ok(machine.file(path)?.map(seen))
}

/// The letter of the drive that Windows is on, as it calls it itself.
fn system_drive(machine: &dyn Machine) -> String {
    let root = machine.key(CURRENT_VERSION).ok().flatten().and_then(|key| key.text("SystemRoot"));
    root.and_then(|root| root.get(..2).map(str::to_lowercase)).unwrap_or_else(|| "c:".to_owned())
}

/// Where a path of a setting is below the system drive; none where it is elsewhere, or leads out of where it says.
fn below_drive(path: &str, drive: &str) -> Option<String> {
    const FOLDERS: [(&str, &str); 8] = [
        ("%systemroot%\\", "Windows\\"),
        ("%windir%\\", "Windows\\"),
        ("\\systemroot\\", "Windows\\"),
        ("%programfiles%\\", "Program Files\\"),
        ("%programfiles(x86)%\\", "Program Files (x86)\\"),
        ("%commonprogramfiles%\\", "Program Files\\Common Files\\"),
        ("%programdata%\\", "ProgramData\\"),
        ("%systemdrive%\\", ""),
    ];
    let path = path.trim().trim_matches('"').replace('/', "\\");
    let own = format!("{drive}\\");
    let mut folders = FOLDERS.into_iter().chain([(own.as_str(), "")]);
    let starts = |prefix: &str| path.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let (prefix, folder) = folders.find(|(prefix, _)| starts(prefix))?;
    let rest = path.get(prefix.len()..)?;
    let plain = rest.split('\\').all(|part| !matches!(part, "" | "." | "..") && !part.contains([':', '%', '\0']));
    plain.then(|| format!("{folder}{rest}"))
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
        let named = |package: &str| update_named(package);
        assert_eq!(named("Package_for_KB5034123~31bf3856ad364e35~amd64~~1.2").as_deref(), Some("KB5034123"));
        let rollup = "Package_for_RollupFix~31bf3856ad364e35~amd64~~17763.5458.1.9";
        assert_eq!(named(rollup).as_deref(), Some("the cumulative update 17763.5458"));
        for other in ["Package_for_KB1~x", "Microsoft-Windows-Foundation-Package", "Package_for_RollupFix~x~~1", "KB"] {
            assert_eq!(named(other), None, "{other}");
        }
    }

    const MACHINE: &str = r#"
        complete = true
        [registry.'HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion']
        SystemRoot = 'D:\Windows'
        [registry.'HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages']
        [registry.'HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages\Package_for_KB5034123~1']
        CurrentState = 112
        InstallTimeHigh = 27111902
        InstallTimeLow = 3577643008
        [registry.'HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages\Package_for_KB5044444~1']
        CurrentState = 64
        [registry.'HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages\Package_for_KB5000001~1']
        [registry.'HKLM\SYSTEM\CurrentControlSet\Services\TermService']
        Start = 3
        ServiceDll = { expand = '%ProgramFiles%\RDP Wrapper\rdpwrap.dll' }
        [files.'Windows\System32\termsrv.dll']
        version = "10.0.17763.1"
        size = 7
        [files.'Program Files\RDP Wrapper\rdpwrap.dll']
        modified = "2017-11-02T00:00:00Z"
    "#;

    #[test]
    fn updates_have_the_time_of_their_package_and_what_is_only_staged_is_none() {
        let machine: rdpdoctor_machine::memory::Collection = toml::from_str(MACHINE).unwrap();
        let Reading::Observed(updates) = updates(&machine) else { panic!("they can be read") };
        let dated = Update { id: "KB5034123".to_owned(), installed: Some(Timestamp::UNIX_EPOCH) };
        assert_eq!(updates, [dated, Update { id: "KB5000001".to_owned(), installed: None }]);
    }

    #[test]
    fn files_have_their_version_and_the_library_of_the_service_is_one_of_them() {
        let machine: rdpdoctor_machine::memory::Collection = toml::from_str(MACHINE).unwrap();
        let files = files(&machine, &super::super::services::read(&machine));
        assert_eq!(files.len(), FILES.len() + 1);
        let Some(Reading::Observed(Some(own))) = files.get(FILES[0]) else { panic!("Windows' own") };
        assert_eq!(own.version.as_deref(), Some("10.0.17763.1"));
        let Some(Reading::Observed(Some(wrapper))) = files.get(r"Program Files\RDP Wrapper\rdpwrap.dll") else {
            panic!("what the service loads")
        };
        assert!(wrapper.modified.is_some() && wrapper.version.is_none());
        assert_eq!(files.get(FILES[2]), Some(&Reading::Observed(None)));
    }

    #[test]
    fn paths_of_settings_stay_on_the_system_drive() {
        let below = |path: &str| below_drive(path, "d:");
        assert_eq!(below(r"%SystemRoot%\System32\termsrv.dll").as_deref(), Some(r"Windows\System32\termsrv.dll"));
        assert_eq!(below(r#""D:/rdp/termsrv.dll""#).as_deref(), Some(r"rdp\termsrv.dll"));
        assert_eq!(below(r"%SystemDrive%\x.dll").as_deref(), Some("x.dll"));
        for other in [r"C:\x.dll", r"D:\..\x.dll", r"D:\x.dll:stream", r"\\host\share\x.dll", "x.dll", r"D:\%a%\x", ""]
        {
            assert_eq!(below(other), None, "{other}");
        }
    }
}
