//! Transaction logs: what Windows had not written into the hive yet.

use super::cells::{long, quad};
use super::{BASE_BLOCK, HiveState, LARGEST_HIVE, checksum};

/// Bytes of the base block that a log repeats.
const LOG_HEADER: usize = 512;
const SECTOR: usize = 512;

/// Brings a hive up to date from its logs.
pub(super) fn complete(hive: &mut Vec<u8>, logs: &[Vec<u8>]) -> HiveState {
    let (primary, secondary) = (long(hive, 4), long(hive, 8));
    let sound = long(hive, 508) == Some(checksum(hive));
    if primary == secondary && sound {
        return HiveState::Clean;
    }
    // A header that was cut while it was written is repeated at the head of the logs.
    let usable: Vec<&Vec<u8>> = logs.iter().filter(|log| is_log(log)).collect();
    if usable.is_empty() {
        return HiveState::Dirty { why: "it was not closed, and no transaction log of it is there".to_owned() };
    }
    let entries = incremental(hive, &usable);
    let replayed = if entries > 0 { entries } else { old_style(hive, &usable, sound) };
    match replayed {
        0 => HiveState::Dirty { why: "it was not closed, and its transaction logs do not fit".to_owned() },
        entries => {
            seal(hive);
            HiveState::Replayed { entries }
        }
    }
}

fn is_log(log: &[u8]) -> bool {
    log.get(..4) == Some(b"regf") && log.len() > LOG_HEADER && long(log, 508) == Some(checksum(log))
}

/// Logs of Windows 8.1 and later: entries one after another, each with its number and its hashes.
fn incremental(hive: &mut Vec<u8>, logs: &[&Vec<u8>]) -> usize {
    let Some(from) = long(hive, 8) else { return 0 };
    let mut entries: Vec<(u32, &[u8])> = logs.iter().flat_map(|log| log_entries(log)).collect();
    entries.sort_by_key(|(number, _)| *number);
    entries.dedup_by_key(|(number, _)| *number);
    // Each entry brings the hive from its own number to the next; what is older is in it already.
    let mut expected = None;
    let mut applied = 0;
    for (number, entry) in entries.into_iter().filter(|(number, _)| *number >= from) {
        if expected.is_some_and(|expected| number != expected) || !apply(hive, entry) {
            break;
        }
        applied += 1;
        expected = number.checked_add(1);
    }
    applied
}

/// The entries of one log up to the first that is not whole.
fn log_entries(log: &[u8]) -> Vec<(u32, &[u8])> {
    let mut found: Vec<(u32, &[u8])> = Vec::new();
    let mut rest = log.get(LOG_HEADER..).unwrap_or_default();
    while let Some(entry) = whole_entry(rest) {
        let Some(number) = long(entry, 12) else { break };
        if found.last().is_some_and(|(last, _)| number != last.wrapping_add(1)) {
            break;
        }
        found.push((number, entry));
        rest = rest.get(entry.len()..).unwrap_or_default();
    }
    found
}

fn whole_entry(bytes: &[u8]) -> Option<&[u8]> {
    if bytes.get(..4)? != b"HvLE" {
        return None;
    }
    let size = usize::try_from(long(bytes, 4)?).ok()?;
    let entry = bytes.get(..size).filter(|_| size >= SECTOR && size.is_multiple_of(SECTOR))?;
    let hashes = (marvin32(entry.get(40..)?), marvin32(entry.get(..32)?));
    (quad(entry, 24) == Some(hashes.0) && quad(entry, 32) == Some(hashes.1)).then_some(entry)
}

/// Writes the pages of an entry. All of them are checked first.
fn apply(hive: &mut Vec<u8>, entry: &[u8]) -> bool {
    let Some(pages) = pages(entry) else { return false };
    let bins = long(entry, 16).and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX);
    let Some(size) = bins.checked_add(BASE_BLOCK).filter(|size| *size <= LARGEST_HIVE) else { return false };
    if pages.iter().any(|(offset, page)| offset + page.len() > bins) {
        return false;
    }
    if hive.len() < size {
        hive.resize(size, 0);
    }
    for (offset, page) in pages {
        if let Some(place) = hive.get_mut(BASE_BLOCK + offset..BASE_BLOCK + offset + page.len()) {
            place.copy_from_slice(page);
        }
    }
    put(hive, 40, u32::try_from(bins).unwrap_or(0));
    put(hive, 4, long(entry, 12).unwrap_or(0).wrapping_add(1));
    true
}

fn pages(entry: &[u8]) -> Option<Vec<(usize, &[u8])>> {
    let count = usize::try_from(long(entry, 20)?).ok()?;
    let table = entry.get(40..count.checked_mul(8)?.checked_add(40)?)?;
    let mut rest = entry.get(40 + table.len()..)?;
    let mut pages = Vec::new();
    for described in table.chunks_exact(8) {
        let offset = usize::try_from(long(described, 0)?).ok()?;
        let (page, further) = rest.split_at_checked(usize::try_from(long(described, 4)?).ok()?)?;
        offset.checked_add(page.len())?;
        pages.push((offset, page));
        rest = further;
    }
    Some(pages)
}

/// Logs up to Windows 8: a bitmap of dirty sectors, and these sectors.
fn old_style(hive: &mut Vec<u8>, logs: &[&Vec<u8>], sound: bool) -> usize {
    // The log of the transaction that was cut: its number is that which the hive was to get.
    let fits = |log: &&&Vec<u8>| !sound || long(log, 4) == long(hive, 4) && quad(log, 12) >= quad(hive, 12);
    let Some(log) = logs.iter().filter(fits).max_by_key(|log| long(log, 4)) else { return 0 };
    let Some(bins) = long(log, 40).and_then(|size| usize::try_from(size).ok()) else { return 0 };
    if log.get(LOG_HEADER..LOG_HEADER + 4) != Some(b"DIRT") || bins > LARGEST_HIVE {
        return 0;
    }
    let sectors = bins / SECTOR;
    let start = LOG_HEADER + 4;
    let Some(bitmap) = log.get(start..start + sectors.div_ceil(8)) else { return 0 };
    let is_dirty = |sector: usize| bitmap.get(sector / 8).is_some_and(|byte| byte >> (sector % 8) & 1 == 1);
    let dirty: Vec<usize> = (0..sectors).filter(|sector| is_dirty(*sector)).collect();
    let data = (start + bitmap.len()).next_multiple_of(SECTOR);
    if log.len() < data + dirty.len() * SECTOR {
        return 0;
    }
    hive.resize(hive.len().max(BASE_BLOCK + bins), 0);
    for (number, sector) in dirty.iter().enumerate() {
        let from = log.get(data + number * SECTOR..data + (number + 1) * SECTOR);
        let to = hive.get_mut(BASE_BLOCK + sector * SECTOR..BASE_BLOCK + (sector + 1) * SECTOR);
        if let (Some(from), Some(to)) = (from, to) {
            to.copy_from_slice(from);
        }
    }
    // The head of the log is that of the hive after the transaction.
    if let (Some(from), Some(to)) = (log.get(..LOG_HEADER), hive.get_mut(..LOG_HEADER)) {
        to.copy_from_slice(from);
        put(hive, 28, 0);
    }
    1
}

/// Both numbers alike, and the checksum of it.
fn seal(hive: &mut [u8]) {
    let number = long(hive, 4).unwrap_or(0);
    put(hive, 8, number);
    let sum = checksum(hive);
    put(hive, 508, sum);
}

fn put(bytes: &mut [u8], at: usize, number: u32) {
    if let Some(place) = bytes.get_mut(at..at + 4) {
        place.copy_from_slice(&number.to_le_bytes());
    }
}

/// Marvin32 with the seed that Windows uses for its hives.
fn marvin32(bytes: &[u8]) -> u64 {
    const SEED: u64 = 0x82ef_4d88_7a4e_55c5;
    let (mut low, mut high) = ((SEED & 0xffff_ffff) as u32, (SEED >> 32) as u32);
    let mut words = bytes.chunks_exact(4);
    for word in &mut words {
        low = low.wrapping_add(long(word, 0).unwrap_or(0));
        mix(&mut low, &mut high);
    }
    let mut last = 0x80_u32;
    for byte in words.remainder().iter().rev() {
        last = (last << 8) | u32::from(*byte);
    }
    low = low.wrapping_add(last);
    mix(&mut low, &mut high);
    mix(&mut low, &mut high);
    (u64::from(high) << 32) | u64::from(low)
}

fn mix(low: &mut u32, high: &mut u32) {
    *high ^= *low;
    *low = low.rotate_left(20).wrapping_add(*high);
    *high = high.rotate_left(9) ^ *low;
    *low = low.rotate_left(27).wrapping_add(*high);
    *high = high.rotate_left(19);
}
