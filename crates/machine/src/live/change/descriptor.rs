//! What of a descriptor is set, in the words of Windows.

use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, GROUP_SECURITY_INFORMATION, OBJECT_SECURITY_INFORMATION, OWNER_SECURITY_INFORMATION,
    PROTECTED_DACL_SECURITY_INFORMATION, SE_DACL_AUTO_INHERIT_REQ, SE_DACL_AUTO_INHERITED, SE_DACL_PRESENT,
    SE_DACL_PROTECTED,
};
use windows_sys::Win32::Storage::FileSystem::{READ_CONTROL, WRITE_DAC, WRITE_OWNER};

use crate::Unreadable;
use crate::security::Descriptor;

/// Owner, group, access list: those that are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts(OBJECT_SECURITY_INFORMATION);

/// A descriptor as a call takes it.
pub(super) struct Told {
    pub(super) parts: OBJECT_SECURITY_INFORMATION,
    /// Self-relative, in aligned words.
    pub(super) bytes: Vec<u32>,
}

impl Parts {
    /// What the descriptor has. A list that is present and null lets everybody in, and is set as such.
    pub(super) fn of(wanted: &Descriptor, bytes: &[u8]) -> Self {
        let control = bytes.get(2..4).and_then(|bytes| bytes.first_chunk().copied()).map_or(0, u16::from_le_bytes);
        let owner = if wanted.owner.is_some() { OWNER_SECURITY_INFORMATION } else { 0 };
        let group = if wanted.group.is_some() { GROUP_SECURITY_INFORMATION } else { 0 };
        let dacl = if control & SE_DACL_PRESENT != 0 { DACL_SECURITY_INFORMATION } else { 0 };
        Self(owner | group | dacl)
    }

    /// Those in which two descriptors differ: what need not be set needs no right to set it.
    pub(super) fn differing(self, wanted: &Descriptor, found: &Descriptor) -> Self {
        let all = [OWNER_SECURITY_INFORMATION, GROUP_SECURITY_INFORMATION, DACL_SECURITY_INFORMATION];
        let differs = |part: &u32| !is_kept(Self(*part), wanted, found);
        Self(all.into_iter().filter(|part| self.has(*part) && differs(part)).fold(0, |sum, part| sum | part))
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What a handle must be opened for.
    pub(super) fn access(self) -> u32 {
        let owns = self.has(OWNER_SECURITY_INFORMATION) || self.has(GROUP_SECURITY_INFORMATION);
        let owner = if owns { WRITE_OWNER } else { 0 };
        let dacl = if self.has(DACL_SECURITY_INFORMATION) { WRITE_DAC } else { 0 };
        READ_CONTROL | owner | dacl
    }

    pub(super) fn told(self, wanted: &Descriptor) -> Result<Told, Unreadable> {
        let (mut told, mut parts) = (wanted.clone(), self.0);
        told.sacl = None;
        // "Auto-inherited" stays only where it is asked for anew.
        if told.control & SE_DACL_AUTO_INHERITED != 0 {
            told.control |= SE_DACL_AUTO_INHERIT_REQ;
        }
        if told.control & SE_DACL_PROTECTED != 0 && self.has(DACL_SECURITY_INFORMATION) {
            parts |= PROTECTED_DACL_SECURITY_INFORMATION;
        }
        Ok(Told { parts, bytes: words(&told.to_bytes().map_err(|error| damaged(&error))?) })
    }

    fn has(self, part: OBJECT_SECURITY_INFORMATION) -> bool {
        self.0 & part != 0
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<Descriptor, Unreadable> {
    Descriptor::read(bytes).map_err(|error| damaged(&error))
}

/// Whether these parts are what was wanted.
pub(super) fn is_kept(parts: Parts, wanted: &Descriptor, found: &Descriptor) -> bool {
    let protection = |descriptor: &Descriptor| descriptor.control & SE_DACL_PROTECTED;
    let has_owner = !parts.has(OWNER_SECURITY_INFORMATION) || wanted.owner == found.owner;
    let has_group = !parts.has(GROUP_SECURITY_INFORMATION) || wanted.group == found.group;
    let has_dacl = wanted.dacl == found.dacl && protection(wanted) == protection(found);
    has_owner && has_group && (!parts.has(DACL_SECURITY_INFORMATION) || has_dacl)
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks(4).map(|word| word.iter().rev().fold(0, |number, byte| (number << 8) | u32::from(*byte))).collect()
}

fn damaged(error: &impl ToString) -> Unreadable {
    Unreadable::Damaged(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::security::Sid;

    /// The same, but for one thing.
    fn descriptor(change: impl FnOnce(&mut Descriptor)) -> Descriptor {
        let mut descriptor: Descriptor = "O:SYG:SYD:P(A;;FA;;;SY)".parse().unwrap();
        change(&mut descriptor);
        descriptor
    }

    fn parts_of(bytes: &[u8]) -> Parts {
        Parts::of(&Descriptor::read(bytes).unwrap(), bytes)
    }

    #[test]
    fn only_what_the_descriptor_has_is_set() {
        let all = Parts(OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION);
        assert_eq!(parts_of(&descriptor(|_| ()).to_bytes().unwrap()), all);
        assert_eq!(all.access(), READ_CONTROL | WRITE_DAC | WRITE_OWNER);
        let list_only = descriptor(|it| (it.owner, it.group) = (None, None));
        let mut bytes = list_only.to_bytes().unwrap();
        assert_eq!(parts_of(&bytes), Parts(DACL_SECURITY_INFORMATION));
        assert_eq!(Parts(DACL_SECURITY_INFORMATION).access(), READ_CONTROL | WRITE_DAC);
        bytes[2] = 0;
        assert!(parts_of(&bytes).is_empty());
    }

    #[test]
    fn another_owner_list_or_protection_is_not_kept() {
        let wanted = descriptor(|_| ());
        let all = Parts(OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION);
        assert!(is_kept(all, &wanted, &wanted));
        let other_owner = descriptor(|it| it.owner = Some(Sid::USERS));
        assert!(!is_kept(all, &wanted, &other_owner));
        assert!(is_kept(Parts(DACL_SECURITY_INFORMATION), &wanted, &other_owner));
        assert!(!is_kept(all, &wanted, &descriptor(|it| it.control = 0)));
        assert!(!is_kept(all, &wanted, &descriptor(|it| it.dacl = None)));
    }

    #[test]
    fn what_is_there_already_is_not_set() {
        let wanted = descriptor(|_| ());
        let bytes = wanted.to_bytes().unwrap();
        let differing = |found: &Descriptor| Parts::of(&wanted, &bytes).differing(&wanted, found);
        assert!(differing(&wanted).is_empty());
        assert_eq!(differing(&descriptor(|it| it.owner = None)), Parts(OWNER_SECURITY_INFORMATION));
        assert_eq!(differing(&descriptor(|it| it.control = 0)), Parts(DACL_SECURITY_INFORMATION));
    }
}
