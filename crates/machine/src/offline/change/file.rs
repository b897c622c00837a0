use std::path::Path;
#[cfg(not(windows))]
use std::{fs, io};

use super::storage::{Files, Storage as _};
use crate::Unreadable;
use crate::change::Unchanged;
use crate::offline::files::{Volume, unreadable};

/// The most UTF-16 units of a name on NTFS.
const LONGEST_NAME: usize = 255;

/// Moves a file; both names are looked up as Windows looks them up.
pub(super) fn rename(volume: &Volume, from: &str, to: &str) -> Result<(), Unchanged> {
    let found = volume.path(from)?.ok_or(Unchanged::Absent)?;
    let (folder, name) = to.rsplit_once(['\\', '/']).unwrap_or(("", to));
    if !is_name(name) {
        return Err(Unreadable::System(format!("\"{name}\" is no name of a file in Windows")).into());
    }
    let folder = volume.path(folder)?.filter(|folder| folder.is_dir()).ok_or(Unchanged::Absent)?;
    if volume.file(to)?.is_some() {
        return Err(Unchanged::Exists);
    }
    move_to(&found, &folder.join(name))?;
    let above = found.parent().unwrap_or(&folder);
    let flushed = Files.flush_folder(&folder).and_then(|()| Files.flush_folder(above));
    flushed.map_err(|error| unreadable(&error).into())
}

/// What drivers for Unix would take and Windows could not open.
fn is_name(name: &str) -> bool {
    let is_allowed = |letter: char| letter >= ' ' && !r#"<>:"/\|?*"#.contains(letter);
    let length = name.encode_utf16().count();
    (1..=LONGEST_NAME).contains(&length) && name.chars().all(is_allowed) && !name.ends_with(['.', ' '])
}

/// FUSE passes no flags on; there the look before must do.
#[cfg(target_os = "linux")]
fn move_to(from: &Path, to: &Path) -> Result<(), Unchanged> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(Errno::EXIST) => Err(Unchanged::Exists),
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => fs::rename(from, to).map_err(|error| refused(&error)),
        Err(error) => Err(refused(&error.into())),
    }
}

#[cfg(windows)]
fn move_to(from: &Path, to: &Path) -> Result<(), Unchanged> {
    crate::live::move_file(from, to)
}

#[cfg(not(any(windows, target_os = "linux")))]
fn move_to(from: &Path, to: &Path) -> Result<(), Unchanged> {
    fs::rename(from, to).map_err(|error| refused(&error))
}

#[cfg(not(windows))]
fn refused(error: &io::Error) -> Unchanged {
    if error.kind() == io::ErrorKind::NotFound { Unchanged::Absent } else { unreadable(error).into() }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    fn volume() -> (tempfile::TempDir, Volume) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("Keys/Old")).unwrap();
        for (name, content) in [("a", "1"), ("b", "2")] {
            fs::write(folder.path().join("Keys").join(name), content).unwrap();
        }
        let volume = Volume::open(folder.path()).unwrap();
        (folder, volume)
    }

    #[test]
    fn a_file_is_moved_and_moved_back() {
        let (folder, volume) = volume();
        rename(&volume, r"keys\A", r"KEYS\old\c").unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("Keys/Old/c")).unwrap(), "1");
        assert!(!folder.path().join("Keys/a").exists());
        rename(&volume, r"keys\OLD\C", r"keys\a").unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("Keys/a")).unwrap(), "1");
    }

    #[test]
    fn nothing_is_overwritten() {
        let (folder, volume) = volume();
        for to in [r"Keys\b", r"keys\B", r"Keys\old"] {
            assert_eq!(rename(&volume, r"Keys\a", to), Err(Unchanged::Exists), "{to}");
        }
        // As if it had come there after the look.
        let [a, b] = ["Keys/a", "Keys/b"].map(|name| folder.path().join(name));
        assert_eq!(move_to(&a, &b), Err(Unchanged::Exists));
        assert_eq!(fs::read_to_string(b).unwrap(), "2");
    }

    #[test]
    fn what_is_not_there_or_no_name_is_told() {
        let (_folder, volume) = volume();
        assert_eq!(rename(&volume, r"Keys\none", r"Keys\c"), Err(Unchanged::Absent));
        assert_eq!(rename(&volume, r"Keys\a", r"None\c"), Err(Unchanged::Absent));
        assert_eq!(rename(&volume, r"Keys\a", r"Keys\b\c"), Err(Unchanged::Absent));
        for name in ["", "c:d", "c.", "c ", "c?", "c\u{1}", &"x".repeat(256)] {
            assert!(
                matches!(rename(&volume, r"Keys\a", &format!(r"Keys\{name}")), Err(Unchanged::Refused(_))),
                "{name}"
            );
        }
        assert!(matches!(rename(&volume, r"Keys\a", r"..\c"), Err(Unchanged::Refused(_))));
    }
}
