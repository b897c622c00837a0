//! Chunks of 64 KiB, each with the templates and names of its own records.

use super::builder::Builder;
use super::expand::{Common, expand};
use super::fill::Plans;
use super::template::{Templates, Verdict};
use super::token::{Cursor, Instance, Tokens};
use super::{Damage, Defect, Filter, value};
use crate::event::Event;

/// The size of a chunk in bytes.
pub(super) const CHUNK: usize = 0x1_0000;
/// The size of the chunk header, where the first record begins.
const HEADER: usize = 512;
const CHUNK_MARK: &[u8] = b"ElfChnk\0";
const RECORD_MARK: [u8; 4] = *b"**\0\0";
/// Mark, size, id and time before a record's XML.
const RECORD_HEADER: usize = 24;
/// As many damaged places of one chunk are kept.
const DAMAGE_KEPT: usize = 16;
/// A chunk whose checksums Windows does not keep.
const NO_CHECKSUM: u32 = 4;

/// What a chunk header says.
#[derive(Debug, Clone, Copy)]
struct Header {
    first_number: u64,
    first_id: u64,
    last_id: u64,
    /// Where the last record ends.
    end: usize,
    checksum: u32,
    has_checksum: bool,
}

/// What was found in a stretch of chunks.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) events: Vec<Event>,
    pub(super) records: u64,
    pub(super) damaged: Vec<Damage>,
    pub(super) damaged_unlisted: u64,
    /// FILETIME of the oldest and the newest record.
    pub(super) times: Option<(u64, u64)>,
    /// The lowest and the highest record id.
    pub(super) ids: Option<(u64, u64)>,
    /// The lowest number of a record in the file, and the id of that record.
    pub(super) first: Option<(u64, u64)>,
}

/// A record as it lies in the chunk.
#[derive(Debug, Clone, Copy)]
struct Record {
    at: usize,
    end: usize,
    id: u64,
    time: u64,
}

/// Whether this begins like a chunk.
pub(super) fn is_chunk(bytes: &[u8]) -> bool {
    bytes.starts_with(CHUNK_MARK)
}

/// Whether these are zeros: room that Windows has not used yet.
fn is_blank(bytes: &[u8]) -> bool {
    static ZEROS: [u8; 4096] = [0; 4096];
    bytes.chunks(ZEROS.len()).all(|part| ZEROS.starts_with(part))
}

/// Reads the chunk, or what is left of it, that lies at `offset` of the file.
pub(super) fn search(chunk: &[u8], offset: u64, wanted: &Filter, found: &mut Found) {
    let Ok(header) = Header::read(chunk) else { return found.cut(chunk, offset) };
    let mut search = Search {
        chunk,
        offset,
        wanted,
        found,
        templates: Templates::default(),
        plans: Plans::default(),
        common: Common::new(),
    };
    if chunk.len() < CHUNK {
        search.note(0, Defect::CutChunk);
    }
    let header = if is_chunk(chunk) {
        search.check(&header);
        search.first(&header);
        header
    } else if chunk.get(HEADER..).is_some_and(|records| records.starts_with(&RECORD_MARK)) {
        search.note(0, Defect::ChunkMark);
        Header { first_id: 0, last_id: u64::MAX, end: chunk.len(), ..header }
    } else {
        if !is_blank(chunk) {
            search.note(0, Defect::ChunkMark);
        }
        return;
    };
    search.records(&header);
}

impl Found {
    fn cut(&mut self, chunk: &[u8], offset: u64) {
        if !is_blank(chunk) {
            self.damaged.push(Damage { offset, what: Defect::CutChunk });
        }
    }

    fn record(&mut self, record: &Record) {
        self.records += 1;
        let (first, last) = self.ids.unwrap_or((record.id, record.id));
        self.ids = Some((first.min(record.id), last.max(record.id)));
    }

    fn time(&mut self, time: u64) {
        let (oldest, newest) = self.times.unwrap_or((time, time));
        self.times = Some((oldest.min(time), newest.max(time)));
    }
}

impl Header {
    fn read(chunk: &[u8]) -> Result<Self, Defect> {
        let number = |at: usize| Cursor::new(chunk, at, HEADER).u64();
        let word = |at: usize| Cursor::new(chunk, at, HEADER).u32();
        let end = usize::try_from(word(48)?).map_err(|_| Defect::ChunkHeader)?;
        let has_end = (HEADER..=chunk.len()).contains(&end);
        chunk.get(..HEADER).ok_or(Defect::CutChunk)?;
        Ok(Self {
            first_number: number(8)?,
            first_id: number(24)?,
            last_id: number(32)?,
            end: if has_end { end } else { chunk.len() },
            checksum: word(52)?,
            has_checksum: word(120)? & NO_CHECKSUM == 0,
        })
    }

    /// The checksum of the header itself, over all of it but flags and checksum.
    fn is_whole(chunk: &[u8]) -> Option<bool> {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(chunk.get(..120)?);
        hasher.update(chunk.get(128..HEADER)?);
        let stored = Cursor::new(chunk, 124, HEADER).u32().ok()?;
        Some(hasher.finalize() == stored)
    }
}

struct Search<'c, 'f> {
    chunk: &'c [u8],
    offset: u64,
    wanted: &'f Filter,
    found: &'f mut Found,
    templates: Templates<'c>,
    plans: Plans<'c>,
    common: Common,
}

impl<'c> Search<'c, '_> {
    fn note(&mut self, at: usize, what: Defect) {
        if self.found.damaged.len() < DAMAGE_KEPT {
            let at = u64::try_from(at).unwrap_or(u64::MAX);
            self.found.damaged.push(Damage { offset: self.offset.saturating_add(at), what });
        } else {
            self.found.damaged_unlisted += 1;
        }
    }

    fn check(&mut self, header: &Header) {
        if !header.has_checksum {
            return;
        }
        if Header::is_whole(self.chunk) != Some(true) {
            self.note(0, Defect::ChunkHeader);
        }
        let records = self.chunk.get(HEADER..header.end).unwrap_or_default();
        if crc32fast::hash(records) != header.checksum {
            self.note(HEADER, Defect::ChunkRecords);
        }
    }

    /// One record after the other; behind one that is none, the next that can be found.
    fn records(&mut self, header: &Header) {
        let mut at = HEADER;
        let mut last = None;
        while let Some(record) = self.next(header, at, last) {
            at = record.end;
            last = Some(record.id);
            self.record(&record);
        }
    }

    fn first(&mut self, header: &Header) {
        let first = (header.first_number, header.first_id);
        self.found.first = Some(self.found.first.map_or(first, |known| known.min(first)));
    }

    /// The record at `at`, or the next one. Behind the last one of the header only its direct successor counts: Windows
    /// writes records first and the header later, and what else lies there is left from earlier.
    fn next(&mut self, header: &Header, at: usize, last: Option<u64>) -> Option<Record> {
        let here = self.record_at(at);
        if at >= header.end || last == Some(header.last_id) {
            return here.ok().filter(|record| last.and_then(|last| last.checked_add(1)) == Some(record.id));
        }
        match here {
            Ok(record) => Some(record),
            Err(defect) => {
                let next = self.find(header, at + 1);
                let is_blank = self.chunk.get(at..at + 4).is_none_or(|mark| mark == [0; 4]);
                if next.is_some() || !is_blank {
                    self.note(at, defect);
                }
                next
            }
        }
    }

    fn record_at(&self, at: usize) -> Result<Record, Defect> {
        let mut cursor = Cursor::new(self.chunk, at, self.chunk.len());
        if cursor.take(4)? != RECORD_MARK {
            return Err(Defect::RecordMark);
        }
        let size = cursor.u32()?;
        let (id, time) = (cursor.u64()?, cursor.u64()?);
        let end = usize::try_from(size).ok().and_then(|size| at.checked_add(size)).ok_or(Defect::RecordSize)?;
        let copy = end.checked_sub(4).filter(|&copy| copy >= at + RECORD_HEADER).ok_or(Defect::RecordSize)?;
        match Cursor::new(self.chunk, copy, end).u32() {
            Ok(copy) if copy == size => Ok(Record { at, end, id, time }),
            _ => Err(Defect::RecordSize),
        }
    }

    /// The next record from `at` on that has both its sizes and an id of this chunk.
    fn find(&self, header: &Header, at: usize) -> Option<Record> {
        let ids = header.first_id..=header.last_id;
        let places = self.chunk.get(at..header.end)?.windows(4).enumerate();
        places
            .filter(|(_, mark)| *mark == RECORD_MARK)
            .filter_map(|(distance, _)| self.record_at(at + distance).ok())
            .find(|record| record.end <= header.end && ids.contains(&record.id))
    }

    fn record(&mut self, record: &Record) {
        self.found.record(record);
        match self.event(record) {
            Ok(Some(event)) => self.found.events.push(event),
            Ok(None) => {}
            Err(defect) => self.note(record.at, defect),
        }
    }

    /// The event in a record, if it is wanted.
    fn event(&mut self, record: &Record) -> Result<Option<Event>, Defect> {
        let tokens = Tokens::new(self.chunk, record.at + RECORD_HEADER, record.end - 4);
        let Some(instance) = tokens.sole_instance()? else { return self.unclear(record, tokens) };
        let origin = self.templates.origin(self.chunk, &instance)?;
        // In exported logs the time of a record means nothing, only that of the event.
        let time = origin.time(self.chunk, &instance);
        if let Some(time) = time {
            self.found.time(time);
        }
        match origin.judge(self.chunk, &instance, self.wanted) {
            Verdict::Unwanted => Ok(None),
            Verdict::Filter if time.is_some_and(|time| !self.wanted.has_time(time)) => Ok(None),
            Verdict::Filter if time.is_some() => {
                self.fill(record, &instance, tokens).and_then(Builder::finish).map(Some)
            }
            _ => self.unclear(record, tokens),
        }
    }

    /// As [`Self::event`], where only the whole record tells whether it is wanted.
    fn unclear(&mut self, record: &Record, tokens: Tokens<'c>) -> Result<Option<Event>, Defect> {
        let event = self.decode(record, tokens)?.finish()?;
        let time = value::filetime(event.time);
        self.found.time(time);
        let is_wanted = self.wanted.has_id(event.id) && self.wanted.has(&event.provider, event.id);
        Ok(Some(event).filter(|_| is_wanted && self.wanted.has_time(time)))
    }

    /// As [`Self::decode`], by the plan of the template if that is possible.
    fn fill(&mut self, record: &Record, instance: &Instance<'c>, tokens: Tokens<'c>) -> Result<Builder, Defect> {
        let mut builder = Builder::of_record(record.id, value::timestamp(record.time));
        match self.plans.fill(self.chunk, instance, record.end - 4, &mut builder, &mut self.common) {
            Some(()) => self.common.budget.keep(builder.weight()).map(|()| builder),
            None => self.decode(record, tokens),
        }
    }

    fn decode(&mut self, record: &Record, tokens: Tokens<'c>) -> Result<Builder, Defect> {
        let mut builder = Builder::of_record(record.id, value::timestamp(record.time));
        expand(self.chunk, tokens, &mut builder, &mut self.common)?;
        self.common.budget.keep(builder.weight())?;
        if builder.is_closed() { Ok(builder) } else { Err(Defect::Structure) }
    }
}
