use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use rdpdoctor_diagnosis::catalogue::settings;
use rdpdoctor_diagnosis::evidence::Snapshot;
use rdpdoctor_diagnosis::evidence::snapshot::{Reading, RegistryKey, RegistryValue};
use rdpdoctor_machine::Machine;
use rdpdoctor_machine::registry::{Data, Key, REG_BINARY, REG_EXPAND_SZ};

/// Below it and the next every value is read: names and numbers of protocols and ciphers, no secrets.
pub(super) const SCHANNEL: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL";
/// Which servers may be given credentials: lists of names below switches.
pub(super) const DELEGATION: &str = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\CredentialsDelegation";
/// Keys of each that may be read, whatever a machine holds there.
const MOST_KEYS: usize = 512;
/// `Protocols\TLS 1.2\Server` is the deepest.
const DEEPEST: usize = 3;

/// Reads the settings of the table, and nothing else of their keys: others may hold secrets.
pub(super) fn read(machine: &dyn Machine, snapshot: &mut Snapshot) {
    for (path, names) in wanted() {
        let key = machine.key(path).map(|key| key.map(|key| only(&key, &names)));
        snapshot.registry.insert(path.to_owned(), key.into());
    }
    for root in [SCHANNEL, DELEGATION] {
        let mut left = MOST_KEYS;
        tree(machine, root, 0, &mut left, &mut snapshot.registry);
    }
}

pub(super) fn wanted() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut wanted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for setting in settings() {
        for path in [Some(setting.path), setting.policy_path].into_iter().flatten() {
            wanted.entry(path).or_default().insert(setting.value);
        }
    }
    wanted
}

fn tree(
    machine: &dyn Machine,
    path: &str,
    depth: usize,
    left: &mut usize,
    into: &mut BTreeMap<String, Reading<Option<RegistryKey>>>,
) {
    if *left == 0 {
        return;
    }
    *left -= 1;
    let key = machine.key(path).map(|key| key.as_ref().map(whole));
    let below: Vec<String> = key.iter().flatten().flat_map(|key| key.keys.clone()).collect();
    into.insert(path.to_owned(), key.into());
    for name in below.iter().filter(|_| depth < DEEPEST) {
        tree(machine, &format!("{path}\\{name}"), depth + 1, left, into);
    }
}

fn only(key: &Key, names: &BTreeSet<&str>) -> RegistryKey {
    let wanted = |name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    let values = key.values.iter().filter(|value| wanted(&value.name));
    RegistryKey {
        values: values.map(|value| (value.name.clone(), converted(&value.data))).collect(),
        keys: Vec::new(),
        written: key.written,
    }
}

fn whole(key: &Key) -> RegistryKey {
    RegistryKey {
        values: key.values.iter().map(|value| (value.name.clone(), converted(&value.data))).collect(),
        keys: key.keys.clone(),
        written: key.written,
    }
}

pub(super) fn converted(data: &Data) -> RegistryValue {
    let text =
        |text: String| if data.kind == REG_EXPAND_SZ { RegistryValue::ExpandSz(text) } else { RegistryValue::Sz(text) };
    let number = data.dword().map(RegistryValue::Dword).or_else(|| data.qword().map(RegistryValue::Qword));
    let read = number.or_else(|| data.text().map(text)).or_else(|| data.list().map(RegistryValue::MultiSz));
    read.unwrap_or_else(|| match data.kind {
        REG_BINARY => RegistryValue::Binary(hex(&data.bytes)),
        kind => RegistryValue::Other { kind, data: hex(&data.bytes) },
    })
}

/// At most as many bytes as any of the settings has.
fn hex(bytes: &[u8]) -> String {
    const MOST_BYTES: usize = 4096;
    bytes.iter().take(MOST_BYTES).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
