//! A descriptor with what it lacks from the present one: drivers and hives take it as a whole.

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
    let stored = if merged == wanted { bytes.to_vec() } else { merged.to_bytes().map_err(|error| damaged(&error))? };
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
        assert_eq!((merged.owner, merged.group, &merged.dacl), (Some(Sid::ADMINISTRATORS), Some(Sid::SYSTEM), &list));
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
