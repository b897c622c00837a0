use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Reading, RegistryValue, Snapshot, ValueSeen};

/// Below these keys nobody but policies writes, or what pretends to be one.
const PLACES: [&str; 2] = [r"HKLM\SOFTWARE\Policies\", r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\"];

/// A Group Policy object that Windows applied to the machine, with what of it concerns Remote Desktop. The list, its order
/// and the names are those of the registry's client-side extension (`Group Policy\History` in SOFTWARE).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyObject {
    /// Its name, as its administrators see it.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Its GUID in braces; none for the local one.
    #[serde(default)]
    pub id: Option<String>,
    /// What it is linked to.
    pub link: PolicyLink,
    /// The domain that it comes from.
    #[serde(default)]
    pub domain: Option<String>,
    /// Whether Windows lists it among those that it applied. The local one may lie there and not be applied yet.
    pub listed: bool,
    /// Its Registry.pol, below the system drive.
    pub file: String,
    /// What that says of the values of `data/settings.csv` and of the keys that are read whole.
    #[serde(default)]
    pub values: Reading<Vec<PolicyValue>>,
}

/// What a policy object is linked to (`GPOLink`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyLink {
    /// Nothing that Windows knows.
    Unknown,
    /// The machine itself: the local policy.
    Machine,
    /// A site.
    Site,
    /// A domain.
    Domain,
    /// An organisational unit.
    OrganizationalUnit,
}

/// What a policy object says of one value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolicyValue {
    /// The key.
    pub key: String,
    /// The value's name.
    pub value: String,
    /// What it is set to; none where it is deleted.
    #[serde(default)]
    pub data: Option<RegistryValue>,
}

/// Who wrote a value that stands where policies write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author<'a> {
    /// The policy objects were not read, for this reason; none where nobody looked.
    Unread(Option<&'a str>),
    /// The last object that speaks of the value sets it to what stands there.
    Object {
        /// Its place in the list.
        place: usize,
        /// Which.
        object: &'a PolicyObject,
        /// Those applied after it whose files could not be read, and that might set the value too.
        unread: Vec<&'a PolicyObject>,
    },
    /// The last object that speaks of the value sets it to something else, or deletes it.
    Other {
        /// Its place in the list.
        place: usize,
        /// Which.
        object: &'a PolicyObject,
        /// What it sets; none where it deletes.
        data: Option<&'a RegistryValue>,
    },
    /// None that was read speaks of it; these could not be read.
    Nobody {
        /// Whose files could not be read.
        unread: Vec<&'a PolicyObject>,
    },
}

impl PolicyObject {
    /// What it says of a value; none where it says nothing, or was not read.
    pub fn says(&self, key: &str, value: &str) -> Option<&PolicyValue> {
        let ours = |one: &&PolicyValue| one.key.eq_ignore_ascii_case(key) && one.value.eq_ignore_ascii_case(value);
        self.values.observed()?.iter().rfind(ours)
    }

    /// Whether it is the machine's own.
    pub fn is_local(&self) -> bool {
        self.link == PolicyLink::Machine
    }
}

impl fmt::Display for PolicyObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_local() {
            return f.write_str("the local policy (gpedit.msc)");
        }
        match &self.display_name {
            Some(name) => write!(f, "the policy \"{name}\"")?,
            None => f.write_str("a policy without a name")?,
        }
        let domain = self.domain.as_ref().map(|domain| format!("domain {domain}"));
        let whose: Vec<String> = [self.id.clone(), domain].into_iter().flatten().collect();
        if whose.is_empty() { Ok(()) } else { write!(f, " ({})", whose.join(", ")) }
    }
}

/// Whether a key is one where policies write, and nobody else should.
pub fn is_policy_place(key: &str) -> bool {
    PLACES.iter().any(|place| key.get(..place.len()).is_some_and(|start| start.eq_ignore_ascii_case(place)))
}

impl Snapshot {
    /// Which policy object wrote a value that is there. The last one to speak of it counts, and only the same data proves
    /// that it did.
    pub fn author(&self, key: &str, value: &str) -> Author<'_> {
        let objects = match &self.policies {
            Reading::Observed(objects) => objects,
            other => return Author::Unread(other.why_not()),
        };
        let said = objects.iter().enumerate().filter_map(|(place, it)| Some((place, it, it.says(key, value)?)));
        // What is not listed was not applied: it counts only where nothing else speaks.
        let last = said.max_by_key(|(place, object, _)| (object.listed, *place));
        let unread_after = |from: usize| {
            let unread = |object: &&PolicyObject| object.values.observed().is_none();
            objects.iter().skip(from).filter(unread).collect()
        };
        let Some((place, object, said)) = last else { return Author::Nobody { unread: unread_after(0) } };
        match (&said.data, self.value(key, value)) {
            (Some(data), ValueSeen::Value(there)) if data == there => {
                Author::Object { place, object, unread: unread_after(place + 1) }
            }
            (data, _) => Author::Other { place, object, data: data.as_ref() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Machine;

    const KEY: &str = r"HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services";

    fn machine() -> Machine {
        Machine::healthy().policy("nla", 0)
    }

    fn author(machine: Machine, check: impl FnOnce(Author<'_>)) {
        check(machine.snapshot().author(KEY, "USERAUTHENTICATION"));
    }

    #[test]
    fn the_last_that_sets_what_stands_there_wrote_it() {
        author(machine().sets("Early", "nla", 1).sets("Late", "nla", 0), |author| {
            let Author::Object { place: 1, object, unread } = author else { panic!("{author:?}") };
            assert!(object.to_string().starts_with("the policy \"Late\" ({"), "{object}");
            assert!(unread.is_empty());
        });
        author(machine().sets("One", "nla", 0).sealed("Two"), |author| {
            let Author::Object { place: 0, unread, .. } = author else { panic!("{author:?}") };
            assert_eq!(unread.len(), 1);
        });
        author(machine().sets_locally("nla", 0), |author| {
            let Author::Object { object, .. } = author else { panic!("{author:?}") };
            assert_eq!(object.to_string(), "the local policy (gpedit.msc)");
        });
    }

    #[test]
    fn one_that_sets_something_else_did_not() {
        author(machine().sets("Early", "nla", 0).sets("Late", "nla", 1), |author| {
            let Author::Other { place: 1, data, .. } = author else { panic!("{author:?}") };
            assert_eq!(data, Some(&RegistryValue::Dword(1)));
        });
        author(machine().sets("Deletes", "nla", 0).with(delete), |author| {
            assert!(matches!(author, Author::Other { data: None, .. }), "{author:?}");
        });
    }

    fn delete(host: &mut Snapshot) {
        let Reading::Observed(objects) = &mut host.policies else { panic!("they were read") };
        let Reading::Observed(values) = &mut objects[0].values else { panic!("it was read") };
        values[0].data = None;
    }

    #[test]
    fn what_is_not_listed_counts_only_where_nothing_else_speaks() {
        let unlisted = |host: &mut Snapshot| {
            let Reading::Observed(objects) = &mut host.policies else { panic!("they were read") };
            objects[1].listed = false;
        };
        author(machine().sets("One", "nla", 0).sets("Two", "nla", 1).with(unlisted), |author| {
            assert!(matches!(author, Author::Object { place: 0, .. }), "{author:?}");
        });
    }

    #[test]
    fn none_and_unread_are_two_answers() {
        author(machine().sets("One", "security-layer", 0), |author| {
            assert_eq!(author, Author::Nobody { unread: Vec::new() });
        });
        author(machine().sealed("One"), |author| {
            assert!(matches!(&author, Author::Nobody { unread } if unread.len() == 1), "{author:?}");
        });
        let denied = |host: &mut Snapshot| host.policies = Reading::NotObtained("access is denied".to_owned());
        author(machine().with(denied), |author| assert_eq!(author, Author::Unread(Some("access is denied"))));
        author(Machine::unread(), |author| assert_eq!(author, Author::Unread(None)));
    }

    #[test]
    fn places_of_policies_are_told_by_their_key() {
        assert!(is_policy_place(KEY) && is_policy_place(&KEY.to_lowercase()));
        let credssp = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System\CredSSP\Parameters";
        assert!(is_policy_place(credssp));
        assert!(!is_policy_place(r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server") && !is_policy_place("ö"));
    }
}
