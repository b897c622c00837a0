//! Cells: everything in a hive behind its base block.

use super::{BASE_BLOCK, Damage, Hive};

/// Bytes of one segment of big data, and above which a value has them.
const SEGMENT: usize = 16344;
/// Values of the registry are below this; larger ones are not read.
const LARGEST_VALUE: usize = 64 << 20;

/// The contents of the cell at an offset, which counts from the first bin.
pub(super) fn cell(hive: &Hive, offset: u32) -> Result<&[u8], Damage> {
    let at = place(offset);
    let wrong = |what| Damage { at, what };
    let size = long(&hive.bytes, at).ok_or(wrong("a cell beyond the end"))?.cast_signed();
    if size >= 0 {
        return Err(wrong("a cell that is not in use"));
    }
    let length = usize::try_from(size.unsigned_abs()).map_err(|_| wrong("a cell beyond the end"))?;
    hive.bytes.get(at + 4..at.saturating_add(length)).ok_or(wrong("a cell that ends beyond the hive"))
}

/// A cell with this signature, without it.
pub(super) fn signed(hive: &Hive, offset: u32, signature: [u8; 2]) -> Result<&[u8], Damage> {
    let cell = cell(hive, offset)?;
    cell.strip_prefix(&signature).ok_or(Damage { at: place(offset), what: "a cell of another kind" })
}

/// Data of a value: within the value itself, in a cell, or in segments.
pub(super) fn data(hive: &Hive, length: u32, offset: u32) -> Result<Vec<u8>, Damage> {
    let at = place(offset);
    let wrong = |what| Damage { at, what };
    if length & 0x8000_0000 != 0 {
        let length = usize::try_from(length & 0x7fff_ffff).unwrap_or(usize::MAX);
        return offset.to_le_bytes().get(..length).map(<[u8]>::to_vec).ok_or(wrong("a value too long for its place"));
    }
    let length = usize::try_from(length).map_err(|_| wrong("a value too large"))?;
    if length == 0 {
        return Ok(Vec::new());
    }
    if length > LARGEST_VALUE {
        return Err(wrong("a value too large"));
    }
    let stored = cell(hive, offset)?;
    match stored.strip_prefix(b"db") {
        Some(list) if length > SEGMENT => segments(hive, list, length).map_err(|damage| Damage { at, ..damage }),
        _ => stored.get(..length).map(<[u8]>::to_vec).ok_or(wrong("a value longer than its cell")),
    }
}

fn segments(hive: &Hive, list: &[u8], length: usize) -> Result<Vec<u8>, Damage> {
    let wrong = Damage { at: 0, what: "big data that ends early" };
    let (count, offset) = (word(list, 0).ok_or(wrong)?, long(list, 2).ok_or(wrong)?);
    let offsets = cell(hive, offset)?;
    let mut data = Vec::new();
    for number in 0..usize::from(count) {
        let segment = cell(hive, long(offsets, number * 4).ok_or(wrong)?)?;
        let take = SEGMENT.min(length - data.len());
        data.extend(segment.get(..take).ok_or(wrong)?);
    }
    if data.len() == length { Ok(data) } else { Err(wrong) }
}

/// The place in the file of an offset from the first bin.
pub(super) fn place(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX).saturating_add(BASE_BLOCK)
}

pub(super) fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

pub(super) fn quad(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

pub(super) fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}
