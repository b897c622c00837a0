//! Which Group Policy object wrote a value, in the same words wherever a policy decides. Never more than what is proven: only
//! the same data says that an object wrote it.

use crate::catalogue::setting;
use crate::evidence::Snapshot;
use crate::evidence::snapshot::{Author, Authority, PolicyObject, RegistryValue, is_policy_place};

/// Objects that one sentence names.
const NAMED: usize = 3;
/// Characters of a text that a sentence quotes.
const QUOTED: usize = 60;

/// What is known of whoever wrote a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written<'a> {
    /// A sentence without its full stop, and the object that it is about with its place in the list.
    Known(String, Option<(usize, &'a PolicyObject)>),
    /// What could not be read, as a question that is left.
    Open(String),
}

/// The key where a setting is decided now; none where nothing is set, or where it was not read.
pub fn place_of(host: &Snapshot, id: &str) -> Option<(&'static str, &'static str)> {
    let setting = setting(id)?;
    let in_force = host.in_force(setting);
    in_force.seen.value()?;
    let key = if in_force.by == Authority::Policy { setting.policy_path? } else { setting.path };
    Some((key, setting.value))
}

/// Who wrote a value; none where nobody looked, and where it is a local one that no policy sets.
pub fn written<'a>(host: &'a Snapshot, key: &str, value: &str) -> Option<Written<'a>> {
    let author = host.author(key, value);
    let proves = matches!(author, Author::Object { .. });
    if !proves && !is_policy_place(key) {
        return None;
    }
    Some(match author {
        Author::Unread(None) => return None,
        Author::Unread(Some(why)) => {
            Written::Open(format!("which policy sets {value}: the list of policies could not be read ({why})"))
        }
        Author::Object { place, object, unread } => {
            Written::Known(format!("{}{}", sets(object, value), after(&unread)), Some((place, object)))
        }
        Author::Other { place, object, data } => Written::Known(differs(object, value, data), Some((place, object))),
        Author::Nobody { unread } => Written::Known(nobody(value, &unread), None),
    })
}

fn sets(object: &PolicyObject, value: &str) -> String {
    if object.listed {
        return format!("{value} is set by {object}");
    }
    format!("{object} sets {value} to the same, though Windows does not list it among those that it applied")
}

fn differs(object: &PolicyObject, value: &str, data: Option<&RegistryValue>) -> String {
    let does = match data {
        Some(data) => format!("sets {value} to {}", shown(data)),
        None => format!("deletes {value}"),
    };
    format!("{object} {does}: what stands there was written since, or that policy is not applied yet")
}

fn after(unread: &[&PolicyObject]) -> String {
    if unread.is_empty() {
        return String::new();
    }
    format!(", unless one applied after it does so too whose file could not be read: {}", names(unread))
}

fn nobody(value: &str, unread: &[&PolicyObject]) -> String {
    if unread.is_empty() {
        return format!(
            "no policy file that was read sets {value}: written by hand or by a management tool, it may not come back"
        );
    }
    format!("no policy file that was read sets {value}, and not all could be read: {}", names(unread))
}

fn names(objects: &[&PolicyObject]) -> String {
    let shown = objects.iter().take(NAMED).map(|object| match object.values.why_not() {
        Some(why) => format!("{object}: {why}"),
        None => object.to_string(),
    });
    let more = objects.len().saturating_sub(NAMED);
    let more = (more > 0).then(|| format!("and {more} more"));
    shown.chain(more).collect::<Vec<_>>().join("; ")
}

fn shown(data: &RegistryValue) -> String {
    if let Some(number) = data.number() {
        return number.to_string();
    }
    let text = data.list().map_or_else(|| "other data".to_owned(), |items| format!("\"{}\"", items.join(",")));
    if text.chars().count() <= QUOTED {
        text
    } else {
        format!("{}…\"", text.chars().take(QUOTED).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::snapshot::Reading;
    use crate::testing::Machine;

    fn of_nla(machine: Machine) -> String {
        let host = machine.snapshot();
        let (key, value) = place_of(&host, "nla").unwrap();
        match written(&host, key, value) {
            Some(Written::Known(text, _)) => text,
            Some(Written::Open(text)) => format!("? {text}"),
            None => String::new(),
        }
    }

    fn off() -> Machine {
        Machine::healthy().policy("nla", 0)
    }

    const HARDENING: &str =
        "the policy \"RDP hardening\" ({00000000-0000-4000-8000-000000000001}, domain corp.example)";

    #[test]
    fn the_object_is_named_with_guid_and_domain() {
        assert_eq!(of_nla(off().sets("RDP hardening", "nla", 0)), format!("UserAuthentication is set by {HARDENING}"));
        let local = of_nla(off().sets_locally("nla", 0));
        assert_eq!(local, "UserAuthentication is set by the local policy (gpedit.msc)");
    }

    #[test]
    fn another_value_proves_nothing() {
        let text = of_nla(off().sets("RDP hardening", "nla", 1));
        let says =
            "sets UserAuthentication to 1: what stands there was written since, or that policy is not applied yet";
        assert_eq!(text, format!("{HARDENING} {says}"));
        let list = off().speaks("Long", "nla", RegistryValue::Sz("a,".repeat(60)));
        assert!(of_nla(list).contains(",a…\": what stands"));
    }

    #[test]
    fn nobody_is_said_only_where_all_were_read() {
        assert!(of_nla(off()).starts_with("no policy file that was read sets UserAuthentication: written by hand"));
        let text = of_nla(off().sealed("A").sealed("B").sealed("C").sealed("D"));
        assert!(text.contains("not all could be read: the policy \"A\"") && text.ends_with("; and 1 more"), "{text}");
        assert!(!text.contains("by hand"));
        let later = of_nla(off().sets("RDP hardening", "nla", 0).sealed("Later"));
        assert!(later.starts_with(&format!("UserAuthentication is set by {HARDENING}, unless one")), "{later}");
    }

    #[test]
    fn what_was_not_read_stays_a_question() {
        let denied = off().with(|host| host.policies = Reading::NotObtained("access is denied".to_owned()));
        let asked = "? which policy sets UserAuthentication: the list of policies could not be read (access is denied)";
        assert_eq!(of_nla(denied), asked);
        assert_eq!(of_nla(off().with(|host| host.policies = Reading::NotTried)), "");
    }

    #[test]
    fn of_a_local_value_only_a_policy_that_wrote_it_is_told() {
        assert_eq!(of_nla(Machine::healthy().sets("Elsewhere", "nla", 1)), "");
        let tattooed = Machine::healthy().sets("RDP hardening", "port", 3389).snapshot();
        let (key, value) = place_of(&tattooed, "port").unwrap();
        assert!(matches!(written(&tattooed, key, value), Some(Written::Known(_, Some((0, _))))));
    }

    #[test]
    fn one_that_is_not_listed_is_not_said_to_have_done_it() {
        let unlisted = |host: &mut Snapshot| {
            let Reading::Observed(objects) = &mut host.policies else { panic!("they were read") };
            objects[0].listed = false;
        };
        assert!(of_nla(off().sets_locally("nla", 0).with(unlisted)).contains("does not list it"));
    }
}
