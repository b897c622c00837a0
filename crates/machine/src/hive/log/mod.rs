//! Transaction logs: what was to be written when writing ended early.

mod new;
mod old;

use super::header::{BASE_BLOCK, Header, SECTOR, field, put, put_u32, seal};
use super::{State, Unreplayed};

/// Bins begin at multiples of this.
const BIN: usize = 4096;

/// A transaction log that may be one of the hive.
struct Log {
    header: Header,
    bytes: Vec<u8>,
}

/// Bytes and where they belong, from the first bin.
struct Page<'a> {
    at: usize,
    bytes: &'a [u8],
}

/// Applies what the logs have to a dirty hive.
pub(super) fn replay(primary: &mut Vec<u8>, found: &Header, logs: Vec<Vec<u8>>) -> State {
    let given: Vec<Vec<u8>> = logs.into_iter().filter(|log| log.iter().any(|byte| *byte != 0)).collect();
    if given.is_empty() {
        return State::Dirty { why: Unreplayed::NoLog };
    }
    let logs: Vec<Log> = given.into_iter().filter_map(|bytes| Log::of(found, bytes)).collect();
    let replayed = if logs.iter().any(|log| log.header.is_new_log()) {
        new::replay(primary, found, logs)
    } else {
        old::replay(primary, found, &logs)
    };
    match replayed {
        Ok(entries) => State::Replayed { entries },
        Err(why) => State::Dirty { why },
    }
}

impl Log {
    /// `None` where it is broken or of another hive.
    fn of(primary: &Header, bytes: Vec<u8>) -> Option<Self> {
        let header = Header::read(&bytes)?;
        let is_whole = !header.is_dirty() && header.has_known_version();
        // A base block that fails its checksum says nothing about the hive.
        let belongs = !primary.checksum_holds || header.is_of_the_hive_of(primary);
        (is_whole && belongs).then_some(Self { header, bytes })
    }

    /// Replaces a base block that fails its checksum by the copy in the log.
    fn restore_header(&self, primary: &mut [u8]) {
        put(primary, 0, self.bytes.get(..SECTOR).unwrap_or_default());
        put_u32(primary, field::FILE_TYPE, 0);
    }
}

/// Writes pages over a hive, which grows where they lie behind its end.
fn write(primary: &mut Vec<u8>, bins_size: usize, pages: &[Page<'_>]) {
    if primary.len() < BASE_BLOCK + bins_size {
        primary.resize(BASE_BLOCK + bins_size, 0);
    }
    for page in pages {
        put(primary, BASE_BLOCK + page.at, page.bytes);
    }
}

/// Makes the base block that of a hive that was written in full.
fn settle(primary: &mut [u8], sequence: u32, bins_size: u32) {
    put_u32(primary, field::PRIMARY_SEQUENCE, sequence);
    put_u32(primary, field::SECONDARY_SEQUENCE, sequence);
    put_u32(primary, field::BINS_SIZE, bins_size);
    seal(primary);
}

/// Pages lie within the bins, and where a bin begins it says so itself.
fn fit(pages: &[Page<'_>], bins_size: usize) -> bool {
    pages.iter().all(|page| {
        let within = page.at.checked_add(page.bytes.len()).is_some_and(|end| end <= bins_size);
        let starts_bin = page.at.is_multiple_of(BIN) && page.bytes.starts_with(b"hbin");
        let says = super::cell::u32_at(page.bytes, 4).and_then(|at| usize::try_from(at).ok());
        within && (!starts_bin || says == Some(page.at))
    })
}

#[cfg(test)]
mod tests;
