//! Dirty vectors (`DIRT`), as Windows 8 and older write them.

use super::{BIN, Log, Page, fit, settle, write};
use crate::hive::Unreplayed;
use crate::hive::cell::u64_at;
use crate::hive::header::{BASE_BLOCK, Header, SECTOR};

/// Where the first bin has a copy of the time in the base block.
const BIN_TIME: usize = BASE_BLOCK + 20;

/// Applies the first log that was written together with the hive, as the boot loader does. Counts as one entry.
pub(super) fn replay(primary: &mut Vec<u8>, found: &Header, logs: &[Log]) -> Result<usize, Unreplayed> {
    let written = if found.checksum_holds { Some(found.written) } else { u64_at(primary, BIN_TIME) };
    let belongs = |log: &&Log| log.header.is_old_log() && Some(log.header.written) == written;
    let mut candidates = logs.iter().filter(belongs).peekable();
    candidates.peek().ok_or(Unreplayed::Foreign)?;
    let whole = candidates.find_map(|log| Some((log, dirty_pages(log, primary.len())?)));
    let (log, pages) = whole.ok_or(Unreplayed::Damaged)?;
    if !found.checksum_holds {
        log.restore_header(primary);
    }
    write(primary, bins_size(log).unwrap_or_default(), &pages);
    settle(primary, log.header.primary_sequence, log.header.bins_size);
    Ok(1)
}

/// All pages of a log, or `None` where one is missing or does not belong where it is said to.
fn dirty_pages(log: &Log, primary: usize) -> Option<Vec<Page<'_>>> {
    let sector = usize::try_from(log.header.clustering).ok().filter(|factor| (1..=8).contains(factor))? * SECTOR;
    let most = primary.saturating_add(log.bytes.len());
    let bins_size = bins_size(log).filter(|size| size.is_multiple_of(BIN) && *size <= most)?;
    let vector = log.bytes.get(sector..)?.strip_prefix(b"DIRT")?.get(..bins_size / SECTOR / 8)?;
    let start = (sector + 4 + vector.len()).next_multiple_of(sector);
    let mut stored = log.bytes.get(start..)?.chunks_exact(SECTOR);
    let mut pages = Vec::new();
    for number in dirty(vector) {
        pages.push(Page { at: number * SECTOR, bytes: stored.next()? });
    }
    fit(&pages, bins_size).then_some(pages)
}

fn bins_size(log: &Log) -> Option<usize> {
    usize::try_from(log.header.bins_size).ok()
}

/// Numbers of the bits that are set, the lowest bit of a byte first.
fn dirty(vector: &[u8]) -> impl Iterator<Item = usize> {
    let bits = vector.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
    bits.enumerate().filter_map(|(number, is_set)| is_set.then_some(number))
}
