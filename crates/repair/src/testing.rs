//! A machine in memory that can be changed, and machines and journals that lose their power after any number of writes.

mod certificates;
mod cut;
mod firewall;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use rdpdoctor_diagnosis::testing::CertificateMaker;
use rdpdoctor_machine::change::{Change, Start, Unchanged};
use rdpdoctor_machine::event::{Event, Summary, Wanted};
use rdpdoctor_machine::memory::{Collected, CollectedFile, CollectedKey, CollectedService, CollectedValue, Collection};
use rdpdoctor_machine::registry::{Data, Key};
use rdpdoctor_machine::security::Descriptor;
use rdpdoctor_machine::{Answer, FileInfo, Listener, Machine, Resources, RightHolder, ServiceStatus, Way, hex};

pub(crate) use certificates::{entry_of, key_file_of, on, thumbprint_of};

pub(crate) use cut::{Cut, Power};

use crate::action::{Action, Ground, Options};
use crate::journal::{Header, Journal, Pen, Record, VERSION};

/// The server of [`World::server`].
const SERVER: &str = include_str!("testing/server.toml");
/// The store of the certificate that Windows makes.
pub(crate) const STORE: &str = r"HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop\Certificates";
/// The folder of key files.
pub(crate) const KEY_FOLDER: &str = r"ProgramData\Microsoft\Crypto\RSA\MachineKeys";
/// The file of its key.
pub(crate) const KEY_FILE: &str = r"ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_0b1c2d3e-4f50-4162-8374-95a6b7c8d9e0";

pub(crate) const TERMINAL_SERVER: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server";
pub(crate) const RDP_TCP: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp";
/// Where policies of Remote Desktop write.
pub(crate) const POLICY: &str = r"HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services";

/// The steps of an action on a machine, in words.
pub(crate) fn steps_on(world: &World, action: &Action) -> Result<Vec<String>, String> {
    steps_with(world, action, &Options::default())
}

pub(crate) fn steps_with(world: &World, action: &Action, options: &Options) -> Result<Vec<String>, String> {
    let host = rdpdoctor_sources::host::snapshot(world, Timestamp::UNIX_EPOCH);
    let steps = (action.steps)(&Ground { machine: world, host: &host, options, planned: &[] })?;
    Ok(steps.iter().map(ToString::to_string).collect())
}

/// A machine in memory.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) collection: RefCell<Collection>,
    /// Whether SessionEnv makes a certificate when it starts and finds none.
    renews: bool,
    way: Way,
    /// What the running firewall has in memory; none where it gives no answer.
    firewall: RefCell<Option<firewall::Rules>>,
}

impl World {
    pub(crate) fn described(toml: &str) -> Self {
        let mut collection: Collection = toml::from_str(toml).unwrap();
        for path in collection.registry.keys().cloned().collect::<Vec<_>>() {
            for (end, _) in path.match_indices('\\') {
                let above = || Collected::Found(Some(CollectedKey::default()));
                collection.registry.entry(path[..end].to_owned()).or_insert_with(above);
            }
        }
        Self { collection: RefCell::new(collection), renews: false, way: Way::Running, firewall: RefCell::default() }
    }

    /// A Windows Server 2019 with Remote Desktop on and the certificate that Windows makes.
    pub(crate) fn server() -> Self {
        Self::described(SERVER).stores(&CertificateMaker::windows("TS01"))
    }

    /// With this number in a key.
    pub(crate) fn value(self, key: &str, name: &str, number: u32) -> Self {
        self.set_value(key, name, &Data::of_dword(number)).unwrap();
        self
    }

    /// With this text in a key, which is made where it is missing.
    pub(crate) fn text(self, key: &str, name: &str, text: &str) -> Self {
        let world = self.with_key(key);
        world.set_value(key, name, &Data::of_text(text)).unwrap();
        world
    }

    /// With this key, and those above it.
    pub(crate) fn with_key(self, key: &str) -> Self {
        for (end, _) in key.match_indices('\\').chain([(key.len(), "")]) {
            let missing = || Collected::Found(Some(CollectedKey::default()));
            self.collection.borrow_mut().registry.entry(key[..end].to_owned()).or_insert_with(missing);
        }
        self
    }

    /// With this service standing still.
    pub(crate) fn stopped(self, service: &str) -> Self {
        let stopped = Collected::Found(Some(CollectedService { state: 1, process: None }));
        self.collection.borrow_mut().services.insert(service.to_owned(), stopped);
        self
    }

    /// Of another build.
    pub(crate) fn build(self, number: &str) -> Self {
        self.text(r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion", "CurrentBuildNumber", number)
    }

    /// As a disk that nothing runs on.
    pub(crate) fn on_disk(self) -> Self {
        Self { way: Way::Disk, ..self }
    }

    /// With these permissions of the key file.
    pub(crate) fn key_rights(self, sddl: &str) -> Self {
        self.rights_of(KEY_FILE, sddl)
    }

    /// With these permissions of a registry key.
    pub(crate) fn rights_of_key(self, key: &str, sddl: &str) -> Self {
        let descriptor: Descriptor = sddl.parse().unwrap();
        self.set_key_descriptor(key, &descriptor.to_bytes().unwrap()).unwrap();
        self
    }

    /// With these permissions of a file or folder.
    pub(crate) fn rights_of(self, path: &str, sddl: &str) -> Self {
        let descriptor: Descriptor = sddl.parse().unwrap();
        self.set_descriptor(path, &descriptor.to_bytes().unwrap()).unwrap();
        self
    }

    /// Everything that a repair may change, byte for byte.
    pub(crate) fn bytes(&self) -> String {
        let collection = self.collection.borrow();
        let (registry, files, services) = (&collection.registry, &collection.files, &collection.services);
        // A service that runs again has another process.
        let services: BTreeMap<_, _> = services.iter().map(|(name, service)| (name, runs(service))).collect();
        let there: BTreeMap<_, _> = files.iter().filter(|(path, _)| !path.starts_with(crate::journal::PLACE)).collect();
        let registry: BTreeMap<_, _> =
            registry.keys().map(|path| (path, (self.key(path), self.key_descriptor(path)))).collect();
        format!("{registry:#?}{there:#?}{services:#?}{:#?}", self.firewall)
    }

    fn change<T>(&self, how: impl FnOnce(&mut Collection) -> Result<T, Unchanged>) -> Result<T, Unchanged> {
        how(&mut self.collection.borrow_mut())
    }
}

fn found<'a, T>(map: &'a mut BTreeMap<String, Collected<T>>, name: &str) -> Result<&'a mut T, Unchanged> {
    let known = map.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name));
    match known {
        Some((_, Collected::Found(Some(found)))) => Ok(found),
        _ => Err(Unchanged::Absent),
    }
}

fn runs(service: &Collected<CollectedService>) -> bool {
    matches!(service, Collected::Found(Some(CollectedService { state: 4, .. })))
}

fn kept(data: &Data) -> CollectedValue {
    CollectedValue::Other { kind: data.kind, hex: hex::of(&data.bytes) }
}

impl Change for World {
    fn set_value(&self, key: &str, name: &str, data: &Data) -> Result<(), Unchanged> {
        self.change(|all| {
            let key: &mut CollectedKey = found(&mut all.registry, key)?;
            key.values.insert(name.to_owned(), kept(data));
            Ok(())
        })
    }

    fn delete_value(&self, key: &str, name: &str) -> Result<bool, Unchanged> {
        self.change(|all| Ok(found(&mut all.registry, key)?.values.remove(name).is_some()))
    }

    fn create_key(&self, key: &str) -> Result<bool, Unchanged> {
        self.change(|all| {
            let parent = key.rsplit_once('\\').ok_or(Unchanged::Absent)?.0;
            found(&mut all.registry, parent)?;
            Ok(all.registry.insert(key.to_owned(), Collected::Found(Some(CollectedKey::default()))).is_none())
        })
    }

    fn delete_key(&self, key: &str) -> Result<bool, Unchanged> {
        self.change(|all| {
            let below = format!("{key}\\");
            if all.registry.keys().any(|known| known.starts_with(&below)) {
                return Err(Unchanged::HasKeys);
            }
            Ok(all.registry.remove(key).is_some())
        })
    }

    fn running_dependents(&self, name: &str) -> Result<Vec<String>, Unchanged> {
        let of_term_service = [("UmRdpService", "TermService")];
        let mut running = Vec::new();
        for (dependent, needed) in of_term_service {
            let runs = self.service_status(dependent)?.is_some_and(|status| status.state != 1);
            if needed == name && runs {
                running.push(dependent.to_owned());
            }
        }
        Ok(running)
    }

    fn start_service(&self, name: &str, _patience: Duration) -> Result<(), Unchanged> {
        self.change(|all| {
            *found(&mut all.services, name)? = CollectedService { state: 4, process: None };
            Ok(())
        })?;
        if self.renews && name == "SessionEnv" {
            self.renew();
        }
        Ok(())
    }

    fn stop_service(&self, name: &str, _patience: Duration) -> Result<(), Unchanged> {
        if !self.running_dependents(name)?.is_empty() {
            return Err(Unchanged::HasDependents);
        }
        self.change(|all| {
            *found(&mut all.services, name)? = CollectedService { state: 1, process: None };
            Ok(())
        })
    }

    fn set_start(&self, name: &str, start: Start) -> Result<(), Unchanged> {
        let key = format!(r"HKLM\SYSTEM\CurrentControlSet\Services\{name}");
        self.set_value(&key, "Start", &Data::of_dword(start.number()))
    }

    fn set_account(&self, name: &str, account: &str) -> Result<(), Unchanged> {
        let key = format!(r"HKLM\SYSTEM\CurrentControlSet\Services\{name}");
        self.set_value(&key, "ObjectName", &Data::of_text(account))
    }

    fn set_key_descriptor(&self, key: &str, descriptor: &[u8]) -> Result<(), Unchanged> {
        self.change(|all| {
            let key: &mut CollectedKey = found(&mut all.registry, key)?;
            key.sddl = Some(Descriptor::read(descriptor).unwrap().to_string());
            Ok(())
        })
    }

    fn set_descriptor(&self, path: &str, descriptor: &[u8]) -> Result<(), Unchanged> {
        self.change(|all| {
            let file: &mut CollectedFile = found(&mut all.files, path)?;
            file.sddl = Some(Descriptor::read(descriptor).unwrap().to_string());
            Ok(())
        })
    }

    fn move_file(&self, from: &str, to: &str) -> Result<(), Unchanged> {
        self.change(|all| {
            if all.files.contains_key(to) {
                return Err(Unchanged::Exists);
            }
            let file = all.files.remove(from).ok_or(Unchanged::Absent)?;
            all.files.insert(to.to_owned(), file);
            Ok(())
        })
    }

    fn switch_rule(&self, rule: &str, on: bool) -> Result<(), Unchanged> {
        self.switch(rule, on)
    }
}

impl Machine for World {
    fn way(&self) -> Way {
        self.way
    }

    fn key(&self, path: &str) -> Answer<Key> {
        self.collection.borrow().key(path)
    }

    fn key_descriptor(&self, path: &str) -> Answer<Vec<u8>> {
        self.collection.borrow().key_descriptor(path)
    }

    fn service_status(&self, name: &str) -> Answer<ServiceStatus> {
        self.collection.borrow().service_status(name)
    }

    fn file(&self, path: &str) -> Answer<FileInfo> {
        self.collection.borrow().file(path)
    }

    fn folder(&self, path: &str) -> Answer<Vec<FileInfo>> {
        self.collection.borrow().folder(path)
    }

    fn read(&self, path: &str, limit: usize) -> Answer<Vec<u8>> {
        self.collection.borrow().read(path, limit)
    }

    fn events(&self, channel: &str, wanted: &Wanted, each: &mut dyn FnMut(Event)) -> Answer<Summary> {
        self.collection.borrow().events(channel, wanted, each)
    }

    fn listeners(&self) -> Answer<Vec<Listener>> {
        self.collection.borrow().listeners()
    }

    fn rights(&self) -> Answer<Vec<RightHolder>> {
        self.collection.borrow().rights()
    }

    fn resources(&self) -> Answer<Resources> {
        self.collection.borrow().resources()
    }

    fn credentials(&self) -> Answer<Vec<(String, Option<String>)>> {
        self.collection.borrow().credentials()
    }

    fn active_profiles(&self) -> Answer<u32> {
        self.collection.borrow().active_profiles()
    }

    fn rule_in_force(&self, rule: &str) -> Answer<bool> {
        self.is_on(rule)
    }
}

/// What a journal's file holds; a line that the power goes in is cut off.
#[derive(Debug, Clone, Default)]
pub(crate) struct Paper(pub(crate) Rc<RefCell<String>>);

struct Pencil {
    paper: Paper,
    power: Power,
}

impl Pen for Pencil {
    fn write(&mut self, line: &str) -> io::Result<()> {
        let mut text = self.paper.0.borrow_mut();
        if self.power.is_on() {
            text.push_str(line);
            text.push('\n');
            return Ok(());
        }
        text.push_str(&line[..line.len() / 2]);
        Err(io::Error::other("the power is gone"))
    }
}

impl Paper {
    /// Begins a journal on it.
    pub(crate) fn begin(&self, power: &Power) -> io::Result<Journal> {
        Journal::begin(header(), Box::new(Pencil { paper: self.clone(), power: power.clone() }))
    }

    /// What can be read of it after the power has come back; none where nothing was begun.
    pub(crate) fn resume(&self, power: &Power) -> Option<Journal> {
        let record = Record::read(&self.0.borrow()).ok()?;
        let whole = self.0.borrow().rfind('\n').map_or(0, |end| end + 1);
        self.0.borrow_mut().truncate(whole);
        Some(Journal::resume(record, Box::new(Pencil { paper: self.clone(), power: power.clone() })))
    }
}

pub(crate) fn header() -> Header {
    Header {
        journal: VERSION,
        id: "20261121-120000".to_owned(),
        begun: Timestamp::UNIX_EPOCH,
        program: "0.1.0".to_owned(),
        machine: None,
        causes: vec!["rdp-disabled".to_owned()],
        titles: Vec::new(),
        revert: None,
        temporary: false,
    }
}
