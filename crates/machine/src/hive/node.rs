//! Key nodes (`nk`).

use super::cell::Bins;
use super::name::Name;
use super::{Damage, Defect};

/// The root of a hive.
const HIVE_ENTRY: u16 = 0x04;
const NO_DELETE: u16 = 0x08;
pub(super) const COMPRESSED_NAME: u16 = 0x20;
/// A handle is where the number of values would be.
const PREDEFINED_HANDLE: u16 = 0x40;
/// Where the name begins.
pub(super) const NAME: usize = 76;

/// What a key node says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    /// Where it is.
    pub(super) offset: u32,
    pub(super) flags: u16,
    /// FILETIME.
    pub(super) written: u64,
    pub(super) parent: u32,
    pub(super) subkeys: u32,
    pub(super) subkey_list: u32,
    pub(super) values: u32,
    pub(super) value_list: u32,
    pub(super) security: u32,
    pub(super) class: u32,
    name_length: usize,
}

impl Node {
    pub(super) fn read(bins: Bins<'_>, offset: u32) -> Result<Self, Damage> {
        let cell = bins.cell(offset)?;
        cell.expect("nk")?;
        let flags = cell.u16(2)?;
        let name_length = usize::from(cell.u16(72)?);
        cell.bytes(NAME, name_length)?;
        let has_values = flags & PREDEFINED_HANDLE == 0;
        Ok(Self {
            offset,
            flags,
            written: cell.u64(4)?,
            parent: cell.u32(16)?,
            subkeys: cell.u32(20)?,
            subkey_list: cell.u32(28)?,
            values: if has_values { cell.u32(36)? } else { 0 },
            value_list: cell.u32(40)?,
            security: cell.u32(44)?,
            class: cell.u32(48)?,
            name_length,
        })
    }

    pub(super) fn has_predefined_handle(&self) -> bool {
        self.flags & PREDEFINED_HANDLE != 0
    }

    /// Whether Windows would not delete it.
    pub(super) fn is_protected(&self) -> bool {
        self.flags & (HIVE_ENTRY | NO_DELETE) != 0
    }

    pub(super) fn name<'a>(&self, bins: Bins<'a>) -> Name<'a> {
        let raw = bins.cell(self.offset).and_then(|cell| cell.bytes(NAME, self.name_length));
        Name { raw: raw.unwrap_or_default(), compressed: self.flags & COMPRESSED_NAME != 0 }
    }

    /// The security descriptor, which several keys may share.
    pub(super) fn descriptor<'a>(&self, bins: Bins<'a>) -> Result<&'a [u8], Damage> {
        let cell = bins.cell(self.security)?;
        cell.expect("sk")?;
        let size = usize::try_from(cell.u32(16)?).map_err(|_| cell.damage(Defect::Short))?;
        cell.bytes(20, size)
    }
}
