//! Cells: everything in a hive lies in one, and is pointed to by its offset from the first bin.

use super::header::BASE_BLOCK;
use super::{Damage, Defect};

/// An offset that points nowhere.
pub(super) const NOWHERE: u32 = u32::MAX;
/// Bytes of the size before the content of a cell.
pub(super) const CELL_SIZE: usize = 4;

/// All bins of a hive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bins<'a>(&'a [u8]);

/// What an allocated cell holds, padding included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell<'a> {
    pub(super) offset: u32,
    pub(super) data: &'a [u8],
}

impl<'a> Bins<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(self) -> &'a [u8] {
        self.0
    }

    pub(super) fn len(self) -> usize {
        self.0.len()
    }

    /// The cell at an offset, unless it is deleted.
    pub(super) fn cell(self, offset: u32) -> Result<Cell<'a>, Damage> {
        let damage = |what| damage(offset, what);
        let at = usize::try_from(offset).map_err(|_| damage(Defect::Outside))?;
        let size = u32_at(self.0, at).ok_or(damage(Defect::Outside))?.cast_signed();
        if size >= 0 {
            return Err(damage(Defect::Deleted));
        }
        let size = usize::try_from(size.unsigned_abs()).map_err(|_| damage(Defect::CellSize))?;
        let cell = at.checked_add(size).and_then(|end| self.0.get(at..end));
        let data = cell.and_then(|cell| cell.get(CELL_SIZE..)).ok_or(damage(Defect::CellSize))?;
        Ok(Cell { offset, data })
    }
}

impl<'a> Cell<'a> {
    pub(super) fn damage(&self, what: Defect) -> Damage {
        damage(self.offset, what)
    }

    pub(super) fn signature(&self) -> &'a [u8] {
        self.data.get(..2).unwrap_or_default()
    }

    /// Checks the two letters that it must begin with.
    pub(super) fn expect(&self, signature: &'static str) -> Result<(), Damage> {
        let is_there = self.signature() == signature.as_bytes();
        is_there.then_some(()).ok_or(self.damage(Defect::Missing(signature)))
    }

    pub(super) fn bytes(&self, at: usize, length: usize) -> Result<&'a [u8], Damage> {
        let found = at.checked_add(length).and_then(|end| self.data.get(at..end));
        found.ok_or(self.damage(Defect::Short))
    }

    pub(super) fn u16(&self, at: usize) -> Result<u16, Damage> {
        u16_at(self.data, at).ok_or(self.damage(Defect::Short))
    }

    pub(super) fn u32(&self, at: usize) -> Result<u32, Damage> {
        u32_at(self.data, at).ok_or(self.damage(Defect::Short))
    }

    pub(super) fn u64(&self, at: usize) -> Result<u64, Damage> {
        u64_at(self.data, at).ok_or(self.damage(Defect::Short))
    }

    /// The offsets of a list that begins at `from`, one in every `stride` bytes. Fewer than `count` where it is cut.
    pub(super) fn offsets(self, from: usize, stride: usize, count: usize) -> impl Iterator<Item = u32> + 'a {
        let list = self.data.get(from..).unwrap_or_default();
        list.chunks_exact(stride).take(count).filter_map(|entry| u32_at(entry, 0))
    }
}

pub(super) fn damage(offset: u32, what: Defect) -> Damage {
    let base = u64::try_from(BASE_BLOCK).unwrap_or_default();
    Damage { offset: base + u64::from(offset), what }
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_le_bytes)
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes)
}
