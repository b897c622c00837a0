use thiserror::Error;

use super::{Sid, SidError};

/// Everything with a file.
pub const FILE_ALL_ACCESS: u32 = 0x001f_01ff;
/// What opening a file to read it asks for.
pub const FILE_GENERIC_READ: u32 = 0x0012_0089;
/// What opening a file to write it asks for.
pub const FILE_GENERIC_WRITE: u32 = 0x0012_0116;
/// What running a file asks for.
pub const FILE_GENERIC_EXECUTE: u32 = 0x0012_00a0;
/// The flag of an entry that is for what is created below, and not for the object itself.
pub const INHERIT_ONLY: u8 = 0x08;

const DACL_PRESENT: u16 = 0x0004;
const SACL_PRESENT: u16 = 0x0010;
const SELF_RELATIVE: u16 = 0x8000;
const READ_CONTROL: u32 = 0x0002_0000;
const WRITE_DAC: u32 = 0x0004_0000;
/// Bytes of the header with its four offsets.
const HEADER: usize = 20;
/// An ACL is 64 kB at most by its own size field, so that is what its entries fill.
const SMALLEST_ACE: usize = 4;

/// A self-relative security descriptor ([MS-DTYP] 2.4.6).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Descriptor {
    /// The control flags without those that say where things are.
    pub control: u16,
    /// The owner.
    pub owner: Option<Sid>,
    /// The primary group.
    pub group: Option<Sid>,
    /// Who may what, in order. Without a list everybody may everything; an empty list lets nobody in.
    pub dacl: Option<Vec<Ace>>,
    /// What is audited, as it is stored.
    pub sacl: Option<Vec<u8>>,
}

/// One entry of an access control list ([MS-DTYP] 2.4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ace {
    /// What it does.
    pub kind: AceKind,
    /// How it is inherited.
    pub flags: u8,
    /// The rights that it is about.
    pub mask: u32,
    /// Whom it is about.
    pub sid: Sid,
    /// What follows the SID: conditions and claims.
    pub rest: Vec<u8>,
}

/// What an entry does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AceKind {
    /// ACCESS_ALLOWED_ACE_TYPE.
    Allow,
    /// ACCESS_DENIED_ACE_TYPE.
    Deny,
    /// Any other, with its type. It decides nothing here.
    Other(u8),
}

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// The rights that are granted.
    pub granted: u32,
    /// The rights that an entry denies by name.
    pub denied: u32,
}

/// Why bytes are no descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DescriptorError {
    /// It ends before what it says it holds.
    #[error("a security descriptor that ends early")]
    Short,
    /// Another revision, or not self-relative.
    #[error("no self-relative security descriptor of revision 1")]
    Malformed,
    /// Of its owner, its group or an entry.
    #[error(transparent)]
    Sid(#[from] SidError),
}

impl Descriptor {
    /// Reads one. What lies behind it is not looked at.
    pub fn read(bytes: &[u8]) -> Result<Self, DescriptorError> {
        let header = bytes.get(..HEADER).ok_or(DescriptorError::Short)?;
        let control = word(header, 2)?;
        if header.first() != Some(&1) || control & SELF_RELATIVE == 0 {
            return Err(DescriptorError::Malformed);
        }
        let part = |at: usize| -> Result<Option<&[u8]>, DescriptorError> {
            match long(header, at)? {
                0 => Ok(None),
                offset => bytes.get(offset..).map(Some).ok_or(DescriptorError::Short),
            }
        };
        let sid = |at| -> Result<Option<Sid>, DescriptorError> {
            Ok(part(at)?.map(Sid::read).transpose()?.map(|(sid, _)| sid))
        };
        let dacl = part(16)?.filter(|_| control & DACL_PRESENT != 0);
        let sacl = part(12)?.filter(|_| control & SACL_PRESENT != 0);
        Ok(Self {
            control: control & !(DACL_PRESENT | SACL_PRESENT | SELF_RELATIVE),
            owner: sid(4)?,
            group: sid(8)?,
            dacl: dacl.map(entries).transpose()?,
            sacl: sacl.map(|bytes| whole_acl(bytes).map(<[u8]>::to_vec)).transpose()?,
        })
    }

    /// As it is stored: owner, group, SACL, DACL.
    pub fn to_bytes(&self) -> Vec<u8> {
        let dacl = self.dacl.as_ref().map(|aces| acl(aces));
        let mut control = self.control | SELF_RELATIVE | DACL_PRESENT;
        control |= if self.sacl.is_some() { SACL_PRESENT } else { 0 };
        let parts = [self.owner.map(Sid::to_bytes), self.group.map(Sid::to_bytes), self.sacl.clone(), dacl];
        let mut header = vec![1, 0];
        header.extend(control.to_le_bytes());
        let mut body: Vec<u8> = Vec::new();
        for part in parts {
            let offset = if part.is_some() { HEADER + body.len() } else { 0 };
            header.extend(u32::try_from(offset).unwrap_or(0).to_le_bytes());
            body.extend(part.unwrap_or_default());
        }
        header.extend(body);
        header
    }

    /// What somebody with these SIDs may do with the file, as AccessCheck counts: entries in order, the first word on a
    /// right decides it.
    pub fn access(&self, who: &[Sid]) -> Access {
        let Some(aces) = &self.dacl else { return Access { granted: FILE_ALL_ACCESS, denied: 0 } };
        let (mut granted, mut denied) = (0, 0);
        let owns = self.owner.is_some_and(|owner| who.contains(&owner));
        let is_listed = aces.iter().any(|ace| ace.sid == Sid::OWNER_RIGHTS && ace.flags & INHERIT_ONLY == 0);
        if owns && !is_listed {
            granted |= READ_CONTROL | WRITE_DAC;
        }
        for ace in aces.iter().filter(|ace| ace.flags & INHERIT_ONLY == 0) {
            let is_meant = who.contains(&ace.sid) || (owns && ace.sid == Sid::OWNER_RIGHTS);
            if !is_meant {
                continue;
            }
            let mask = specific(ace.mask);
            match ace.kind {
                AceKind::Allow => granted |= mask & !denied,
                AceKind::Deny => denied |= mask & !granted,
                AceKind::Other(_) => {}
            }
        }
        Access { granted, denied }
    }
}

/// Generic rights as those of files ([MS-DTYP] 2.4.3).
fn specific(mask: u32) -> u32 {
    const GENERIC: [(u32, u32); 4] = [
        (0x8000_0000, FILE_GENERIC_READ),
        (0x4000_0000, FILE_GENERIC_WRITE),
        (0x2000_0000, FILE_GENERIC_EXECUTE),
        (0x1000_0000, FILE_ALL_ACCESS),
    ];
    let mapped = GENERIC.iter().filter(|(generic, _)| mask & generic != 0).map(|(_, rights)| rights);
    mapped.fold(mask & 0x0fff_ffff, |sum, rights| sum | rights)
}

/// The whole list, as long as it says that it is.
fn whole_acl(bytes: &[u8]) -> Result<&[u8], DescriptorError> {
    let size = usize::from(word(bytes, 2)?);
    bytes.get(..size).filter(|acl| acl.len() >= 8).ok_or(DescriptorError::Short)
}

fn entries(bytes: &[u8]) -> Result<Vec<Ace>, DescriptorError> {
    let acl = whole_acl(bytes)?;
    let count = word(acl, 4)?;
    let mut rest = acl.get(8..).unwrap_or_default();
    let mut aces = Vec::new();
    for _ in 0..count {
        let size = usize::from(word(rest, 2)?).max(SMALLEST_ACE);
        let (entry, further) = rest.split_at_checked(size).ok_or(DescriptorError::Short)?;
        aces.push(ace(entry)?);
        rest = further;
    }
    Ok(aces)
}

fn ace(entry: &[u8]) -> Result<Ace, DescriptorError> {
    let [kind, flags, ..] = entry else { return Err(DescriptorError::Short) };
    let kind = match kind {
        0 => AceKind::Allow,
        1 => AceKind::Deny,
        other => AceKind::Other(*other),
    };
    let mask = u32::try_from(long(entry, 4)?).map_err(|_| DescriptorError::Malformed)?;
    // Entries with object types have them before the SID: they are kept as they are, and nobody is granted by them.
    let body = entry.get(8..).ok_or(DescriptorError::Short)?;
    let (sid, rest) = match (kind, Sid::read(body)) {
        (_, Ok((sid, length))) => (sid, body.get(length..).unwrap_or_default()),
        (AceKind::Other(_), Err(_)) => (Sid::ANONYMOUS, body),
        (_, Err(error)) => return Err(error.into()),
    };
    Ok(Ace { kind, flags: *flags, mask, sid, rest: rest.to_vec() })
}

fn acl(aces: &[Ace]) -> Vec<u8> {
    let mut body = Vec::new();
    for ace in aces {
        let sid = ace.sid.to_bytes();
        let size = 8 + sid.len() + ace.rest.len();
        let kind = match ace.kind {
            AceKind::Allow => 0,
            AceKind::Deny => 1,
            AceKind::Other(kind) => kind,
        };
        body.extend([kind, ace.flags]);
        body.extend(u16::try_from(size).unwrap_or(u16::MAX).to_le_bytes());
        body.extend(ace.mask.to_le_bytes());
        body.extend(sid);
        body.extend(&ace.rest);
    }
    let mut acl = vec![2, 0];
    acl.extend(u16::try_from(8 + body.len()).unwrap_or(u16::MAX).to_le_bytes());
    acl.extend(u16::try_from(aces.len()).unwrap_or(u16::MAX).to_le_bytes());
    acl.extend([0, 0]);
    acl.extend(body);
    acl
}

fn word(bytes: &[u8], at: usize) -> Result<u16, DescriptorError> {
    let pair = bytes.get(at..at + 2).and_then(|pair| pair.try_into().ok()).ok_or(DescriptorError::Short)?;
    Ok(u16::from_le_bytes(pair))
}

fn long(bytes: &[u8], at: usize) -> Result<usize, DescriptorError> {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).ok_or(DescriptorError::Short)?;
    usize::try_from(u32::from_le_bytes(four)).map_err(|_| DescriptorError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::security::network_service_token;

    fn of(sddl: &str) -> Descriptor {
        sddl.parse().unwrap()
    }

    fn reads(sddl: &str) -> bool {
        of(sddl).access(&network_service_token()).granted & FILE_GENERIC_READ == FILE_GENERIC_READ
    }

    #[test]
    fn annotated_bytes_go_both_ways() {
        let bytes = [
            &[1, 0, 0x04, 0x80][..],                // revision 1, self-relative with a DACL
            &[20, 0, 0, 0],                         // the owner is at 20
            &[0, 0, 0, 0, 0, 0, 0, 0],              // no group, no SACL
            &[32, 0, 0, 0],                         // the DACL is at 32
            &[1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0], // S-1-5-18
            &[2, 0, 28, 0, 1, 0, 0, 0],             // revision 2, 28 bytes, one entry
            &[0, 0, 20, 0],                         // allow, not inherited, 20 bytes
            &[0x89, 0, 0x12, 0],                    // FILE_GENERIC_READ
            &[1, 1, 0, 0, 0, 0, 0, 5, 20, 0, 0, 0], // S-1-5-20
        ]
        .concat();
        let read = Descriptor::read(&bytes).unwrap();
        assert_eq!(read, of("O:SYD:(A;;FR;;;NS)"));
        assert_eq!(read.to_bytes(), bytes);
    }

    #[test]
    fn the_key_file_as_windows_makes_it_lets_the_service_read() {
        assert!(reads("O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;NS)(A;;FR;;;BA)"));
        assert!(!reads("O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;BA)"));
    }

    #[test]
    fn a_denial_counts_only_before_the_grant() {
        assert!(!reads("D:(D;;FR;;;NS)(A;;FA;;;WD)"));
        assert!(reads("D:(A;;FA;;;WD)(D;;FR;;;NS)"));
        assert!(!reads("D:(D;;0x1;;;WD)(A;;FA;;;NS)"), "one right less is not enough");
    }

    #[test]
    fn rights_add_up_over_groups_and_generic_ones_are_mapped() {
        assert!(reads("D:(A;;0x89;;;NS)(A;;0x120000;;;BU)"));
        assert!(reads("D:(A;;GR;;;WD)"));
        assert!(!reads("D:(A;IO;FA;;;NS)"), "it is for what is created below");
    }

    #[test]
    fn no_list_is_everything_and_an_empty_one_nothing() {
        assert!(Descriptor::default().access(&[]).granted == FILE_ALL_ACCESS);
        assert!(!reads("D:"));
    }

    #[test]
    fn the_owner_may_always_change_the_list() {
        assert_eq!(of("O:NSD:").access(&network_service_token()).granted, READ_CONTROL | WRITE_DAC);
        assert_eq!(of("O:NSD:(A;;FR;;;S-1-3-4)").access(&network_service_token()).granted, FILE_GENERIC_READ);
    }

    #[test]
    fn what_is_cut_short_is_refused() {
        let whole = of("O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;NS)").to_bytes();
        for length in 0..whole.len() {
            assert!(Descriptor::read(&whole[..length]).is_err(), "{length} bytes");
        }
    }
}
