use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::files::{Volume, unreadable};
use super::volume_flags::{self, VolumeKind};
use crate::Unreadable;

/// Whether a mounted volume may be written to. A volume that BitLocker holds locked cannot be mounted; whether an
/// unlocked one is encrypted below is not visible from its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeState {
    /// What Windows left in hiberfil.sys.
    pub hibernation: Result<Hibernation, Unreadable>,
    /// Whether it is mounted read-only: ntfs-3g does so by itself with volumes that are hibernated or not clean.
    pub read_only: Result<bool, Unreadable>,
    /// What the device or image below holds.
    pub kind: Result<VolumeKind, Unreadable>,
    /// Whether it is marked for a check. Drivers may set the mark themselves while they have it mounted for writing.
    pub dirty: Result<bool, Unreadable>,
    /// What mounts it.
    pub driver: Result<Driver, Unreadable>,
}

/// A file system as the mount table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driver {
    /// Such as `ntfs3`, `fuseblk` or `ext4`.
    pub name: String,
    /// The options, of the mount and of the file system.
    pub options: Vec<String>,
}

/// Whether Windows sleeps on the volume (hibernation, and every ordinary shutdown with fast startup).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hibernation {
    /// There is no hiberfil.sys.
    NoFile,
    /// It holds no session.
    Awake,
    /// Windows goes on from it: what is written now is lost, or does damage.
    Asleep,
    /// It begins with something unknown.
    Unknown,
}

pub(super) fn of(volume: &Volume) -> VolumeState {
    let mount = mount(volume.root());
    let source = |mount: &Mount| open(Path::new(&mount.source));
    VolumeState {
        hibernation: hibernation(volume),
        read_only: mount.as_ref().map(Mount::is_read_only).map_err(Clone::clone),
        kind: mount.as_ref().map_err(Clone::clone).and_then(|mount| volume_flags::kind(&mut source(mount)?)),
        dirty: mount.as_ref().map_err(Clone::clone).and_then(|mount| volume_flags::is_dirty(&mut source(mount)?)),
        driver: mount.map(|mount| mount.driver),
    }
}

fn hibernation(volume: &Volume) -> Result<Hibernation, Unreadable> {
    let Some(file) = volume.open_file("hiberfil.sys")? else { return Ok(Hibernation::NoFile) };
    let mut start = Vec::new();
    file.take(4096).read_to_end(&mut start).map_err(|error| unreadable(&error))?;
    Ok(match start.first_chunk::<4>().map(|signature| signature.to_ascii_lowercase()).as_deref() {
        Some(b"hibr" | b"rstr") => Hibernation::Asleep,
        Some(b"wake") => Hibernation::Awake,
        _ if start.iter().all(|byte| *byte == 0) => Hibernation::Awake,
        _ => Hibernation::Unknown,
    })
}

struct Mount {
    source: String,
    driver: Driver,
}

impl Mount {
    fn is_read_only(&self) -> bool {
        self.driver.options.iter().any(|option| option == "ro")
    }
}

#[cfg(target_os = "linux")]
fn mount(root: &Path) -> Result<Mount, Unreadable> {
    let table = std::fs::read_to_string("/proc/self/mountinfo").map_err(|error| unreadable(&error))?;
    let covering = table.lines().filter_map(listed).filter(|(point, _)| root.starts_with(point));
    // The deepest, and of those at one place the last, which covers the others.
    let found = covering.max_by_key(|(point, _)| point.len());
    found.map(|(_, mount)| mount).ok_or_else(|| Unreadable::System("the folder is not mounted".to_owned()))
}

#[cfg(not(target_os = "linux"))]
fn mount(_: &Path) -> Result<Mount, Unreadable> {
    Err(Unreadable::NoAnswer)
}

/// A line of mountinfo: `id parent device root point options [optional…] - type source options` (proc(5)).
#[cfg(target_os = "linux")]
fn listed(line: &str) -> Option<(String, Mount)> {
    let (place, system) = line.split_once(" - ")?;
    let mut place = place.split(' ').skip(4);
    let (point, options) = (place.next()?, place.next()?);
    let mut system = system.split(' ');
    let (name, source, more) = (system.next()?, system.next()?, system.next().unwrap_or_default());
    let options = options.split(',').chain(more.split(',')).map(str::to_owned).collect();
    Some((unescape(point), Mount { source: unescape(source), driver: Driver { name: name.to_owned(), options } }))
}

/// Blanks and backslashes are written as `\040` and `\134`.
#[cfg(target_os = "linux")]
fn unescape(text: &str) -> String {
    [(r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", r"\")]
        .iter()
        .fold(text.to_owned(), |text, (code, letter)| text.replace(code, letter))
}

/// The device or image below a mount, where we may read it.
fn open(source: &Path) -> Result<File, Unreadable> {
    let what = source.metadata().map_err(|_| Unreadable::System("the device below is not visible".to_owned()))?;
    if !what.is_file() && !is_device(&what) {
        return Err(Unreadable::System("what lies below is no device".to_owned()));
    }
    File::open(source).map_err(|error| unreadable(&error))
}

#[cfg(unix)]
fn is_device(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_block_device(&metadata.file_type())
}

#[cfg(not(unix))]
fn is_device(_: &std::fs::Metadata) -> bool {
    false
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_mount_table_is_read() {
        let line = r"43 27 0:39 / /mnt/a\040disk ro,relatime shared:1 - fuseblk /dev/sdb2 rw,user_id=0";
        let (point, mount) = listed(line).unwrap();
        assert_eq!((point.as_str(), mount.source.as_str()), ("/mnt/a disk", "/dev/sdb2"));
        assert_eq!((mount.driver.name.as_str(), mount.is_read_only()), ("fuseblk", true));
        assert!(listed("nothing").is_none());
    }

    #[test]
    fn a_sleeping_windows_is_seen_in_its_hibernation_file() {
        let folder = tempfile::tempdir().unwrap();
        let volume = Volume::open(folder.path()).unwrap();
        assert_eq!(volume.state().hibernation, Ok(Hibernation::NoFile));
        for (start, expected) in [
            (&b"HIBR"[..], Hibernation::Asleep),
            (b"hibr\0", Hibernation::Asleep),
            (b"RSTR", Hibernation::Asleep),
            (b"wake", Hibernation::Awake),
            (&[0; 5000], Hibernation::Awake),
            (b"", Hibernation::Awake),
            (b"\x01", Hibernation::Unknown),
        ] {
            std::fs::write(folder.path().join("HiberFil.SYS"), start).unwrap();
            assert_eq!(volume.state().hibernation, Ok(expected), "{start:?}");
        }
    }
}
