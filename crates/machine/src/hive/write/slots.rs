//! All cells of all bins in the order of the file, deleted ones too.

use super::super::cell::{damage, u32_at};
use super::super::{Damage, Defect, Hive};

/// Bins begin at multiples of this and are as large.
pub(super) const BIN: usize = 4096;
/// Bytes of a bin before its first cell.
pub(super) const BIN_HEADER: usize = 32;
/// Sizes of cells are multiples of this.
pub(super) const UNIT: usize = 8;

/// A place for a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    /// Where the bin begins.
    pub(super) bin: usize,
    pub(super) at: usize,
    pub(super) size: usize,
    pub(super) is_free: bool,
}

impl Slot {
    pub(super) fn end(&self) -> usize {
        self.at + self.size
    }
}

/// Walks over bins; the first damage ends it.
pub(super) struct Slots<'a> {
    bins: &'a [u8],
    bin: usize,
    bin_end: usize,
    at: usize,
}

impl<'a> Slots<'a> {
    pub(super) fn new(bins: &'a [u8]) -> Self {
        Self { bins, bin: 0, bin_end: 0, at: 0 }
    }

    fn step(&mut self) -> Result<Slot, Defect> {
        if self.at == self.bin_end {
            self.bin = self.at;
            self.bin_end = self.bin_end(self.bin).ok_or(Defect::Bin)?;
            self.at += BIN_HEADER;
        }
        let size = u32_at(self.bins, self.at).ok_or(Defect::Bin)?.cast_signed();
        let is_free = size > 0;
        let size = usize::try_from(size.unsigned_abs()).map_err(|_| Defect::CellSize)?;
        let fits = size >= UNIT && size.is_multiple_of(UNIT) && size <= self.bin_end - self.at;
        let slot = Slot { bin: self.bin, at: self.at, size, is_free };
        self.at += if fits { size } else { 0 };
        fits.then_some(slot).ok_or(Defect::CellSize)
    }

    fn bin_end(&self, bin: usize) -> Option<usize> {
        let header = self.bins.get(bin..).filter(|rest| rest.starts_with(b"hbin"))?;
        let says = usize::try_from(u32_at(header, 4)?).ok()?;
        let size = usize::try_from(u32_at(header, 8)?).ok().filter(|size| *size > 0 && size.is_multiple_of(BIN))?;
        bin.checked_add(size).filter(|end| says == bin && *end <= self.bins.len())
    }
}

impl Iterator for Slots<'_> {
    type Item = Result<Slot, Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bins.len() {
            return None;
        }
        let slot = self.step().map_err(|what| damage(u32::try_from(self.at).unwrap_or(u32::MAX), what));
        if slot.is_err() {
            self.at = usize::MAX;
        }
        Some(slot)
    }
}

/// Whether bins and cells follow upon each other without gaps up to the end.
pub(super) fn check(hive: &Hive) -> Result<(), Damage> {
    let bins = hive.bins();
    if u32::try_from(bins.len()) != Ok(hive.header.bins_size) || bins.len() == 0 {
        return Err(damage(u32::try_from(bins.len()).unwrap_or(u32::MAX), Defect::Bin));
    }
    Slots::new(bins.bytes()).try_for_each(|slot| slot.map(|_| ()))
}
