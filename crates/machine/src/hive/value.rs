//! Values (`vk`) and their data.

use super::cell::{Bins, Cell};
use super::name::Name;
use super::{Damage, Defect};

/// The most bytes in one segment of big data (`db`).
pub(super) const SEGMENT: usize = 16_344;
/// Set in the size where the data is in place of its offset.
pub(super) const RESIDENT: u32 = 1 << 31;
pub(super) const COMPRESSED_NAME: u16 = 1;
/// Marks a value as deleted in a layer above another hive.
const TOMBSTONE: u16 = 2;

/// A value without its data.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored<'a> {
    pub(super) cell: Cell<'a>,
    pub(super) name: Name<'a>,
    pub(super) kind: u32,
    /// With [`RESIDENT`].
    pub(super) size: u32,
    pub(super) data: u32,
    flags: u16,
}

impl<'a> Stored<'a> {
    pub(super) fn read(bins: Bins<'a>, offset: u32) -> Result<Self, Damage> {
        let cell = bins.cell(offset)?;
        cell.expect("vk")?;
        let flags = cell.u16(16)?;
        let name = cell.bytes(20, cell.u16(2)?.into())?;
        Ok(Self {
            cell,
            name: Name { raw: name, compressed: flags & COMPRESSED_NAME != 0 },
            kind: cell.u32(12)?,
            size: cell.u32(4)?,
            data: cell.u32(8)?,
            flags,
        })
    }

    pub(super) fn is_tombstone(&self) -> bool {
        self.flags & TOMBSTONE != 0
    }

    /// Bytes of its data, wherever they are.
    pub(super) fn length(&self) -> usize {
        usize::try_from(self.size & !RESIDENT).unwrap_or(usize::MAX)
    }

    pub(super) fn bytes(&self, bins: Bins<'a>) -> Result<Vec<u8>, Damage> {
        if self.size & RESIDENT != 0 {
            let at_most = self.cell.bytes(8, 4)?;
            return at_most.get(..self.length()).map(<[u8]>::to_vec).ok_or(self.cell.damage(Defect::Data));
        }
        if self.size == 0 {
            return Ok(Vec::new());
        }
        let cell = bins.cell(self.data)?;
        match cell.data.get(..self.length()) {
            Some(data) => Ok(data.to_vec()),
            None if cell.signature() == b"db" => self.big_data(bins, &cell),
            None => Err(cell.damage(Defect::Data)),
        }
    }

    fn big_data(&self, bins: Bins<'a>, cell: &Cell<'a>) -> Result<Vec<u8>, Damage> {
        let count = usize::from(cell.u16(2)?);
        // No segment can be used twice, so that a small hive does not become a large value.
        if self.length() > bins.len() || count != self.length().div_ceil(SEGMENT) {
            return Err(cell.damage(Defect::Data));
        }
        let mut data = Vec::with_capacity(self.length());
        for segment in bins.cell(cell.u32(4)?)?.offsets(0, 4, count) {
            let wanted = (self.length() - data.len()).min(SEGMENT);
            data.extend_from_slice(bins.cell(segment)?.bytes(0, wanted)?);
        }
        if data.len() == self.length() { Ok(data) } else { Err(cell.damage(Defect::Data)) }
    }
}
