//! The disk of a healthy server as a plain folder, made once; each test changes a copy of it.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use jiff::Timestamp;
use rdpdoctor_machine::hive::Hive;
use rdpdoctor_machine::key::file_name;
use rdpdoctor_machine::security::Descriptor;
use tempfile::TempDir;

use super::hive::{changed, filled};
use super::server::{GUID, KEYS, OWN, SECURITY, SOFTWARE, SYSTEM, Stored};

/// An expired one that Windows made, of which nothing speaks any more.
pub(crate) const EXPIRED: u8 = 2;
/// One of Windows' own whose key file is not there, and of which nothing speaks.
pub(crate) const KEYLESS: u8 = 3;
/// In the personal store: one that may be chosen, one that is over, and one that came without its key.
pub(crate) const FIT: u8 = 4;
pub(crate) const OVER: u8 = 5;
pub(crate) const BARE: u8 = 6;

const OTHERS: [Stored; 5] = [
    Stored { store: "Remote Desktop", number: EXPIRED, key: Some(("TSSecKeySet1", 1)), days: (-200, -17) },
    Stored { store: "Remote Desktop", number: KEYLESS, key: Some(("Nowhere", 1)), days: (-60, 120) },
    Stored { store: "My", number: FIT, key: Some(("tp-fit", 0)), days: (-30, 150) },
    Stored { store: "My", number: OVER, key: Some(("tp-over", 0)), days: (-200, -17) },
    Stored { store: "My", number: BARE, key: None, days: (-30, 150) },
];

/// What comes before SDDL in the place of values.
pub(crate) const PERMISSIONS: &str = "permissions ";

const CONFIG: &str = "Windows/System32/config";
const HIVES: [&str; 3] = ["SYSTEM", "SOFTWARE", "SECURITY"];

/// A key, beginning with the name of its hive (after `-` it is deleted), and the lines of its values; or its permissions,
/// behind [`PERMISSIONS`].
pub(crate) type Change = (&'static str, &'static str);

/// The bytes of the hives, in the order of `HIVES`; none where their writer is not installed.
static HEALTHY: LazyLock<Option<[Vec<u8>; 3]>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let certificates: String = [OWN].iter().chain(&OTHERS).map(|stored| stored.lines().unwrap()).collect();
    let software = format!("{SOFTWARE}\n{certificates}");
    let made = |lines: &str| filled(folder.path(), lines);
    Some([made(SYSTEM)?, made(&software)?, made(SECURITY)?])
});

/// The healthy server's disk with these changes.
pub(crate) fn disk(changes: &[Change]) -> Option<TempDir> {
    let hives = HEALTHY.as_ref()?;
    let folder = tempfile::tempdir().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    for library in ["ntdll.dll", "termsrv.dll"] {
        put(folder.path(), &format!("Windows/System32/{library}"), b"MZ");
    }
    put(folder.path(), &format!("{KEYS}/{}", file_name("TSSecKeySet1", GUID)), &[0; 2303]);
    for (name, healthy) in HIVES.iter().zip(hives) {
        let lines: String = changes.iter().filter_map(|change| lines_of(name, *change)).collect();
        let hive = if lines.is_empty() { healthy.clone() } else { changed(scratch.path(), healthy, &lines)? };
        let permissions =
            changes.iter().filter_map(|(key, text)| Some((below(name, key)?, text.strip_prefix(PERMISSIONS)?)));
        let hive = permissions.fold(hive, |hive, (key, sddl)| secured(hive, key, sddl));
        put(folder.path(), &format!("{CONFIG}/{name}"), &hive);
    }
    Some(folder)
}

/// The lines of a change where it is one of this hive.
fn lines_of(hive: &str, (key, values): Change) -> Option<String> {
    let (sign, path) = key.strip_prefix('-').map_or(("", key), |path| ("-", path));
    let below = below(hive, path).filter(|_| !values.starts_with(PERMISSIONS))?;
    Some(format!("[{sign}{below}]\n{values}\n\n"))
}

fn below<'a>(hive: &str, path: &'a str) -> Option<&'a str> {
    path.strip_prefix(hive)
}

/// Writes a file below a folder, with the folders above it.
pub(crate) fn put(folder: &Path, path: &str, bytes: &[u8]) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A hive in which a key has these permissions, which hivexregedit does not write.
fn secured(hive: Vec<u8>, key: &str, sddl: &str) -> Vec<u8> {
    let mut writer = Hive::open(hive, Vec::new()).unwrap().edit().unwrap();
    let descriptor: Descriptor = sddl.parse().unwrap();
    writer.set_security(key, &descriptor.to_bytes().unwrap(), Timestamp::UNIX_EPOCH).unwrap();
    writer.finish(Timestamp::UNIX_EPOCH)
}
