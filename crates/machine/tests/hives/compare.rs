//! All of a hive as lines of text, and how other readers print the same.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::Timestamp;
use rdpdoctor_machine::hive::{Damage, Hive, Key};

/// One line for each key and each value.
#[derive(Debug, Default, Clone)]
pub(crate) struct Dump {
    pub(crate) lines: BTreeSet<String>,
    pub(crate) damage: Vec<Damage>,
}

impl Dump {
    pub(crate) fn values(&self) -> usize {
        self.lines.len() - self.keys()
    }

    pub(crate) fn keys(&self) -> usize {
        self.lines.iter().filter(|line| line.starts_with('K')).count()
    }

    /// Names the first differences, not all of two large hives.
    pub(crate) fn assert_same(&self, theirs: &BTreeSet<String>, what: &str) {
        let only = |a: &BTreeSet<String>, b| a.difference(b).take(5).cloned().collect::<Vec<_>>();
        let (mine, other) = (only(&self.lines, theirs), only(theirs, &self.lines));
        assert!(mine.is_empty() && other.is_empty(), "{what}\nonly here: {mine:#?}\nonly there: {other:#?}");
    }
}

pub(crate) fn dump(hive: &Hive) -> Dump {
    let mut dump = Dump::default();
    walk(&hive.root(), "", &mut dump);
    dump
}

fn walk(key: &Key<'_>, path: &str, dump: &mut Dump) {
    let written = key.last_written().map(Timestamp::as_microsecond);
    dump.lines.insert(format!("K {} {}", hex(path.as_bytes()), written.unwrap_or_default()));
    for value in key.values() {
        match value {
            Ok(value) => dump.lines.insert(format!(
                "V {} {} {} {}",
                hex(path.as_bytes()),
                hex(value.name.as_bytes()),
                value.data.kind,
                hex(&value.data.bytes)
            )),
            Err(damage) => {
                dump.damage.push(damage);
                false
            }
        };
    }
    for child in key.subkeys() {
        match child {
            Ok(child) => walk(&child, &format!("{path}\\{}", child.name()), dump),
            Err(damage) => dump.damage.push(damage),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The same lines by python-registry and by hivex, of those that are installed, for each hive.
pub(crate) fn readers(hives: &[PathBuf]) -> Vec<(&'static str, Vec<BTreeSet<String>>)> {
    let all = [("python-registry", "python3", PYTHON_REGISTRY), ("hivex", "/usr/bin/python3", HIVEX)];
    all.into_iter().filter_map(|(name, python, script)| Some((name, run(name, python, script, hives)?))).collect()
}

/// All keys, and all values that are a REG_DWORD, of which reglookup says the same in a form of its own. Names that it
/// quotes in ways of its own are left out.
pub(crate) fn assert_reglookup_agrees(path: &Path, hive: &Hive) {
    let Ok(output) = Command::new("reglookup").arg(path).stderr(Stdio::null()).output() else {
        println!("skipped: no reglookup");
        return;
    };
    let mut lines = BTreeSet::new();
    plain(&hive.root(), "", &mut lines);
    let text = String::from_utf8_lossy(&output.stdout);
    let theirs: BTreeSet<String> = text.lines().skip(1).filter_map(of_reglookup).collect();
    assert!(!theirs.is_empty());
    Dump { lines, damage: Vec::new() }.assert_same(&theirs, "reglookup");
}

fn plain(key: &Key<'_>, path: &str, lines: &mut BTreeSet<String>) {
    lines.insert(format!("{path},KEY,"));
    for value in key.values().flatten() {
        let number = value.data.dword().map(|number| format!("{path}/{},DWORD,0x{number:08X}", value.name));
        lines.extend(number.filter(|_| is_plain(&value.name)));
    }
    for child in key.subkeys().flatten().filter(|child| is_plain(&child.name())) {
        plain(&child, &format!("{path}/{}", child.name()), lines);
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || " -_.{}#&".contains(letter))
}

/// `path,type,value,time`; the root is a slash.
fn of_reglookup(line: &str) -> Option<String> {
    let mut fields = line.split(',');
    let (path, kind, value) = (fields.next()?, fields.next()?, fields.next()?);
    let path = if path == "/" { "" } else { path };
    let wanted = matches!(kind, "KEY" | "DWORD") && value != "(null)" && path.split('/').skip(1).all(is_plain);
    wanted.then(|| format!("{path},{kind},{value}"))
}

/// What reglookup says of every key's permissions: path, owner, group, audit list, access list.
pub(crate) fn permissions_by_reglookup(path: &Path) -> Option<BTreeSet<String>> {
    let output = Command::new("reglookup").args(["-s", "-t", "KEY"]).arg(path).stderr(Stdio::null()).output();
    let Ok(output) = output else {
        println!("skipped: no reglookup");
        return None;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let timeless = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        format!("{} {}", fields[0], fields[4..].join(" "))
    };
    Some(text.lines().skip(1).map(timeless).collect())
}

/// For each security descriptor of a hive how many keys it says that it has, as they are counted by python-registry; and
/// whether each leads to the next and back.
pub(crate) fn counted_by_python(path: &Path) -> Option<BTreeSet<String>> {
    run("python-registry", "python3", COUNT, &[path.to_owned()])?.into_iter().next()
}

fn run(name: &str, python: &str, script: &str, arguments: &[PathBuf]) -> Option<Vec<BTreeSet<String>>> {
    let output = Command::new(python).args(["-c", script]).args(arguments).stderr(Stdio::inherit()).output().ok()?;
    if output.status.code() == Some(77) {
        println!("skipped: no {name}");
        return None;
    }
    assert!(output.status.success(), "{name} fails");
    let text = String::from_utf8_lossy(&output.stdout);
    let hives = text.split_inclusive("END\n").map(|hive| hive.trim_end_matches("END\n").lines());
    Some(hives.map(|lines| lines.map(str::to_owned).collect()).collect())
}

/// Applies `log1` and `log2` of a folder to its `hive`. False where python-registry is not installed.
pub(crate) fn replay_with_python(folder: &Path) -> bool {
    run("python-registry", "python3", REPLAY, &[folder.to_owned()]).is_some()
}

/// A sample, unpacked.
pub(crate) fn sample(name: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../../shared/samples/hive/{name}.xz"));
    let unpacked = path.exists().then(|| Command::new("xz").args(["-dc"]).arg(path).output().ok()).flatten();
    let unpacked = unpacked.filter(|output| output.status.success());
    if unpacked.is_none() {
        println!("skipped: no sample {name}, or no xz");
    }
    unpacked.map(|output| output.stdout)
}

const PYTHON_REGISTRY: &str = r"
import sys
try:
    from Registry import Registry, RegistryParse
except ImportError:
    sys.exit(77)
from datetime import datetime

def text(string):
    return string.encode('utf-8', 'replace').hex()

def micros(filetime):
    return filetime // 10 - 11644473600000000 if filetime else 0

def data(value):
    size = value.raw_data_length()
    if size >= 0x80000000:
        return value.unpack_binary(8, size - 0x80000000)
    if size > 16344:
        return value.raw_data()
    start = value.abs_offset_from_hbin_offset(value.unpack_dword(8)) + 4
    return value._buf[start:start + size]

def walk(record, path):
    print('K', text(path), micros(record.unpack_qword(4)))
    if record.values_number():
        for value in record.values_list().values():
            name = value.name() if value.has_name() else ''
            print('V', text(path), text(name), value.unpack_dword(12), data(value).hex())
    if record.subkey_number():
        for key in record.subkey_list().keys():
            walk(key, path + '\\' + key.name())

for path in sys.argv[1:]:
    walk(Registry.Registry(path)._regf.first_key(), '')
    print('END')
";

const HIVEX: &str = r"
import sys
try:
    import hivex
except ImportError:
    sys.exit(77)

def text(string):
    return string.encode('utf-8', 'replace').hex()

def walk(key, path):
    time = hive.node_timestamp(key)
    print('K', text(path), time // 10 - 11644473600000000 if time else 0)
    for value in hive.node_values(key):
        kind, data = hive.value_value(value)
        print('V', text(path), text(hive.value_key(value)), kind & 0xffffffff, data.hex())
    for child in hive.node_children(key):
        walk(child, path + '\\' + hive.node_name(child))

for path in sys.argv[1:]:
    hive = hivex.Hivex(path)
    walk(hive.root(), '')
    print('END')
";

const COUNT: &str = r"
import sys
try:
    from Registry import Registry
except ImportError:
    sys.exit(77)
from collections import Counter

with open(sys.argv[1], 'rb') as file:
    hive = file.read()

def number(cell, at):
    return int.from_bytes(hive[4096 + cell + 4 + at:][:4], 'little')

def walk(record):
    keys[record.unpack_dword(44)] += 1
    if record.subkey_number():
        for key in record.subkey_list().keys():
            walk(key)

keys = Counter()
root = Registry.Registry(sys.argv[1])._regf.first_key()
walk(root)
ring = [root.unpack_dword(44)]
while number(ring[-1], 4) != ring[0]:
    ring.append(number(ring[-1], 4))
    assert number(ring[-1], 8) == ring[-2], 'the way back'
    assert len(ring) <= len(keys), 'more descriptors than keys have'
assert number(ring[0], 8) == ring[-1] and set(ring) == set(keys)
for cell in ring:
    assert number(cell, 12) == keys[cell], (cell, number(cell, 12), keys[cell])
    print(hive[4096 + cell + 24:][:number(cell, 16)].hex(), keys[cell])
print('END')
";

const REPLAY: &str = r"
import os, sys
try:
    from Registry import RegistryLog
except ImportError:
    sys.exit(77)

os.chdir(sys.argv[1])
with open('hive', 'rb+') as hive:
    first = RegistryLog.RegistryLog(hive, 'log1')
    hive.seek(0)
    second = RegistryLog.RegistryLog(hive, 'log2')
    assert first.is_starting_log(second)
    last = first.recover_hive()
    hive.seek(0)
    second.recover_hive_continue(last + 1)
";
