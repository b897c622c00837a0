//! Which Group Policy objects set what decides Remote Desktop.
//!
//! The registry's client-side extension lists what it applied below `Group Policy\History`, numbered in the order of
//! application (Microsoft KB 201453: DisplayName, GPOName, FileSysPath, GPOLink; confidence high, in public listings of current
//! builds too). Since Windows 8.1 and Server 2012 R2 a copy of each object of a domain is kept below `GroupPolicy\DataStore`
//! (sdmsoftware.com and 4sysops.com on Group Policy caching; gpresult of current servers shows the path; confidence medium:
//! caching can be switched off, and the copy may be older than the object).

use std::collections::{BTreeMap, BTreeSet};

use rdpdoctor_diagnosis::evidence::snapshot::{PolicyLink, PolicyObject, PolicyValue, Reading};
use rdpdoctor_machine::policy_file::{Instruction, PolicyFile, Said};
use rdpdoctor_machine::registry::Key;
use rdpdoctor_machine::{Answer, Machine};

use super::registry::{DELEGATION, SCHANNEL, converted, wanted};

/// Below it each object that was applied has a key of its own.
pub(super) const HISTORY: &str =
    r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Group Policy\History\{35378EAC-683F-11D2-A89A-00C04FBBCFA2}";
/// What is read of those keys.
pub(super) const NAMES: [&str; 4] = ["DisplayName", "GPOName", "FileSysPath", "GPOLink"];
/// The local policy's file.
pub(super) const LOCAL: &str = r"Windows\System32\GroupPolicy\Machine\Registry.pol";
/// Where copies of the objects of domains lie.
pub(super) const CACHE: &str = r"Windows\System32\GroupPolicy\DataStore\0\sysvol";
/// Objects that are read; machines have a dozen.
const MOST_OBJECTS: usize = 128;
/// Bytes of a file. Those of security baselines have some 50 KiB.
pub(super) const LARGEST: usize = 1 << 20;
/// Values of one object that are kept.
const MOST_VALUES: usize = 512;

/// The objects in the order of application.
pub(super) fn read(machine: &dyn Machine) -> Reading<Vec<PolicyObject>> {
    let listed = match machine.key(HISTORY) {
        Ok(key) => key.map(|key| key.keys).unwrap_or_default(),
        Err(why) => return Reading::NotObtained(why.to_string()),
    };
    let mut numbers: Vec<u32> = listed.iter().filter_map(|name| name.parse().ok()).collect();
    numbers.sort_unstable();
    let known = Known::new();
    let mut objects = Vec::new();
    if numbers.len() > MOST_OBJECTS {
        return Reading::NotObtained(format!("there are more than {MOST_OBJECTS} of them"));
    }
    for number in numbers {
        match machine.key(&format!("{HISTORY}\\{number}")) {
            Ok(Some(key)) => objects.push(object(machine, &known, &key)),
            Ok(None) => {}
            // One that is missing in the order might be the one that decides.
            Err(why) => return Reading::NotObtained(why.to_string()),
        }
    }
    if !objects.iter().any(PolicyObject::is_local) {
        objects.splice(0..0, unlisted(machine, &known));
    }
    Reading::Observed(objects)
}

fn object(machine: &dyn Machine, known: &Known, key: &Key) -> PolicyObject {
    let id = key.text("GPOName").filter(|name| is_guid(name));
    let path = key.text("FileSysPath").unwrap_or_default();
    let link = match key.dword("GPOLink") {
        Some(1) => PolicyLink::Machine,
        Some(2) => PolicyLink::Site,
        Some(3) => PolicyLink::Domain,
        Some(4) => PolicyLink::OrganizationalUnit,
        // The local one has no GUID, and its folder of its own.
        _ if id.is_none() && is_local(&path) => PolicyLink::Machine,
        _ => PolicyLink::Unknown,
    };
    let domain = domain_of(&path);
    let file = match (&id, &domain) {
        _ if link == PolicyLink::Machine => LOCAL.to_owned(),
        (Some(id), Some(domain)) => format!(r"{CACHE}\{domain}\Policies\{id}\Machine\Registry.pol"),
        _ => String::new(),
    };
    let values = match link {
        _ if file.is_empty() => Reading::NotObtained("Windows does not say where it lies".to_owned()),
        PolicyLink::Machine => values(machine, known, &file).map(Option::unwrap_or_default),
        _ => match values(machine, known, &file) {
            Reading::Observed(Some(values)) => Reading::Observed(values),
            Reading::Observed(None) => Reading::NotObtained("this machine keeps no copy of it".to_owned()),
            Reading::NotObtained(why) => Reading::NotObtained(why),
            Reading::NotTried => Reading::NotTried,
        },
    };
    PolicyObject { display_name: key.text("DisplayName"), id, link, domain, listed: true, file, values }
}

/// The local policy where Windows does not list it: there may be a file that it has not applied.
fn unlisted(machine: &dyn Machine, known: &Known) -> Option<PolicyObject> {
    let values = match values(machine, known, LOCAL) {
        Reading::Observed(values) => Reading::Observed(values?),
        unread => unread.map(Option::unwrap_or_default),
    };
    Some(PolicyObject {
        display_name: None,
        id: None,
        link: PolicyLink::Machine,
        domain: None,
        listed: false,
        file: LOCAL.to_owned(),
        values,
    })
}

/// What a file says of what is wanted; none where there is no such file.
fn values(machine: &dyn Machine, known: &Known, path: &str) -> Reading<Option<Vec<PolicyValue>>> {
    let bytes: Answer<Vec<u8>> = machine.read(path, LARGEST);
    match bytes.map(|bytes| bytes.map(|bytes| PolicyFile::read(&bytes))) {
        Ok(None) => Reading::Observed(None),
        Ok(Some(Ok(file))) => Reading::Observed(Some(known.values(&file))),
        Ok(Some(Err(damage))) => Reading::NotObtained(format!("damaged: {damage}")),
        Err(why) => Reading::NotObtained(why.to_string()),
    }
}

/// Values that are kept of a file; others may hold secrets.
struct Known {
    /// By the key without its hive, in small letters: as it is spelt, with names of values.
    values: BTreeMap<String, (&'static str, BTreeSet<&'static str>)>,
}

impl Known {
    fn new() -> Self {
        let below = wanted().into_iter().filter_map(|(path, names)| Some((without_hive(path)?, path, names)));
        Self { values: below.map(|(key, path, names)| (key.to_lowercase(), (path, names))).collect() }
    }

    /// Each value once, in the state in which the whole file leaves it.
    fn values(&self, file: &PolicyFile) -> Vec<PolicyValue> {
        let mut keys: BTreeMap<String, Vec<&Instruction>> = BTreeMap::new();
        for one in &file.instructions {
            keys.entry(one.key.to_lowercase()).or_default().push(one);
        }
        let said = keys.iter().flat_map(|(small, all)| self.values_of(small, all));
        said.take(MOST_VALUES).collect()
    }

    fn values_of(&self, small: &str, all: &[&Instruction]) -> Vec<PolicyValue> {
        let last = |name: &str| all.iter().filter_map(|one| one.says(name)).next_back();
        let value = |(key, value): (String, String)| {
            let data = match last(&value)? {
                Said::Sets(data) => Some(converted(data)),
                Said::Deletes => None,
            };
            Some(PolicyValue { key, value, data })
        };
        self.names(small, all).into_iter().filter_map(value).collect()
    }

    /// What is wanted of a key: values of the table, and whatever a file sets in a tree that is read whole.
    fn names(&self, small: &str, all: &[&Instruction]) -> Vec<(String, String)> {
        if let Some((path, names)) = self.values.get(small) {
            return names.iter().map(|name| ((*path).to_owned(), (*name).to_owned())).collect();
        }
        let is_below = |root: &str| {
            let root = without_hive(root).unwrap_or_default().to_lowercase();
            small.strip_prefix(&root).is_some_and(|rest| rest.starts_with('\\'))
        };
        let Some(first) = all.first().filter(|_| [SCHANNEL, DELEGATION].into_iter().any(is_below)) else {
            return Vec::new();
        };
        let is_plain = |name: &&str| !name.is_empty() && !name.starts_with("**");
        let names: BTreeSet<&str> = all.iter().map(|one| one.value.as_str()).filter(is_plain).collect();
        names.into_iter().take(MOST_VALUES).map(|name| (format!("HKLM\\{}", first.key), name.to_owned())).collect()
    }
}

fn without_hive(path: &str) -> Option<&str> {
    path.strip_prefix(r"HKLM\")
}

/// `{31B2F340-016D-11D2-945F-00C04FB984F9}`: nothing else may become part of a path.
fn is_guid(text: &str) -> bool {
    let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default();
    let groups: Vec<&str> = inner.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_local(path: &str) -> bool {
    path.to_lowercase().trim_end_matches('\\').ends_with(r"\system32\grouppolicy\machine")
}

/// The folder of `sysvol` that an object lies in: `\\corp.example\SysVol\corp.example\Policies\{…}\Machine`, or its copy.
fn domain_of(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('\\').collect();
    let at = parts.iter().rposition(|part| part.eq_ignore_ascii_case("sysvol"))?;
    let domain = parts.get(at + 1)?;
    let is_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let plain = !domain.is_empty() && domain.chars().all(is_name) && domain.chars().any(char::is_alphanumeric);
    plain.then(|| (*domain).to_owned())
}

#[cfg(test)]
mod tests {
    use rdpdoctor_diagnosis::evidence::Snapshot;
    use rdpdoctor_diagnosis::evidence::snapshot::{Author, ReadBy, RegistryValue};
    use rdpdoctor_machine::hex;
    use rdpdoctor_machine::memory::{Collected, CollectedFile, Collection};
    use rdpdoctor_machine::registry::Data;

    use super::*;

    const SERVICES: &str = r"SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services";
    const DENY: &str = "fDenyTSConnections";
    const HARDENING: &str = "{11111111-2222-4333-8444-555555555555}";
    const LISTED: &str = r#"
        complete = true
        [registry.'HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services']
        fDenyTSConnections = 1
        [registry.'HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Group Policy\History\{35378EAC-683F-11D2-A89A-00C04FBBCFA2}']
        "@keys" = ["10", "2", "0", "other"]
        [registry.'HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Group Policy\History\{35378EAC-683F-11D2-A89A-00C04FBBCFA2}\0']
        DisplayName = "Local Group Policy"
        GPOName = "Local Group Policy"
        FileSysPath = 'C:\Windows\System32\GroupPolicy\Machine'
        GPOLink = 1
        [registry.'HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Group Policy\History\{35378EAC-683F-11D2-A89A-00C04FBBCFA2}\2']
        DisplayName = "Default Domain Policy"
        GPOName = "{31B2F340-016D-11D2-945F-00C04FB984F9}"
        FileSysPath = '\\corp.example\sysvol\corp.example\Policies\{31B2F340-016D-11D2-945F-00C04FB984F9}\Machine'
        GPOLink = 3
        [registry.'HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Group Policy\History\{35378EAC-683F-11D2-A89A-00C04FBBCFA2}\10']
        DisplayName = "RDP hardening"
        GPOName = "{11111111-2222-4333-8444-555555555555}"
        FileSysPath = 'C:\Windows\system32\GroupPolicy\DataStore\0\SysVol\corp.example\Policies\{11111111-2222-4333-8444-555555555555}\Machine'
        GPOLink = 4
    "#;

    fn instruction(key: &str, value: &str, data: Data) -> Instruction {
        Instruction { key: key.to_owned(), value: value.to_owned(), data }
    }

    fn machine(files: &[(&str, &[Instruction])]) -> Collection {
        let mut machine: Collection = toml::from_str(LISTED).unwrap();
        for (path, instructions) in files {
            let bytes = PolicyFile { instructions: instructions.to_vec() }.to_bytes();
            let file = CollectedFile { hex: Some(hex::of(&bytes)), ..CollectedFile::default() };
            machine.files.insert((*path).to_owned(), Collected::Found(Some(file)));
        }
        machine
    }

    fn copy_of(id: &str) -> String {
        format!(r"{CACHE}\corp.example\Policies\{id}\Machine\Registry.pol")
    }

    fn observed(machine: &Collection) -> Vec<PolicyObject> {
        let Reading::Observed(objects) = read(machine) else { panic!("they can be read") };
        objects
    }

    #[test]
    fn objects_are_in_the_order_of_application_each_with_its_file() {
        let deny = [instruction(&SERVICES.to_lowercase(), DENY, Data::of_dword(1))];
        let machine = machine(&[(&copy_of(HARDENING), &deny)]);
        let objects = observed(&machine);
        let names: Vec<&str> = objects.iter().filter_map(|object| object.display_name.as_deref()).collect();
        assert_eq!(names, ["Local Group Policy", "Default Domain Policy", "RDP hardening"]);
        assert_eq!((objects[0].link, &objects[0].values), (PolicyLink::Machine, &Reading::Observed(Vec::new())));
        assert_eq!(objects[1].values.why_not(), Some("this machine keeps no copy of it"));
        assert_eq!(
            (objects[2].link, objects[2].domain.as_deref()),
            (PolicyLink::OrganizationalUnit, Some("corp.example"))
        );
        let key = format!(r"HKLM\{SERVICES}");
        let said = PolicyValue { key, value: DENY.to_owned(), data: Some(RegistryValue::Dword(1)) };
        assert_eq!(objects[2].values, Reading::Observed(vec![said]));
    }

    #[test]
    fn the_snapshot_tells_who_wrote_a_value() {
        let deny = |number| [instruction(SERVICES, DENY, Data::of_dword(number))];
        let snapshot = |machine: &Collection| {
            let mut snapshot = Snapshot::new(ReadBy::Collector, jiff::Timestamp::UNIX_EPOCH);
            super::super::registry::read(machine, &mut snapshot);
            snapshot.policies = read(machine);
            snapshot
        };
        let path = copy_of(HARDENING);
        let host = snapshot(&machine(&[(LOCAL, &deny(0)), (&path, &deny(1))]));
        let key = format!(r"HKLM\{SERVICES}");
        assert!(matches!(host.author(&key, DENY), Author::Object { place: 2, .. }));
        let host = snapshot(&machine(&[(LOCAL, &deny(1)), (&path, &deny(0))]));
        assert!(matches!(host.author(&key, DENY), Author::Other { place: 2, .. }));
    }

    #[test]
    fn only_what_is_known_is_kept_and_deletions_are() {
        let protocol = r"SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Server";
        let all = [
            instruction(r"SOFTWARE\Policies\Microsoft\Secrets", "Password", Data::of_text("hunter2")),
            instruction(SERVICES, "Unknown", Data::of_dword(1)),
            instruction(SERVICES, "**del.UserAuthentication", Data::of_text(" ")),
            instruction(protocol, "Enabled", Data::of_dword(0)),
            instruction(protocol, "**delvals.", Data::of_text(" ")),
            instruction(
                r"SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNELx\Y",
                "Enabled",
                Data::of_dword(0),
            ),
        ];
        let machine = machine(&[(&copy_of(HARDENING), &all)]);
        let objects = observed(&machine);
        let values = objects[2].values.observed().unwrap();
        let said: Vec<(&str, &Option<RegistryValue>)> =
            values.iter().map(|said| (said.value.as_str(), &said.data)).collect();
        assert_eq!(said, [("UserAuthentication", &None), ("Enabled", &None)]);
    }

    #[test]
    fn a_local_policy_that_is_not_listed_is_told_apart_and_an_empty_list_is_one() {
        let deny = [instruction(SERVICES, DENY, Data::of_dword(1))];
        let mut alone = machine(&[(LOCAL, &deny)]);
        alone.registry.retain(|path, _| !path.contains("History"));
        let objects = observed(&alone);
        assert!(matches!(&objects[..], [one] if one.is_local() && !one.listed), "{objects:?}");
        alone.files.clear();
        assert_eq!(read(&alone), Reading::Observed(Vec::new()));
    }

    #[test]
    fn what_is_denied_or_damaged_is_not_taken_for_nothing() {
        let denied = || Collected::Unreadable { unreadable: "access is denied".to_owned() };
        let mut machine = machine(&[]);
        machine.files.insert(copy_of(HARDENING), denied());
        let text = CollectedFile { text: Some("PRegx".to_owned()), ..CollectedFile::default() };
        machine.files.insert(LOCAL.to_owned(), Collected::Found(Some(text)));
        let objects = observed(&machine);
        assert_eq!(objects[0].values.why_not(), Some("damaged: no policy file of version 1"));
        assert_eq!(objects[2].values.why_not(), Some("access is denied"));
        machine.registry.insert(format!(r"{HISTORY}\10"), denied_key());
        assert_eq!(read(&machine).why_not(), Some("access is denied"));
        assert_eq!(read(&Collection::default()).why_not(), Some("it was not collected"));
    }

    fn denied_key() -> Collected<rdpdoctor_machine::memory::CollectedKey> {
        Collected::Unreadable { unreadable: "access is denied".to_owned() }
    }

    #[test]
    fn paths_of_a_list_lead_nowhere_else() {
        let domain = |path: &str| domain_of(path);
        assert_eq!(domain(r"\\a\SysVol\b.example\Policies\{x}\Machine").as_deref(), Some("b.example"));
        for path in [r"\\a\sysvol\..\x", r"\\a\sysvol", r"\\a\sysvol\\x", r"\\a\sysvol\b:c\x", r"\\a\sysvol\a/b\x", ""]
        {
            assert_eq!(domain(path), None, "{path}");
        }
        assert!(is_guid(HARDENING) && !is_guid("Local Group Policy") && !is_guid(r"{..\..\..}") && !is_guid("{}"));
    }
}
