use super::{
    Ace, AceKind, Descriptor, Entry, FILE_ALL_ACCESS, FILE_GENERIC_EXECUTE, FILE_GENERIC_READ, FILE_GENERIC_WRITE,
    KEY_ALL_ACCESS, KEY_READ, KEY_WRITE, READ_CONTROL, Sid, WRITE_DAC,
};

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Access {
    /// The rights that are granted.
    pub granted: u32,
    /// The rights that an entry denies before another grants them.
    pub denied: u32,
    /// Rights that hang on more than who asks: on a condition, or on a part of the object.
    pub undecided: u32,
}

/// What generic rights mean for a kind of object ([MS-DTYP] 2.4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GenericMapping {
    /// GENERIC_READ.
    pub read: u32,
    /// GENERIC_WRITE.
    pub write: u32,
    /// GENERIC_EXECUTE.
    pub execute: u32,
    /// GENERIC_ALL.
    pub all: u32,
}

impl GenericMapping {
    /// Of files and folders.
    pub const FILE: Self = Self {
        read: FILE_GENERIC_READ,
        write: FILE_GENERIC_WRITE,
        execute: FILE_GENERIC_EXECUTE,
        all: FILE_ALL_ACCESS,
    };
    /// Of registry keys.
    pub const KEY: Self = Self { read: KEY_READ, write: KEY_WRITE, execute: KEY_READ, all: KEY_ALL_ACCESS };

    /// Rights without generic ones.
    pub fn specific(&self, mask: u32) -> u32 {
        let generic =
            [(0x8000_0000, self.read), (0x4000_0000, self.write), (0x2000_0000, self.execute), (0x1000_0000, self.all)];
        let mapped = generic.iter().filter(|(generic, _)| mask & generic != 0).map(|(_, rights)| rights);
        mapped.fold(mask & 0x0fff_ffff, |sum, rights| sum | rights)
    }
}

impl Descriptor {
    /// What somebody with these SIDs may do with the file, as AccessCheck counts: entries in order, the first word on a
    /// right decides it. Privileges (backup, taking ownership) are not considered.
    pub fn access(&self, who: &[Sid]) -> Access {
        self.access_to(who, &GenericMapping::FILE)
    }

    /// The same for another kind of object.
    pub fn access_to(&self, who: &[Sid], mapping: &GenericMapping) -> Access {
        let Some(dacl) = &self.dacl else { return Access { granted: mapping.all, ..Access::default() } };
        let entries = || dacl.aces.iter().filter_map(Ace::entry).filter(|entry| !entry.is_inherit_only());
        let owns = self.owner.is_some_and(|owner| who.contains(&owner));
        let is_listed = entries().any(|entry| entry.sid == Sid::OWNER_RIGHTS);
        let mut access = Access::default();
        if owns && !is_listed {
            access.granted = READ_CONTROL | WRITE_DAC;
        }
        let is_meant = |entry: &&Entry| who.contains(&entry.sid) || (owns && entry.sid == Sid::OWNER_RIGHTS);
        let mut count = Count { access, ..Count::default() };
        entries().filter(is_meant).for_each(|entry| count.add(entry, mapping.specific(entry.mask)));
        count.total()
    }
}

/// The rights so far, and those that entries with conditions may have granted or denied before.
#[derive(Default)]
struct Count {
    access: Access,
    may_grant: u32,
    may_deny: u32,
}

impl Count {
    fn add(&mut self, entry: &Entry, mask: u32) {
        let Access { granted, denied, undecided } = &mut self.access;
        let open = mask & !(*granted | *denied | *undecided);
        match (entry.kind, entry.is_about_a_part()) {
            (AceKind::Allow | AceKind::AllowObject, false) => {
                *granted |= open & !self.may_deny;
                *undecided |= open & self.may_deny;
            }
            (AceKind::Deny | AceKind::DenyObject, false) => {
                *denied |= open & !self.may_grant;
                *undecided |= open & self.may_grant;
            }
            (AceKind::AllowCallback | AceKind::Allow | AceKind::AllowObject, _) => self.may_grant |= open,
            (AceKind::DenyCallback | AceKind::Deny | AceKind::DenyObject, _) => self.may_deny |= open,
            (AceKind::Audit | AceKind::MandatoryLabel, _) => {}
        }
    }

    fn total(self) -> Access {
        let Access { granted, denied, undecided } = self.access;
        Access { granted, denied, undecided: undecided | (self.may_grant & !(granted | denied)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::security::{network_service_token, system_token};

    fn of(sddl: &str) -> Descriptor {
        sddl.parse().unwrap()
    }

    fn access(sddl: &str) -> Access {
        of(sddl).access(&network_service_token())
    }

    fn reads(sddl: &str) -> bool {
        access(sddl).granted & FILE_GENERIC_READ == FILE_GENERIC_READ
    }

    #[test]
    fn the_key_file_as_windows_makes_it_lets_the_service_read() {
        let made = "O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;NS)(A;;FR;;;BA)";
        assert!(reads(made));
        assert_eq!(of(made).access(&system_token()).granted, FILE_ALL_ACCESS);
        assert!(!reads("O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;BA)"));
    }

    #[test]
    fn a_denial_counts_only_before_the_grant() {
        assert!(!reads("D:(D;;FR;;;NS)(A;;FA;;;WD)"));
        assert!(reads("D:(A;;FA;;;WD)(D;;FR;;;NS)"));
        assert!(!reads("D:(D;;0x1;;;WD)(A;;FA;;;NS)"), "one right less is not enough");
        assert_eq!(access("D:(D;;0x1;;;WD)(A;;FA;;;NS)").denied, 1);
    }

    #[test]
    fn rights_add_up_over_groups_and_generic_ones_are_mapped() {
        assert!(reads("D:(A;;0x89;;;NS)(A;;0x120000;;;BU)"));
        assert!(reads("D:(A;;GR;;;WD)"));
        assert!(!reads("D:(A;IO;FA;;;NS)"), "it is for what is created below");
        let key = of("D:(A;;GR;;;NS)").access_to(&network_service_token(), &GenericMapping::KEY);
        assert_eq!(key.granted, KEY_READ);
    }

    #[test]
    fn no_list_is_everything_and_an_empty_one_nothing() {
        assert_eq!(Descriptor::default().access(&[]).granted, FILE_ALL_ACCESS);
        assert_eq!(access("D:"), Access::default());
    }

    #[test]
    fn the_owner_may_always_change_the_list() {
        assert_eq!(access("O:NSD:").granted, READ_CONTROL | WRITE_DAC);
        assert_eq!(access("O:NSD:(D;;WD;;;WD)").granted, READ_CONTROL | WRITE_DAC, "even where that is denied");
        assert_eq!(access("O:NSD:(A;;FR;;;S-1-3-4)").granted, FILE_GENERIC_READ);
    }

    #[test]
    fn what_hangs_on_a_condition_is_not_decided() {
        let with_condition = |kind: &str, more: &str| {
            let access = access(&format!("D:({kind};;0x1;;;NS;61727478){more}"));
            (access.granted & 1, access.denied & 1, access.undecided)
        };
        assert_eq!(with_condition("XA", ""), (0, 0, 1));
        assert_eq!(with_condition("XA", "(A;;FA;;;NS)"), (1, 0, 0), "granted either way");
        assert_eq!(with_condition("XA", "(D;;FA;;;NS)"), (0, 0, 1));
        assert_eq!(with_condition("XD", ""), (0, 0, 0), "not granted either way");
        assert_eq!(with_condition("XD", "(A;;FA;;;NS)"), (0, 0, 1));
    }

    #[test]
    fn an_entry_with_an_object_type_is_about_a_part() {
        let part = "ab721a53-1e2f-11d0-9819-00aa0040529b";
        assert_eq!(access(&format!("D:(OA;;0x1;{part};;NS)")), Access { undecided: 1, ..Access::default() });
        assert_eq!(access(&format!("D:(OA;;0x1;;{part};NS)")).granted, 1);
    }
}
