use std::path::Path;

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

/// What the driver is given: it takes a descriptor as a whole.
#[cfg(target_os = "linux")]
mod merged {
    use crate::Unreadable;
    use crate::security::Descriptor;

    /// SE_DACL_PRESENT.
    const DACL_PRESENT: u16 = 0x0004;
    /// Control bits of the owner, of the group and of the list: defaulted, wanted, inherited, protected.
    const OF_OWNER: u16 = 0x0001;
    const OF_GROUP: u16 = 0x0002;
    const OF_DACL: u16 = 0x1508;

    /// A descriptor with what it lacks from another one, and as it is stored: unchanged where it lacks nothing.
    pub(super) fn wanted(bytes: &[u8], before: &[u8]) -> Result<(Descriptor, Vec<u8>), Unreadable> {
        let wanted = read(bytes)?;
        let merged = merge(&wanted, has_dacl(bytes), read(before)?);
        let stored =
            if merged == wanted { bytes.to_vec() } else { merged.to_bytes().map_err(|error| damaged(&error))? };
        Ok((merged, stored))
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Descriptor, Unreadable> {
        Descriptor::read(bytes).map_err(|error| damaged(&error))
    }

    fn merge(wanted: &Descriptor, has_dacl: bool, mut found: Descriptor) -> Descriptor {
        let mut taken = 0;
        if wanted.owner.is_some() {
            (found.owner, taken) = (wanted.owner, taken | OF_OWNER);
        }
        if wanted.group.is_some() {
            (found.group, taken) = (wanted.group, taken | OF_GROUP);
        }
        if has_dacl {
            found.dacl.clone_from(&wanted.dacl);
            taken |= OF_DACL;
        }
        found.control = found.control & !taken | wanted.control & taken;
        found
    }

    fn has_dacl(bytes: &[u8]) -> bool {
        let control = bytes.get(2..4).and_then(|bytes| bytes.first_chunk().copied()).map_or(0, u16::from_le_bytes);
        control & DACL_PRESENT != 0
    }

    fn damaged(error: &impl ToString) -> Unreadable {
        Unreadable::Damaged(error.to_string())
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::security::Sid;

        const BEFORE: &str = "O:SYG:BAD:PAI(A;;FA;;;BA)S:(AU;SA;FA;;;WD)";

        fn of(text: &str) -> Vec<u8> {
            text.parse::<Descriptor>().unwrap().to_bytes().unwrap()
        }

        #[test]
        fn what_is_not_asked_for_stays() {
            let before = read(&of(BEFORE)).unwrap();
            let (merged, stored) = wanted(&of("O:BAG:SYD:(A;;FR;;;NS)"), &of(BEFORE)).unwrap();
            let list = read(&of("D:(A;;FR;;;NS)")).unwrap().dacl;
            assert_eq!(
                (merged.owner, merged.group, &merged.dacl),
                (Some(Sid::ADMINISTRATORS), Some(Sid::SYSTEM), &list)
            );
            assert_eq!((merged.sacl.clone(), merged.is_protected()), (before.sacl, false));
            assert_eq!(read(&stored).unwrap(), merged);
        }

        #[test]
        fn only_what_the_descriptor_has_is_taken() {
            let mut owner = of("O:BAD:(A;;FR;;;NS)");
            owner[2] &= 0xfb; // no access list
            let (merged, _) = wanted(&owner, &of(BEFORE)).unwrap();
            let before = read(&of(BEFORE)).unwrap();
            assert_eq!((merged.owner, merged.group), (Some(Sid::ADMINISTRATORS), before.group));
            assert_eq!((merged.is_protected(), merged.dacl), (true, before.dacl));
        }

        #[test]
        fn what_says_all_is_stored_as_it_is() {
            let bytes = [of(BEFORE), vec![0; 3]].concat();
            assert_eq!(wanted(&bytes, &of(BEFORE)).unwrap().1, bytes);
        }
    }
}
