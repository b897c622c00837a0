use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use rdpdoctor_machine::change::{Change, Start, Unchanged};
use rdpdoctor_machine::event::{Event, Summary, Wanted};
use rdpdoctor_machine::registry::{Data, Key};
use rdpdoctor_machine::{Answer, FileInfo, Listener, Machine, Resources, RightHolder, ServiceStatus, Unreadable, Way};

use crate::Subject;

/// How many writes are left until the power is gone; shared by the machine and the journal.
#[derive(Debug, Clone)]
pub(crate) struct Power(Rc<Cell<Option<usize>>>);

impl Power {
    pub(crate) fn endless() -> Self {
        Self(Rc::new(Cell::new(None)))
    }

    pub(crate) fn until(writes: usize) -> Self {
        Self(Rc::new(Cell::new(Some(writes))))
    }

    pub(super) fn is_on(&self) -> bool {
        match self.0.get() {
            Some(0) => false,
            Some(left) => {
                self.0.set(Some(left - 1));
                true
            }
            None => true,
        }
    }
}

/// A machine that makes no change any more once the power is gone.
pub(crate) struct Cut<'a> {
    inner: &'a dyn Subject,
    power: Power,
}

impl<'a> Cut<'a> {
    pub(crate) fn new(inner: &'a dyn Subject, power: &Power) -> Self {
        Self { inner, power: power.clone() }
    }

    fn on(&self) -> Result<&'a dyn Subject, Unchanged> {
        let gone = || Unchanged::Refused(Unreadable::System("the power is gone".to_owned()));
        self.power.is_on().then_some(self.inner).ok_or_else(gone)
    }
}

impl Change for Cut<'_> {
    fn set_value(&self, key: &str, name: &str, data: &Data) -> Result<(), Unchanged> {
        self.on()?.set_value(key, name, data)
    }

    fn delete_value(&self, key: &str, name: &str) -> Result<bool, Unchanged> {
        self.on()?.delete_value(key, name)
    }

    fn create_key(&self, key: &str) -> Result<bool, Unchanged> {
        self.on()?.create_key(key)
    }

    fn delete_key(&self, key: &str) -> Result<bool, Unchanged> {
        self.on()?.delete_key(key)
    }

    fn running_dependents(&self, name: &str) -> Result<Vec<String>, Unchanged> {
        self.inner.running_dependents(name)
    }

    fn start_service(&self, name: &str, patience: Duration) -> Result<(), Unchanged> {
        self.on()?.start_service(name, patience)
    }

    fn stop_service(&self, name: &str, patience: Duration) -> Result<(), Unchanged> {
        self.on()?.stop_service(name, patience)
    }

    fn set_start(&self, name: &str, start: Start) -> Result<(), Unchanged> {
        self.on()?.set_start(name, start)
    }

    fn set_account(&self, name: &str, account: &str) -> Result<(), Unchanged> {
        self.on()?.set_account(name, account)
    }

    fn set_key_descriptor(&self, key: &str, descriptor: &[u8]) -> Result<(), Unchanged> {
        self.on()?.set_key_descriptor(key, descriptor)
    }

    fn set_descriptor(&self, path: &str, descriptor: &[u8]) -> Result<(), Unchanged> {
        self.on()?.set_descriptor(path, descriptor)
    }

    fn move_file(&self, from: &str, to: &str) -> Result<(), Unchanged> {
        self.on()?.move_file(from, to)
    }

    fn switch_rule(&self, rule: &str, on: bool) -> Result<(), Unchanged> {
        self.on()?.switch_rule(rule, on)
    }
}

impl Machine for Cut<'_> {
    fn way(&self) -> Way {
        self.inner.way()
    }

    fn key(&self, path: &str) -> Answer<Key> {
        self.inner.key(path)
    }

    fn key_descriptor(&self, path: &str) -> Answer<Vec<u8>> {
        self.inner.key_descriptor(path)
    }

    fn service_status(&self, name: &str) -> Answer<ServiceStatus> {
        self.inner.service_status(name)
    }

    fn file(&self, path: &str) -> Answer<FileInfo> {
        self.inner.file(path)
    }

    fn folder(&self, path: &str) -> Answer<Vec<FileInfo>> {
        self.inner.folder(path)
    }

    fn read(&self, path: &str, limit: usize) -> Answer<Vec<u8>> {
        self.inner.read(path, limit)
    }

    fn events(&self, channel: &str, wanted: &Wanted, each: &mut dyn FnMut(Event)) -> Answer<Summary> {
        self.inner.events(channel, wanted, each)
    }

    fn listeners(&self) -> Answer<Vec<Listener>> {
        self.inner.listeners()
    }

    fn rights(&self) -> Answer<Vec<RightHolder>> {
        self.inner.rights()
    }

    fn resources(&self) -> Answer<Resources> {
        self.inner.resources()
    }

    fn credentials(&self) -> Answer<Vec<(String, Option<String>)>> {
        self.inner.credentials()
    }

    fn active_profiles(&self) -> Answer<u32> {
        self.inner.active_profiles()
    }

    fn rule_in_force(&self, rule: &str) -> Answer<bool> {
        self.inner.rule_in_force(rule)
    }
}
