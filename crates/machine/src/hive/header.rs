//! The base block, of hives and of transaction logs.

use super::cell::{u32_at, u64_at};

/// Bytes before the first bin.
pub(super) const BASE_BLOCK: usize = 4096;
/// Bytes of the base block that count, and all of it that a log has.
pub(super) const SECTOR: usize = 512;

/// Where its fields are.
pub(super) mod field {
    pub(crate) const PRIMARY_SEQUENCE: usize = 4;
    pub(crate) const SECONDARY_SEQUENCE: usize = 8;
    pub(crate) const WRITTEN: usize = 12;
    pub(crate) const FILE_TYPE: usize = 28;
    pub(crate) const BINS_SIZE: usize = 40;
    pub(crate) const FLAGS: usize = 144;
    pub(crate) const CHECKSUM: usize = 508;
}

/// File types of the base block.
const PRIMARY: u32 = 0;
const LOG_OLD: [u32; 2] = [1, 2];
const LOG_NEW: u32 = 6;

/// What a base block says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) primary_sequence: u32,
    pub(super) secondary_sequence: u32,
    /// FILETIME. Windows 8.1 and newer never change it.
    pub(super) written: u64,
    pub(super) major: u32,
    pub(super) minor: u32,
    file_type: u32,
    pub(super) root: u32,
    pub(super) bins_size: u32,
    /// Bytes of a sector divided by 512.
    pub(super) clustering: u32,
    file_name: [u8; 64],
    pub(super) checksum_holds: bool,
}

impl Header {
    /// `None` unless there are a whole sector and the signature.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let sector = bytes.get(..SECTOR).filter(|sector| sector.starts_with(b"regf"))?;
        Some(Self {
            primary_sequence: u32_at(sector, field::PRIMARY_SEQUENCE)?,
            secondary_sequence: u32_at(sector, field::SECONDARY_SEQUENCE)?,
            written: u64_at(sector, field::WRITTEN)?,
            major: u32_at(sector, 20)?,
            minor: u32_at(sector, 24)?,
            file_type: u32_at(sector, field::FILE_TYPE)?,
            root: u32_at(sector, 36)?,
            bins_size: u32_at(sector, field::BINS_SIZE)?,
            clustering: u32_at(sector, 44)?,
            file_name: *sector.get(48..)?.first_chunk()?,
            checksum_holds: u32_at(sector, field::CHECKSUM)? == checksum(sector),
        })
    }

    pub(super) fn is_dirty(&self) -> bool {
        !self.checksum_holds || self.primary_sequence != self.secondary_sequence
    }

    pub(super) fn has_known_version(&self) -> bool {
        self.major == 1 && (3..=6).contains(&self.minor)
    }

    pub(super) fn is_log(&self) -> bool {
        self.file_type != PRIMARY
    }

    pub(super) fn is_old_log(&self) -> bool {
        LOG_OLD.contains(&self.file_type)
    }

    pub(super) fn is_new_log(&self) -> bool {
        self.file_type == LOG_NEW
    }

    /// Whether it may be a copy of the other one, made at another time.
    pub(super) fn is_of_the_hive_of(&self, other: &Self) -> bool {
        self.file_name == other.file_name && self.root == other.root
    }
}

/// All but the last word of a sector XORed; never 0 or all ones.
pub(super) fn checksum(sector: &[u8]) -> u32 {
    let words = sector.chunks_exact(4).take(field::CHECKSUM / 4);
    match words.filter_map(|word| u32_at(word, 0)).fold(0, |sum, word| sum ^ word) {
        0 => 1,
        u32::MAX => u32::MAX - 1,
        sum => sum,
    }
}

/// Whether a base block says that its hive was not written in full. What is no base block says nothing.
pub(crate) fn is_unfinished(sector: &[u8]) -> bool {
    Header::read(sector).is_some_and(|header| header.is_dirty())
}

/// A base block that says so of the same hive, with numbers that no transaction log of before fits.
pub(crate) fn unfinished(sector: &[u8]) -> Option<Vec<u8>> {
    let header = Header::read(sector)?;
    let mut sector = sector.to_vec();
    put_u32(&mut sector, field::PRIMARY_SEQUENCE, header.secondary_sequence.wrapping_add(1));
    seal(&mut sector);
    Some(sector)
}

/// Puts the right checksum into a base block.
pub(super) fn seal(bytes: &mut [u8]) {
    let sum = checksum(bytes);
    put_u32(bytes, field::CHECKSUM, sum);
}

/// Overwrites four bytes; nothing happens where there are none.
pub(super) fn put_u32(bytes: &mut [u8], at: usize, number: u32) {
    put(bytes, at, &number.to_le_bytes());
}

/// Overwrites bytes; nothing happens where there are not as many.
pub(super) fn put(bytes: &mut [u8], at: usize, new: &[u8]) {
    if let Some(place) = at.checked_add(new.len()).and_then(|end| bytes.get_mut(at..end)) {
        place.copy_from_slice(new);
    }
}
