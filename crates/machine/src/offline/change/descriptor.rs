use std::path::Path;

#[cfg(target_os = "linux")]
use super::merged;
use crate::change::Unchanged;

/// Whether there is a descriptor that can be set.
#[cfg(target_os = "linux")]
pub(super) fn check(path: &Path) -> Result<(), Unchanged> {
    stored(path).map(|_| ())
}

/// Whether there is a descriptor that can be set.
#[cfg(not(target_os = "linux"))]
pub(super) fn check(path: &Path) -> Result<(), Unchanged> {
    crate::offline::files::descriptor(path).map(|_| ()).map_err(Unchanged::Refused)
}

/// Sets owner, group and access list of a file or folder, as far as the descriptor has them. The rest stays.
#[cfg(target_os = "linux")]
pub(super) fn set(path: &Path, bytes: &[u8]) -> Result<(), Unchanged> {
    use crate::offline::files::unreadable;
    let (attribute, before) = stored(path)?;
    let wanted = merged::wanted(bytes, &before)?;
    xattr::set(path, attribute, &wanted.1).map_err(|error| unreadable(&error))?;
    // What was just set may keep us from opening it; ntfs-3g flushes the volume for any of its folders.
    let above = path.parent().unwrap_or(path);
    std::fs::File::open(above).and_then(|folder| folder.sync_all()).map_err(|error| unreadable(&error))?;
    let (_, found) = stored(path)?;
    if merged::read(&found)? == wanted.0 { Ok(()) } else { Err(Unchanged::NotKept) }
}

/// The descriptor that a file has, with the name of the attribute that it is in.
#[cfg(target_os = "linux")]
fn stored(path: &Path) -> Result<(&'static str, Vec<u8>), Unchanged> {
    use super::refusal::NotWritable;
    use crate::offline::files::{no_descriptors, stored_descriptor};
    stored_descriptor(path).map_err(|why| match why {
        why if why == no_descriptors() => NotWritable::NoDescriptors.into(),
        why => Unchanged::Refused(why),
    })
}

#[cfg(windows)]
pub(super) fn set(path: &Path, bytes: &[u8]) -> Result<(), Unchanged> {
    crate::live::set_descriptor(path, bytes)
}

#[cfg(not(any(windows, target_os = "linux")))]
pub(super) fn set(_: &Path, _: &[u8]) -> Result<(), Unchanged> {
    Err(super::refusal::NotWritable::NoDescriptors.into())
}
