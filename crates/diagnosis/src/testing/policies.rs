//! The Group Policy objects of a [`Machine`].

use super::machine::Machine;
use crate::catalogue::setting;
use crate::evidence::snapshot::{PolicyLink, PolicyObject, PolicyValue, Reading, RegistryValue};

impl Machine {
    /// One more policy of the domain `corp.example` that gives a setting this number, where policies write it.
    #[must_use]
    pub fn sets(self, name: &str, id: &str, number: u32) -> Self {
        self.speaks(name, id, RegistryValue::Dword(number))
    }

    /// The same with any data.
    #[must_use]
    pub fn speaks(self, name: &str, id: &str, data: RegistryValue) -> Self {
        self.policy_object(|place| PolicyObject { values: said(id, data), ..of_domain(name, place) })
    }

    /// The local policy gives a setting this number.
    #[must_use]
    pub fn sets_locally(self, id: &str, number: u32) -> Self {
        self.policy_object(|_| PolicyObject {
            display_name: Some("Local Group Policy".to_owned()),
            id: None,
            link: PolicyLink::Machine,
            domain: None,
            listed: true,
            file: r"Windows\System32\GroupPolicy\Machine\Registry.pol".to_owned(),
            values: said(id, RegistryValue::Dword(number)),
        })
    }

    /// One more policy of the domain, whose file cannot be read.
    #[must_use]
    pub fn sealed(self, name: &str) -> Self {
        self.policy_object(|place| PolicyObject {
            values: Reading::NotObtained("access is denied".to_owned()),
            ..of_domain(name, place)
        })
    }

    fn policy_object(mut self, make: impl FnOnce(usize) -> PolicyObject) -> Self {
        let mut objects = self.snapshot.policies.observed().cloned().unwrap_or_default();
        objects.push(make(objects.len()));
        self.snapshot.policies = Reading::Observed(objects);
        self
    }
}

fn said(id: &str, data: RegistryValue) -> Reading<Vec<PolicyValue>> {
    let setting = setting(id).expect("a known setting");
    let (key, value) = (setting.policy_path.unwrap_or(setting.path).to_owned(), setting.value.to_owned());
    Reading::Observed(vec![PolicyValue { key, value, data: Some(data) }])
}

fn of_domain(name: &str, place: usize) -> PolicyObject {
    let id = format!("{{00000000-0000-4000-8000-{:012}}}", place + 1);
    let folder = r"Windows\System32\GroupPolicy\DataStore\0\sysvol\corp.example\Policies";
    PolicyObject {
        display_name: Some(name.to_owned()),
        link: PolicyLink::OrganizationalUnit,
        domain: Some("corp.example".to_owned()),
        listed: true,
        file: format!(r"{folder}\{id}\Machine\Registry.pol"),
        values: Reading::NotTried,
        id: Some(id),
    }
}
