use std::collections::BTreeMap;

use super::{Collected, CollectedAddress, CollectedFile, CollectedKey, CollectedValue, Collection};
use crate::event::{Event, Summary, Wanted};
use crate::hex;
use crate::registry::{Data, Key, Value};
use crate::security::{Descriptor, SddlError};
use crate::subject::{
    Answer, CachedAddress, CachedName, FileInfo, Listener, LogonRight, Machine, Resources, RightHolder, ServiceStatus,
    Unreadable, Way,
};
use crate::version::{FileVersion, VersionError};

impl Machine for Collection {
    fn way(&self) -> Way {
        Way::Collected
    }

    fn key(&self, path: &str) -> Answer<Key> {
        let key = self.listed(&self.registry, path)?;
        Ok(key.map(|key| self.key_at(path, key)))
    }

    fn key_descriptor(&self, path: &str) -> Answer<Vec<u8>> {
        let Some(key) = self.listed(&self.registry, path)? else { return Ok(None) };
        descriptor(key.sddl.as_deref()).map(Some)
    }

    fn service_status(&self, name: &str) -> Answer<ServiceStatus> {
        let service = self.listed(&self.services, name)?;
        Ok(service.map(|service| ServiceStatus { state: service.state, process: service.process }))
    }

    fn file(&self, path: &str) -> Answer<FileInfo> {
        Ok(self.listed(&self.files, path)?.map(|file| info(path, file)))
    }

    fn folder(&self, path: &str) -> Answer<Vec<FileInfo>> {
        let Some(folder) = self.listed(&self.files, path)? else { return Ok(None) };
        if !folder.folder {
            return Ok(None);
        }
        let within = self.files.iter().filter_map(|(known, file)| match file {
            Collected::Found(Some(file)) if is_in(known, path) => Some(info(known, file)),
            _ => None,
        });
        Ok(Some(within.collect()))
    }

    fn read(&self, path: &str, limit: usize) -> Answer<Vec<u8>> {
        let Some(file) = self.listed(&self.files, path)? else { return Ok(None) };
        let bytes = match (&file.text, &file.hex) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, Some(digits)) => hex::read(digits).ok_or_else(|| Unreadable::Damaged("no digits".to_owned()))?,
            (None, None) => return Err(Unreadable::NotCollected),
        };
        if bytes.len() > limit {
            return Err(Unreadable::TooLarge { limit });
        }
        Ok(Some(bytes))
    }

    fn version(&self, path: &str) -> Answer<FileVersion> {
        let Some(file) = self.listed(&self.files, path)? else { return Ok(None) };
        let text = file.version.as_deref().ok_or(Unreadable::NotCollected)?;
        text.parse().map(Some).map_err(|error: VersionError| damaged(&error))
    }

    fn events(&self, channel: &str, wanted: &Wanted, each: &mut dyn FnMut(Event)) -> Answer<Summary> {
        let Some(log) = self.listed(&self.channels, channel)? else { return Ok(None) };
        let mut matched = 0;
        for event in &log.events {
            let recent = wanted.since.is_none_or(|since| event.time >= since);
            if !recent || !wanted.has(&event.provider, event.id) {
                continue;
            }
            matched += 1;
            each(Event {
                record: event.record,
                time: event.time,
                provider: event.provider.clone(),
                id: event.id,
                qualifiers: None,
                level: 0,
                channel: channel.to_owned(),
                computer: String::new(),
                process: None,
                activity: None,
                user: None,
                data: event.data.clone(),
                binary: None,
            });
        }
        let (oldest, newest) = (log.oldest, log.newest);
        Ok(Some(Summary { records: log.records, matched, damaged: 0, oldest, newest }))
    }

    fn listeners(&self) -> Answer<Vec<Listener>> {
        let listeners = answer(self.listeners.as_ref())?;
        let listener = |one: &super::CollectedListener| Listener {
            address: one.address,
            process: one.process,
            program: one.program.clone(),
        };
        Ok(listeners.map(|all| all.iter().map(listener).collect()))
    }

    fn rights(&self) -> Answer<Vec<RightHolder>> {
        let Some(rights) = answer(self.rights.as_ref())? else { return Ok(None) };
        let holders = rights.iter().filter_map(|(name, sids)| Some((LogonRight::named(name)?, sids)));
        let holders =
            holders.flat_map(|(right, sids)| sids.iter().map(move |sid| RightHolder { right, sid: sid.clone() }));
        Ok(Some(holders.collect()))
    }

    fn resources(&self) -> Answer<Resources> {
        let resources = answer(self.resources.as_ref())?;
        Ok(resources.map(|seen| Resources {
            memory_free: seen.memory_free,
            commit_free: seen.commit_free,
            system_disk: seen.system_disk,
            handles: seen.handles,
        }))
    }

    fn credentials(&self) -> Answer<Vec<(String, Option<String>)>> {
        let stored = answer(self.credentials.as_ref())?;
        Ok(stored.map(|all| all.iter().map(|one| (one.target.clone(), one.user.clone())).collect()))
    }

    fn cached_name(&self, name: &str) -> Answer<CachedName> {
        let Some(cache) = answer(self.resolver_cache.as_ref())? else { return Ok(None) };
        let entry = cache.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let address = |cached: &CollectedAddress| {
            Some(CachedAddress { address: cached.address.parse().ok()?, seconds: cached.seconds })
        };
        let named = |addresses: &Vec<CollectedAddress>| match addresses.as_slice() {
            [] => Some(CachedName::Denied),
            addresses => {
                let read: Vec<CachedAddress> = addresses.iter().filter_map(address).collect();
                (!read.is_empty()).then_some(CachedName::Addresses(read))
            }
        };
        Ok(entry.and_then(|(_, addresses)| named(addresses)))
    }

    fn active_profiles(&self) -> Answer<u32> {
        Ok(answer(self.active_profiles.as_ref())?.copied())
    }
}

impl Collection {
    fn listed<'a, T>(&self, map: &'a BTreeMap<String, Collected<T>>, name: &str) -> Answer<&'a T> {
        match map.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, collected)) => collected.answer(),
            None if self.complete => Ok(None),
            None => Err(Unreadable::NotCollected),
        }
    }

    fn key_at(&self, path: &str, key: &CollectedKey) -> Key {
        let values = key.values.iter().map(|(name, value)| Value { name: name.clone(), data: value.data() });
        let listed = || {
            let there = self.registry.iter().filter(|(_, key)| !matches!(key, Collected::Found(None)));
            there.filter(|(known, _)| is_in(known, path)).map(|(known, _)| last(known).to_owned()).collect()
        };
        Key { values: values.collect(), keys: key.keys.clone().unwrap_or_else(listed), written: key.written }
    }
}

impl<T> Collected<T> {
    fn answer(&self) -> Answer<&T> {
        match self {
            Self::Unreadable { unreadable } => Err(Unreadable::System(unreadable.clone())),
            Self::Found(found) => Ok(found.as_ref()),
        }
    }
}

impl CollectedValue {
    fn data(&self) -> Data {
        match self {
            Self::Dword(number) => Data::of_dword(*number),
            Self::Text(text) => Data::of_text(text),
            Self::List(items) => Data::of_list(items.iter().map(String::as_str)),
            Self::Expand { expand } => Data::of_expandable(expand),
            Self::Binary { binary } => Data::of_bytes(hex::read(binary).unwrap_or_default()),
            Self::Other { kind, hex: digits } => Data { kind: *kind, bytes: hex::read(digits).unwrap_or_default() },
        }
    }
}

fn answer<T>(collected: Option<&Collected<T>>) -> Answer<&T> {
    collected.ok_or(Unreadable::NotCollected)?.answer()
}

fn info(path: &str, file: &CollectedFile) -> FileInfo {
    FileInfo {
        name: last(path).to_owned(),
        is_folder: file.folder,
        size: file.size,
        modified: file.modified,
        descriptor: descriptor(file.sddl.as_deref()),
    }
}

fn descriptor(sddl: Option<&str>) -> Result<Vec<u8>, Unreadable> {
    let descriptor: Descriptor =
        sddl.ok_or(Unreadable::NotCollected)?.parse().map_err(|error: SddlError| damaged(&error))?;
    descriptor.to_bytes().map_err(|error| damaged(&error))
}

fn damaged(error: &dyn std::error::Error) -> Unreadable {
    Unreadable::Damaged(error.to_string())
}

/// Whether a path is directly below another.
fn is_in(path: &str, parent: &str) -> bool {
    path.rsplit_once('\\').is_some_and(|(above, _)| above.eq_ignore_ascii_case(parent))
}

fn last(path: &str) -> &str {
    path.rsplit_once('\\').map_or(path, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCRIPTION: &str = r#"
        complete = true
        [registry.'HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server']
        "@sddl" = "O:SYD:(D;;KW;;;SY)(A;;KA;;;BA)"
        fDenyTSConnections = 0
        Names = ["a", "b"]
        Blob = { binary = "0aff" }
        [registry.'HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations']
        [registry.'HKLM\SECURITY']
        unreadable = "access is denied"
        [resolver_cache]
        ts01 = [{ address = "10.0.0.5", seconds = 60 }]
        gone = []
        odd = [{ address = "1.2.3", seconds = 60 }]
        [files.'ProgramData\Keys']
        folder = true
        [files.'ProgramData\Keys\one']
        size = 12
        sddl = "O:SYD:(A;;FR;;;NS)"
        [files.'Windows\System32\termsrv.dll']
        version = "10.0.17763.1"
        [files.'Registry.pol']
        hex = "50526567"
    "#;

    fn described() -> Collection {
        toml::from_str(DESCRIPTION).unwrap()
    }

    #[test]
    fn a_machine_is_described_in_a_few_lines() {
        let machine = described();
        let key = machine.key(r"hklm\system\currentcontrolset\control\terminal server").unwrap().unwrap();
        assert_eq!((key.dword("fdenytsconnections"), &key.keys[..]), (Some(0), &["WinStations".to_owned()][..]));
        let guarded =
            machine.key_descriptor(r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server").unwrap().unwrap();
        assert_eq!(Descriptor::read(&guarded).unwrap().to_string(), "O:SYD:(D;;KW;;;SY)(A;;KA;;;BA)");
        assert_eq!(machine.key_descriptor("HKLM\\Nothing"), Ok(None));
        assert_eq!(key.value("Names").unwrap().data.list().unwrap(), ["a", "b"]);
        assert_eq!(key.value("Blob").unwrap().data.bytes, [0x0a, 0xff]);
        let [file] = &machine.folder(r"ProgramData\Keys").unwrap().unwrap()[..] else { panic!("one file") };
        assert_eq!((file.name.as_str(), file.size), ("one", 12));
        assert!(Descriptor::read(file.descriptor.as_ref().unwrap()).is_ok());
        assert_eq!(machine.version(r"Windows\System32\TERMSRV.DLL"), Ok(Some(FileVersion([10, 0, 17763, 1]))));
        assert_eq!(machine.version(r"ProgramData\Keys\one"), Err(Unreadable::NotCollected));
        assert_eq!(machine.read("Registry.pol", 4), Ok(Some(b"PReg".to_vec())));
        assert_eq!(machine.read("Registry.pol", 3), Err(Unreadable::TooLarge { limit: 3 }));
        assert_eq!(machine.read(r"ProgramData\Keys\one", 4), Err(Unreadable::NotCollected));
    }

    #[test]
    fn a_cache_has_addresses_or_a_denial_or_nothing() {
        let machine = described();
        let kept = CachedAddress { address: "10.0.0.5".parse().unwrap(), seconds: 60 };
        assert_eq!(machine.cached_name("TS01"), Ok(Some(CachedName::Addresses(vec![kept]))));
        assert_eq!(machine.cached_name("gone"), Ok(Some(CachedName::Denied)));
        assert_eq!(machine.cached_name("other"), Ok(None));
        assert_eq!(machine.cached_name("odd"), Ok(None), "what is no address denies nothing");
        assert_eq!(Collection::default().cached_name("ts01"), Err(Unreadable::NotCollected));
    }

    #[test]
    fn absent_unreadable_and_not_collected_are_three_answers() {
        let machine = described();
        assert_eq!(machine.key("HKLM\\Nothing"), Ok(None));
        assert_eq!(machine.key("HKLM\\SECURITY"), Err(Unreadable::System("access is denied".to_owned())));
        let collected = Collection { complete: false, ..machine };
        assert_eq!(collected.key("HKLM\\Nothing"), Err(Unreadable::NotCollected));
        assert_eq!(collected.listeners(), Err(Unreadable::NotCollected));
    }
}
