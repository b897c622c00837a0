//! Log entries (`HvLE`), as Windows 8.1 and newer write them.

use super::{BIN, Log, Page, fit, settle, write};
use crate::hive::cell::{u32_at, u64_at};
use crate::hive::header::{Header, SECTOR, field, put_u32};
use crate::hive::{Unreplayed, marvin};

/// Bytes of an entry before its page references.
const ENTRY_HEADER: usize = 40;
/// The one flag of a base block that an entry carries: transactions are pending.
const PENDING: u32 = 1;

/// An entry that is whole.
struct Entry<'a> {
    /// Bytes of it in the log.
    size: usize,
    flags: u32,
    sequence: u32,
    bins_size: u32,
    pages: Vec<Page<'a>>,
}

/// Applies the entries of all logs as long as they follow upon each other, and answers how many.
pub(super) fn replay(primary: &mut Vec<u8>, found: &Header, logs: Vec<Log>) -> Result<usize, Unreplayed> {
    let logs = in_order(found, logs);
    let first = logs.first().ok_or(Unreplayed::Foreign)?;
    let mut next = first.header.primary_sequence;
    let most = logs.iter().fold(primary.len(), |sum, log| sum.saturating_add(log.bytes.len()));
    let mut applied = 0;
    for log in &logs {
        if log.header.primary_sequence != next {
            break;
        }
        let mut at = SECTOR;
        while let Some(entry) = Entry::read(&log.bytes, at, most).filter(|entry| entry.sequence == next) {
            if applied == 0 && !found.checksum_holds {
                log.restore_header(primary);
            }
            entry.apply(primary);
            (at, next, applied) = (at + entry.size, next.wrapping_add(1), applied + 1);
        }
    }
    if applied == 0 { Err(Unreplayed::Damaged) } else { Ok(applied) }
}

/// The logs that hold what the hive lacks, that with the earlier entries first.
fn in_order(found: &Header, mut logs: Vec<Log>) -> Vec<Log> {
    logs.retain(|log| log.header.is_new_log());
    let start = logs.first().map_or(0, |log| log.header.primary_sequence);
    let start = if found.checksum_holds { found.secondary_sequence } else { start };
    // Sequence numbers may have begun again at 0.
    let after_start = |log: &Log| log.header.primary_sequence.wrapping_sub(start).cast_signed();
    logs.sort_by_key(after_start);
    if found.checksum_holds {
        logs.retain(|log| after_start(log) >= 0);
        return logs;
    }
    // The base block comes from the log that was written last, and then only its entries count.
    logs.pop().into_iter().collect()
}

impl<'a> Entry<'a> {
    /// The entry at a place in a log, if both hashes and all sizes are right. A hive never grows beyond `most` bytes.
    fn read(log: &'a [u8], at: usize, most: usize) -> Option<Self> {
        let rest = log.get(at..).filter(|rest| rest.starts_with(b"HvLE"))?;
        let size = usize::try_from(u32_at(rest, 4)?).ok().filter(|size| size.is_multiple_of(SECTOR))?;
        let entry = rest.get(..size)?;
        let (header, content) = entry.split_at_checked(ENTRY_HEADER)?;
        let is_whole =
            u64_at(header, 24)? == marvin::hash(content) && u64_at(header, 32)? == marvin::hash(header.get(..32)?);
        let bins_size = u32_at(header, 16)?;
        let grown = usize::try_from(bins_size).ok().filter(|size| size.is_multiple_of(BIN) && *size <= most)?;
        let pages = pages(content, usize::try_from(u32_at(header, 20)?).ok()?)?;
        (is_whole && fit(&pages, grown)).then_some(Self {
            size,
            flags: u32_at(header, 8)?,
            sequence: u32_at(header, 12)?,
            bins_size,
            pages,
        })
    }

    fn apply(&self, primary: &mut Vec<u8>) {
        write(primary, usize::try_from(self.bins_size).unwrap_or_default(), &self.pages);
        let flags = u32_at(primary, field::FLAGS).unwrap_or_default();
        put_u32(primary, field::FLAGS, flags & !PENDING | self.flags & PENDING);
        settle(primary, self.sequence, self.bins_size);
    }
}

/// References first, then the pages themselves without gaps.
fn pages(content: &[u8], count: usize) -> Option<Vec<Page<'_>>> {
    let (references, mut rest) = content.split_at_checked(count.checked_mul(8)?)?;
    let mut pages = Vec::with_capacity(count);
    for reference in references.chunks_exact(8) {
        let (bytes, after) = rest.split_at_checked(usize::try_from(u32_at(reference, 4)?).ok()?)?;
        pages.push(Page { at: usize::try_from(u32_at(reference, 0)?).ok()?, bytes });
        rest = after;
    }
    Some(pages)
}
