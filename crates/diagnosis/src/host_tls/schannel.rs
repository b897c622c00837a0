use crate::evidence::Snapshot;
use crate::evidence::snapshot::{Reading, ValueSeen};
use crate::view::host_fact;

/// The root of Schannel's settings.
const ROOT: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL";

/// A value below Schannel's root. A key that its parent does not list is absent.
pub(super) fn value<'a>(host: &'a Snapshot, parts: &[&str], name: &str) -> ValueSeen<'a> {
    let path = path(parts);
    if host.registry.contains_key(&path) {
        return host.value(&path, name);
    }
    if is_absent(host, parts) { ValueSeen::Absent } else { ValueSeen::Unread }
}

/// The JSON pointer of a key below Schannel's root.
pub(super) fn fact(parts: &[&str]) -> String {
    host_fact(&["registry", &path(parts)])
}

/// Its path as a reader would type it, without the root.
pub(super) fn short(parts: &[&str]) -> String {
    format!("SCHANNEL\\{}", parts.join("\\"))
}

fn path(parts: &[&str]) -> String {
    std::iter::once(ROOT).chain(parts.iter().copied()).collect::<Vec<_>>().join("\\")
}

/// Whether a parent that was read shows that there is no such key; at most as many steps as there are parts.
fn is_absent(host: &Snapshot, parts: &[&str]) -> bool {
    let Some((name, above)) = parts.split_last() else { return false };
    match host.registry.get(&path(above)) {
        Some(Reading::Observed(None)) => true,
        Some(Reading::Observed(Some(key))) => !key.keys.iter().any(|known| known.eq_ignore_ascii_case(name)),
        Some(Reading::NotObtained(_) | Reading::NotTried) => false,
        None => is_absent(host, above),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::snapshot::RegistryKey;
    use crate::testing::Machine;

    const TLS12: [&str; 3] = ["Protocols", "TLS 1.2", "Server"];

    fn with_keys(path: &str, keys: &[&str]) -> Snapshot {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        let key = RegistryKey { keys, ..RegistryKey::default() };
        let machine = Machine::healthy();
        machine.with(|host| drop(host.registry.insert(path.to_owned(), Reading::Observed(Some(key))))).snapshot()
    }

    #[test]
    fn a_key_that_no_parent_lists_is_absent() {
        assert_eq!(value(&Machine::healthy().snapshot(), &TLS12, "Enabled"), ValueSeen::Absent);
        assert_eq!(value(&with_keys(ROOT, &["Ciphers"]), &TLS12, "Enabled"), ValueSeen::Absent);
        assert_eq!(value(&with_keys(&path(&TLS12[..1]), &["TLS 1.0"]), &TLS12, "Enabled"), ValueSeen::Absent);
    }

    #[test]
    fn a_key_that_is_listed_or_below_what_was_not_read_is_unread() {
        assert_eq!(value(&with_keys(ROOT, &["Protocols"]), &TLS12, "Enabled"), ValueSeen::Unread);
        assert_eq!(value(&Machine::unread().snapshot(), &TLS12, "Enabled"), ValueSeen::Unread);
        assert_eq!(value(&Machine::healthy().unreadable(ROOT).snapshot(), &TLS12, "Enabled"), ValueSeen::Unread);
    }
}
