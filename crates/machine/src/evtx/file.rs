//! Whole logs: the file header, and chunks shared out among threads.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, Scope};

use super::chunk::{self, CHUNK, Found};
use super::token::Cursor;
use super::{DAMAGE_LISTED, Damage, Defect, Filter, Summary, value};
use crate::event::Event;

/// The size of the file header with its padding.
const HEADER: usize = 4096;
const MARK: &[u8] = b"ElfFile\0";
const DIRTY: u32 = 1;
const FULL: u32 = 2;
/// As many chunks are read and searched at a time.
const CHUNKS_AT_A_TIME: u64 = 8;
const THREADS_LIMIT: usize = 64;
/// Batches given to a thread and not yet taken back.
const BATCHES_AHEAD: usize = 8;

/// Reads one log and hands each wanted event to `each`, in the order of the file.
///
/// `threads` threads search; at most some megabytes are held for each. Fails if the file is no event log or cannot be
/// read at all; of a damaged one all that can be had is read, and the summary lists the rest.
pub fn read(file: impl Read, wanted: &Filter, threads: usize, each: &mut dyn FnMut(Event)) -> Result<Summary, Defect> {
    let mut summaries = read_all([Ok(file)], wanted, threads, &mut |_, event| each(event));
    summaries.pop().unwrap_or(Err(Defect::NotAnEventLog))
}

/// Reads several logs like [`read`], one after the other, and tells with each event which log it is from. A file is
/// taken from `files`, and thus opened, when its turn comes.
pub fn read_all<R: Read>(
    files: impl IntoIterator<Item = io::Result<R>>,
    wanted: &Filter,
    threads: usize,
    each: &mut dyn FnMut(usize, Event),
) -> Vec<Result<Summary, Defect>> {
    let mut gathering = Gathering { known: Vec::new(), each };
    let opened = if threads <= 1 {
        feed(files, &mut |batch| gathering.take(batch.search(wanted)))
    } else {
        thread::scope(|scope| {
            let mut lanes = Lanes::new(scope, wanted, threads.min(THREADS_LIMIT));
            let opened = feed(files, &mut |batch| lanes.put(batch, &mut gathering));
            lanes.drain(&mut gathering);
            opened
        })
    };
    gathering.summaries(opened)
}

/// Chunks that follow one another in a file.
struct Batch {
    file: usize,
    offset: u64,
    memory: Memory,
}

/// What a batch is read into and what it holds is put into, to be used again.
#[derive(Default)]
struct Memory {
    bytes: Vec<u8>,
    events: Vec<Event>,
}

/// What a batch held, and its memory to be used again.
struct Searched {
    file: usize,
    found: Found,
    bytes: Vec<u8>,
}

/// A file's header, and what went wrong in reading the file.
struct Opened {
    flags: u32,
    defects: Vec<Damage>,
}

impl Batch {
    fn search(self, wanted: &Filter) -> Searched {
        let Memory { bytes, events } = self.memory;
        let mut found = Found { events, ..Found::default() };
        let mut offset = self.offset;
        for bytes in bytes.chunks(CHUNK) {
            chunk::search(bytes, offset, wanted, &mut found);
            offset += CHUNK as u64;
        }
        Searched { file: self.file, found, bytes }
    }
}

/// Reads every file and delivers its batches; the answer is memory for the next one.
fn feed<R: Read>(
    files: impl IntoIterator<Item = io::Result<R>>,
    deliver: &mut dyn FnMut(Batch) -> Memory,
) -> Vec<Result<Opened, Defect>> {
    let mut memory = Memory::default();
    let files = files.into_iter().enumerate();
    files
        .map(|(number, file)| match file {
            Ok(file) => feed_one(number, file, &mut memory, deliver),
            Err(error) => Err(Defect::Read(error.kind())),
        })
        .collect()
}

fn feed_one(
    file: usize,
    mut source: impl Read,
    memory: &mut Memory,
    deliver: &mut dyn FnMut(Batch) -> Memory,
) -> Result<Opened, Defect> {
    let mut header = Vec::new();
    source.by_ref().take(HEADER as u64).read_to_end(&mut header).map_err(|error| Defect::Read(error.kind()))?;
    let flags = read_header(&header);
    let mut opened = Opened { flags: flags.unwrap_or(0), defects: Vec::new() };
    let mut offset = HEADER as u64;
    loop {
        memory.bytes.clear();
        let read = source.by_ref().take(CHUNKS_AT_A_TIME * CHUNK as u64).read_to_end(&mut memory.bytes);
        if offset == HEADER as u64 && flags.is_none() {
            if !chunk::is_chunk(&memory.bytes) && !header.starts_with(MARK) {
                return Err(Defect::NotAnEventLog);
            }
            opened.defects.push(Damage { offset: 0, what: Defect::FileHeader });
        }
        let start = offset;
        offset += memory.bytes.len() as u64;
        if !memory.bytes.is_empty() {
            *memory = deliver(Batch { file, offset: start, memory: std::mem::take(memory) });
        }
        match read {
            Ok(0) => return Ok(opened),
            Ok(_) => {}
            Err(error) => {
                opened.defects.push(Damage { offset, what: Defect::Read(error.kind()) });
                return Ok(opened);
            }
        }
    }
}

/// The flags of a sound file header.
fn read_header(header: &[u8]) -> Option<u32> {
    let word = |at: usize| Cursor::new(header, at, HEADER).u32().ok();
    let checksum = crc32fast::hash(header.get(..120)?);
    (header.len() == HEADER && header.starts_with(MARK) && word(124)? == checksum).then_some(word(120)?)
}

/// What is known of one file so far, and the lowest record number in it with its id.
#[derive(Default)]
struct Known {
    summary: Summary,
    first: Option<(u64, u64)>,
}

/// Puts what was found together again.
struct Gathering<'e> {
    known: Vec<Known>,
    each: &'e mut dyn FnMut(usize, Event),
}

impl Gathering<'_> {
    fn take(&mut self, searched: Searched) -> Memory {
        let Searched { file, mut found, bytes } = searched;
        let mut events = std::mem::take(&mut found.events);
        if self.known.len() <= file {
            self.known.resize_with(file + 1, Known::default);
        }
        if let Some(known) = self.known.get_mut(file) {
            known.summary.matched += events.len() as u64;
            known.add(found);
        }
        for event in events.drain(..) {
            (self.each)(file, event);
        }
        Memory { bytes, events }
    }

    fn summaries(mut self, opened: Vec<Result<Opened, Defect>>) -> Vec<Result<Summary, Defect>> {
        self.known.resize_with(opened.len(), Known::default);
        let pairs = opened.into_iter().zip(self.known);
        pairs.map(|(opened, known)| opened.map(|opened| known.summary(opened))).collect()
    }
}

impl Known {
    fn add(&mut self, found: Found) {
        let summary = &mut self.summary;
        summary.records_seen += found.records;
        if let Some((oldest, newest)) = found.times {
            let (oldest, newest) = (value::timestamp(oldest), value::timestamp(newest));
            summary.oldest = least(summary.oldest, oldest);
            summary.newest = summary.newest.max(newest);
        }
        if let Some((first, last)) = found.ids {
            summary.first_record = least(summary.first_record, Some(first));
            summary.last_record = summary.last_record.max(Some(last));
        }
        self.first = least(self.first, found.first);
        summary.damaged_unlisted += found.damaged_unlisted;
        found.damaged.into_iter().for_each(|damage| note(summary, damage));
    }

    fn summary(mut self, opened: Opened) -> Summary {
        let summary = &mut self.summary;
        summary.dirty = opened.flags & DIRTY != 0;
        summary.full = opened.flags & FULL != 0;
        if let Some((number, id)) = self.first {
            summary.wrapped = number > 1;
            summary.cleared = id > number;
        }
        opened.defects.into_iter().for_each(|damage| note(summary, damage));
        summary.damaged.sort_by_key(|damage| damage.offset);
        self.summary
    }
}

fn least<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    one.into_iter().chain(other).min()
}

fn note(summary: &mut Summary, damage: Damage) {
    if summary.damaged.len() < DAMAGE_LISTED {
        summary.damaged.push(damage);
    } else {
        summary.damaged_unlisted += 1;
    }
}

/// Threads that take batches in turn, so that their answers come back in order.
struct Lanes {
    all: Vec<Lane>,
    sent: usize,
    taken: usize,
}

struct Lane {
    batches: SyncSender<Batch>,
    searched: Receiver<Searched>,
}

impl Lanes {
    fn new<'scope>(scope: &'scope Scope<'scope, '_>, wanted: &'scope Filter, threads: usize) -> Self {
        let lane = |_| {
            let (batches, work) = sync_channel::<Batch>(BATCHES_AHEAD);
            let (done, searched) = sync_channel(BATCHES_AHEAD);
            scope.spawn(move || work.into_iter().all(|batch| done.send(batch.search(wanted)).is_ok()));
            Lane { batches, searched }
        };
        Self { all: (0..threads).map(lane).collect(), sent: 0, taken: 0 }
    }

    /// Hands a batch to the next thread. Answers with memory for another batch.
    fn put(&mut self, batch: Batch, gathering: &mut Gathering) -> Memory {
        if let Some(lane) = self.all.get(self.sent % self.all.len()) {
            // A thread that is gone has panicked, which the scope passes on.
            let _ = lane.batches.send(batch);
            self.sent += 1;
        }
        if self.sent - self.taken >= self.all.len() * BATCHES_AHEAD { self.take(gathering) } else { Memory::default() }
    }

    fn take(&mut self, gathering: &mut Gathering) -> Memory {
        let searched = self.all.get(self.taken % self.all.len()).and_then(|lane| lane.searched.recv().ok());
        self.taken += 1;
        searched.map_or_else(Memory::default, |searched| gathering.take(searched))
    }

    fn drain(mut self, gathering: &mut Gathering) {
        while self.taken < self.sent {
            self.take(gathering);
        }
    }
}
