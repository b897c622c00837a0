use thiserror::Error;

use super::{Acl, Sid, SidError, long, word};

/// SE_DACL_PROTECTED: nothing is inherited from above.
pub(super) const DACL_PROTECTED: u16 = 0x1000;
/// SE_DACL_AUTO_INHERITED.
pub(super) const DACL_AUTO_INHERITED: u16 = 0x0400;
const DACL_PRESENT: u16 = 0x0004;
const SACL_PRESENT: u16 = 0x0010;
const SELF_RELATIVE: u16 = 0x8000;
/// Bytes of the header with its four offsets.
const HEADER: usize = 20;
/// Two lists of 64 KiB, two SIDs and some air: no descriptor is larger.
const LARGEST: usize = 256 << 10;

/// A self-relative security descriptor ([MS-DTYP] 2.4.6). Two are equal when they say the same, wherever their parts lie.
#[derive(Debug, Clone, Default)]
pub struct Descriptor {
    /// The control flags without those that say where things are.
    pub control: u16,
    /// The owner.
    pub owner: Option<Sid>,
    /// The primary group.
    pub group: Option<Sid>,
    /// Who may what. Without a list everybody may everything; an empty list lets nobody in.
    pub dacl: Option<Acl>,
    /// What is audited, and the integrity level.
    pub sacl: Option<Acl>,
    /// The bytes that it was read from, where it would be written otherwise.
    source: Option<Box<[u8]>>,
}

/// Why bytes are no descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DescriptorError {
    /// It ends before what it says it holds.
    #[error("a security descriptor that ends early")]
    Short,
    /// Another revision, not self-relative, or with parts that overlap nothing sensible.
    #[error("no self-relative security descriptor of revision 1")]
    Malformed,
    /// A list of more than 64 KiB.
    #[error("an access list that is too large for a security descriptor")]
    TooLarge,
    /// Of its owner, its group or an entry.
    #[error(transparent)]
    Sid(#[from] SidError),
}

impl Descriptor {
    /// Reads one. What lies behind 256 KiB is not looked at.
    pub fn read(bytes: &[u8]) -> Result<Self, DescriptorError> {
        let bytes = bytes.get(..LARGEST).unwrap_or(bytes);
        let mut read = parse(bytes)?;
        if read.canonical().ok().as_deref() != Some(bytes) {
            read.source = Some(bytes.into());
        }
        Ok(read)
    }

    /// As it is stored: unchanged since it was read, the same bytes; else owner, group, SACL, DACL.
    pub fn to_bytes(&self) -> Result<Vec<u8>, DescriptorError> {
        match &self.source {
            Some(source) if parse(source).as_ref() == Ok(self) => Ok(source.to_vec()),
            _ => self.canonical(),
        }
    }

    /// Whether nothing is inherited from above.
    pub fn is_protected(&self) -> bool {
        self.control & DACL_PROTECTED != 0
    }

    /// Whether what was inherited is marked as such.
    pub fn is_auto_inherited(&self) -> bool {
        self.control & DACL_AUTO_INHERITED != 0
    }

    fn canonical(&self) -> Result<Vec<u8>, DescriptorError> {
        let dacl = self.dacl.as_ref().map(Acl::to_bytes).transpose()?;
        let sacl = self.sacl.as_ref().map(Acl::to_bytes).transpose()?;
        let mut control = self.control | SELF_RELATIVE | DACL_PRESENT;
        control |= if sacl.is_some() { SACL_PRESENT } else { 0 };
        let parts = [self.owner.map(Sid::to_bytes), self.group.map(Sid::to_bytes), sacl, dacl];
        let mut header = vec![1, 0];
        header.extend(control.to_le_bytes());
        let mut body: Vec<u8> = Vec::new();
        for part in parts {
            let offset = if part.is_some() { HEADER + body.len() } else { 0 };
            header.extend(u32::try_from(offset).map_err(|_| DescriptorError::TooLarge)?.to_le_bytes());
            body.extend(part.unwrap_or_default());
        }
        header.extend(body);
        Ok(header)
    }
}

impl PartialEq for Descriptor {
    fn eq(&self, other: &Self) -> bool {
        let all = |of: &Self| (of.control, of.owner, of.group);
        all(self) == all(other) && self.dacl == other.dacl && self.sacl == other.sacl
    }
}

impl Eq for Descriptor {}

fn parse(bytes: &[u8]) -> Result<Descriptor, DescriptorError> {
    let header = bytes.get(..HEADER).ok_or(DescriptorError::Short)?;
    let control = word(header, 2).ok_or(DescriptorError::Short)?;
    if header.first() != Some(&1) || control & SELF_RELATIVE == 0 {
        return Err(DescriptorError::Malformed);
    }
    let part = |at: usize| -> Result<Option<&[u8]>, DescriptorError> {
        let offset = long(header, at).and_then(|offset| usize::try_from(offset).ok()).ok_or(DescriptorError::Short)?;
        (offset != 0).then(|| bytes.get(offset..).ok_or(DescriptorError::Short)).transpose()
    };
    let sid = |at| -> Result<Option<Sid>, DescriptorError> {
        let read = part(at)?.map(Sid::read).transpose()?;
        Ok(read.map(|(sid, _)| sid))
    };
    let acl = |at, present| part(at)?.filter(|_| control & present != 0).map(Acl::read).transpose();
    Ok(Descriptor {
        control: control & !(DACL_PRESENT | SACL_PRESENT | SELF_RELATIVE),
        owner: sid(4)?,
        group: sid(8)?,
        sacl: acl(12, SACL_PRESENT)?,
        dacl: acl(16, DACL_PRESENT)?,
        source: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::security::{Ace, FILE_GENERIC_READ};

    fn of(sddl: &str) -> Descriptor {
        sddl.parse().unwrap()
    }

    fn annotated() -> Vec<u8> {
        [
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
        .concat()
    }

    #[test]
    fn annotated_bytes_go_both_ways() {
        let read = Descriptor::read(&annotated()).unwrap();
        assert_eq!(read, of("O:SYD:(A;;FR;;;NS)"));
        assert_eq!(read.to_bytes(), Ok(annotated()));
        assert!(read.source.is_none());
    }

    #[test]
    fn what_ntfs_3g_hands_out_for_a_new_file_is_read() {
        let bytes = crate::hex::read(concat!(
            "0100048014000000240000000000000034000000010200000000000520000000200200000102000000000005200000002002000002",
            "001c000100000000031400ff011f00010100000000000100000000"
        ));
        let read = Descriptor::read(&bytes.clone().unwrap()).unwrap();
        assert_eq!(read.to_string(), "O:BAG:BAD:(A;OICI;FA;;;WD)");
        assert_eq!(read.to_bytes().ok(), bytes);
    }

    #[test]
    fn the_same_bytes_come_back_unless_something_changed() {
        let mut bytes = annotated();
        bytes[1] = 0x55; // Sbz1, which SE_RM_CONTROL_VALID gives a meaning
        bytes[32 + 2] += 4; // the list has four bytes to spare
        bytes.extend([7; 4]);
        let mut read = Descriptor::read(&bytes).unwrap();
        assert_eq!((read.to_bytes(), &read), (Ok(bytes), &of("O:SYD:(A;;FR;;;NS)")));
        read.dacl.as_mut().unwrap().aces.push(Ace::deny(1, Sid::EVERYONE));
        let again = Descriptor::read(&read.to_bytes().unwrap()).unwrap();
        assert_eq!(again, of("O:SYD:(A;;FR;;;NS)(D;;0x1;;;WD)"));
    }

    #[test]
    fn entries_of_other_kinds_survive() {
        let mut bytes = annotated();
        bytes[40] = 0x13; // SYSTEM_SCOPED_POLICY_ID_ACE_TYPE
        let mut read = Descriptor::read(&bytes).unwrap();
        assert!(matches!(read.dacl.as_ref().unwrap().aces[..], [Ace::Raw { kind: 0x13, .. }]));
        read.owner = None;
        read.owner = Some(Sid::SYSTEM);
        assert_eq!(read.canonical(), Ok(bytes));
    }

    #[test]
    fn a_list_of_more_than_it_can_say_is_not_written() {
        let dacl = Acl::of(vec![Ace::allow(FILE_GENERIC_READ, Sid::EVERYONE); 4000]);
        let large = Descriptor { dacl: Some(dacl), ..Descriptor::default() };
        assert_eq!(large.to_bytes(), Err(DescriptorError::TooLarge));
    }

    #[test]
    fn what_is_cut_short_is_refused() {
        let whole = of("O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;NS)S:(ML;;0x1;;;S-1-16-12288)").to_bytes().unwrap();
        for length in 0..whole.len() {
            assert!(Descriptor::read(&whole[..length]).is_err(), "{length} bytes");
        }
    }
}
