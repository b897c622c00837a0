use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use super::files::{MOST_ENTRIES, existing, not_followed};
use crate::{Answer, Unreadable};

/// Walks down a path of Windows name by name. No name leads up or elsewhere, and each must lie on the same device.
pub(super) fn to(root: &Path, path: &str, same_device: impl Fn(&Metadata) -> bool) -> Answer<(PathBuf, Metadata)> {
    let mut at = (root.to_owned(), fs::symlink_metadata(root).map_err(|error| super::files::unreadable(&error))?);
    for name in path.split(['\\', '/']).filter(|name| !name.is_empty()) {
        if !is_name(name) {
            return Err(Unreadable::System(format!("\"{path}\" is no path on a volume")));
        }
        let Some(next) = below(&at.0, name)? else { return Ok(None) };
        if next.1.file_type().is_symlink() {
            return Err(not_followed(&next.0));
        }
        if !same_device(&next.1) {
            return Err(Unreadable::System("another file system is mounted there".to_owned()));
        }
        at = next;
    }
    Ok(Some(at))
}

/// Streams (`file:stream`) are not asked for.
fn is_name(name: &str) -> bool {
    !matches!(name, "." | "..") && !name.contains(['\0', ':'])
}

/// The entry of exactly this name, or of this name in another case.
fn below(folder: &Path, name: &str) -> Answer<(PathBuf, Metadata)> {
    let exact = folder.join(name);
    if let Some(metadata) = existing(exact.symlink_metadata())? {
        return Ok(Some((exact, metadata)));
    }
    let Some(path) = in_another_case(folder, name)? else { return Ok(None) };
    Ok(existing(path.symlink_metadata())?.map(|metadata| (path, metadata)))
}

fn in_another_case(folder: &Path, name: &str) -> Answer<PathBuf> {
    let Some(entries) = existing(fs::read_dir(folder))? else { return Ok(None) };
    let matching = entries.take(MOST_ENTRIES).flatten().filter(|entry| is_same(&entry.file_name(), name));
    // Two names that differ by case only are no work of Windows; the same one is taken each time.
    Ok(matching.map(|entry| entry.path()).min())
}

/// Whether Windows takes two names for the same: character by character, never one for two.
fn is_same(found: &OsStr, name: &str) -> bool {
    found.to_str().is_some_and(|found| found.chars().map(upper).eq(name.chars().map(upper)))
}

fn upper(letter: char) -> char {
    let mut upper = letter.to_uppercase();
    match (upper.next(), upper.next()) {
        // Unicode makes plain letters of a few others (ı, ſ); the table of NTFS does not.
        (Some(upper), None) if letter.is_ascii() || !upper.is_ascii() => upper,
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_as_for_windows() {
        for (found, name) in [("SYSTEM32", "System32"), ("übung", "ÜBUNG"), ("straße", "STRAßE")] {
            assert!(is_same(OsStr::new(found), name), "{found}");
        }
        for (found, name) in [("straße", "STRASSE"), ("ſystem", "system"), ("System", "System32")] {
            assert!(!is_same(OsStr::new(found), name), "{found}");
        }
    }

    #[test]
    fn the_exact_name_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["sam", "SAM"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let found = |name| below(folder.path(), name).unwrap().unwrap().0.file_name().unwrap().to_owned();
        let on_disk = fs::read_dir(folder.path()).unwrap().count();
        if on_disk == 2 {
            assert_eq!([found("sam"), found("SAM"), found("Sam")], ["sam", "SAM", "SAM"]);
        } else {
            assert_eq!(found("Sam").to_ascii_lowercase(), "sam");
        }
    }
}
