//! The copy of a hive that a change is made to.

use super::super::cell::{Bins, CELL_SIZE, damage};
use super::super::header::{BASE_BLOCK, field, put, put_u32, seal};
use super::super::node::Node;
use super::super::{Defect, Hive, MOST_BYTES};
use super::EditError;
use super::slots::{BIN, BIN_HEADER, Slot, Slots, UNIT};

/// Where the first bin has a copy of the time in the base block.
const BIN_TIME: usize = BASE_BLOCK + 20;
/// Where a key node says when it was written.
const WRITTEN: usize = 4;

/// A hive whose cells come and go.
pub(super) struct Draft {
    hive: Hive,
}

impl Draft {
    pub(super) fn new(hive: &Hive) -> Self {
        Self { hive: hive.clone() }
    }

    /// The root, as read here, is that of before the change.
    pub(super) fn hive(&self) -> &Hive {
        &self.hive
    }

    pub(super) fn bins(&self) -> Bins<'_> {
        self.hive.bins()
    }

    /// A key that must be there.
    pub(super) fn node(&self, path: &str) -> Result<Node, EditError> {
        Ok(*self.hive.key(path)?.ok_or(EditError::NoKey)?.node())
    }

    /// Overwrites a part of what a cell holds.
    pub(super) fn put(&mut self, cell: u32, at: usize, bytes: &[u8]) {
        let start = usize::try_from(cell).unwrap_or(usize::MAX);
        put(&mut self.hive.bytes, start.saturating_add(BASE_BLOCK + CELL_SIZE + at), bytes);
    }

    pub(super) fn put_u32(&mut self, cell: u32, at: usize, number: u32) {
        self.put(cell, at, &number.to_le_bytes());
    }

    /// Says when a key was written.
    pub(super) fn touch(&mut self, key: u32, at: u64) {
        self.put(key, WRITTEN, &at.to_le_bytes());
    }

    /// A new cell that holds this, in the smallest place that is free or in a new bin.
    pub(super) fn add(&mut self, content: &[u8]) -> Result<u32, EditError> {
        let size = (CELL_SIZE + content.len()).next_multiple_of(UNIT);
        let slot = match self.smallest_free(size)? {
            Some(slot) => slot,
            None => self.add_bin(size)?,
        };
        let rest = slot.size - size;
        self.allocate(slot.at, if rest < UNIT { slot.size } else { size })?;
        if rest >= UNIT {
            self.mark_free(slot.at + size, rest)?;
        }
        let cell = u32::try_from(slot.at).map_err(|_| EditError::TooLarge)?;
        self.put(cell, 0, content);
        Ok(cell)
    }

    /// Makes a cell hold this instead. It moves where it is too small.
    pub(super) fn replace(&mut self, cell: u32, content: &[u8]) -> Result<u32, EditError> {
        if self.bins().cell(cell)?.data.len() >= content.len() {
            self.put(cell, 0, content);
            return Ok(cell);
        }
        self.free(cell)?;
        self.add(content)
    }

    /// Deletes a cell; free neighbours in its bin become one with it.
    pub(super) fn free(&mut self, cell: u32) -> Result<(), EditError> {
        self.bins().cell(cell)?;
        let at = usize::try_from(cell).map_err(|_| EditError::TooLarge)?;
        let mut before = None;
        let mut slots = Slots::new(self.bins().bytes());
        for slot in slots.by_ref() {
            let slot = slot?;
            if slot.at == at {
                let after = slots.next().transpose()?;
                let joins = |other: &Slot| other.is_free && other.bin == slot.bin;
                let start = before.filter(joins).map_or(slot.at, |slot: Slot| slot.at);
                let end = after.filter(joins).map_or(slot.end(), |slot| slot.end());
                return self.mark_free(start, end - start);
            }
            before = Some(slot);
        }
        Err(damage(cell, Defect::Outside).into())
    }

    pub(super) fn into_hive(mut self) -> Result<Hive, EditError> {
        self.hive.root = Node::read(self.bins(), self.hive.header.root)?;
        Ok(self.hive)
    }

    /// Makes it a hive that was written in full at a time.
    pub(super) fn finish(self, at: u64) -> Vec<u8> {
        let sequence = self.hive.header.primary_sequence.wrapping_add(1);
        let mut bytes = self.hive.bytes;
        put_u32(&mut bytes, field::PRIMARY_SEQUENCE, sequence);
        put_u32(&mut bytes, field::SECONDARY_SEQUENCE, sequence);
        put(&mut bytes, field::WRITTEN, &at.to_le_bytes());
        put(&mut bytes, BIN_TIME, &at.to_le_bytes());
        seal(&mut bytes);
        bytes
    }

    fn smallest_free(&self, size: usize) -> Result<Option<Slot>, EditError> {
        let mut smallest: Option<Slot> = None;
        for slot in Slots::new(self.bins().bytes()) {
            let slot = slot?;
            if slot.is_free && slot.size >= size && smallest.is_none_or(|smallest| slot.size < smallest.size) {
                smallest = Some(slot);
            }
        }
        Ok(smallest)
    }

    /// A bin at the end with one free cell of at least a size. What lay behind the last bin has no meaning.
    fn add_bin(&mut self, size: usize) -> Result<Slot, EditError> {
        let bin = self.bins().len();
        let length = (BIN_HEADER + size).next_multiple_of(BIN);
        let end = BASE_BLOCK + bin + length;
        if end > MOST_BYTES {
            return Err(EditError::TooLarge);
        }
        let field = |number: usize| u32::try_from(number).map(u32::to_le_bytes).map_err(|_| EditError::TooLarge);
        let header = [*b"hbin", field(bin)?, field(length)?].concat();
        if self.hive.bytes.len() < end {
            self.hive.bytes.resize(end, 0);
        }
        if let Some(new) = self.hive.bytes.get_mut(BASE_BLOCK + bin..end) {
            new.fill(0);
        }
        put(&mut self.hive.bytes, BASE_BLOCK + bin, &header);
        self.hive.header.bins_size = u32::try_from(bin + length).map_err(|_| EditError::TooLarge)?;
        put_u32(&mut self.hive.bytes, field::BINS_SIZE, self.hive.header.bins_size);
        let slot = Slot { bin, at: bin + BIN_HEADER, size: length - BIN_HEADER, is_free: true };
        self.mark_free(slot.at, slot.size)?;
        Ok(slot)
    }

    /// Takes a place, and clears what lay there.
    fn allocate(&mut self, at: usize, size: usize) -> Result<(), EditError> {
        let start = BASE_BLOCK + at;
        if let Some(place) = self.hive.bytes.get_mut(start..start + size) {
            place.fill(0);
        }
        let size = i32::try_from(size).map_err(|_| EditError::TooLarge)?;
        put(&mut self.hive.bytes, start, &(-size).to_le_bytes());
        Ok(())
    }

    fn mark_free(&mut self, at: usize, size: usize) -> Result<(), EditError> {
        let size = i32::try_from(size).map_err(|_| EditError::TooLarge)?;
        put(&mut self.hive.bytes, BASE_BLOCK + at, &size.to_le_bytes());
        Ok(())
    }
}
