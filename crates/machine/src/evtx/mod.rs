//! Event log files (`.evtx`) and the XML of single events.
//!
//! A log is read chunk by chunk with bounded memory. Only events that are chosen by a [`Filter`] are decoded: of every other record
//! no more than its provider and its event id is looked at.

mod builder;
mod chunk;
mod expand;
mod file;
mod fill;
mod filter;
mod plan;
mod template;
mod token;
mod value;
mod xml;

use std::io;

use jiff::Timestamp;

pub use file::{read, read_all};
pub use filter::Filter;
pub use xml::from_xml;

/// As many damaged places of one file are listed; further ones are only counted.
pub const DAMAGE_LISTED: usize = 64;

/// What a log holds besides the events that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four facts that do not depend on one another")]
pub struct Summary {
    /// Records found, wanted or not.
    pub records_seen: u64,
    /// Events handed over.
    pub matched: u64,
    /// Places that could not be read, in the order of the file, at most [`DAMAGE_LISTED`].
    pub damaged: Vec<Damage>,
    /// Further damaged places.
    pub damaged_unlisted: u64,
    /// When the oldest record was written.
    pub oldest: Option<Timestamp>,
    /// When the newest record was written.
    pub newest: Option<Timestamp>,
    /// The lowest record id.
    pub first_record: Option<u64>,
    /// The highest record id.
    pub last_record: Option<u64>,
    /// Windows had the log open, or did not close it: the newest events may be missing.
    pub dirty: bool,
    /// The log was full and not allowed to overwrite: newer events were dropped.
    pub full: bool,
    /// Older records have been overwritten by newer ones.
    pub wrapped: bool,
    /// The log was cleared, or is an export of a part: record ids start later than the numbers in the file.
    pub cleared: bool,
}

/// A place in a log that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Bytes from the start of the file.
    pub offset: u64,
    /// What is wrong there.
    pub what: Defect,
}

/// Why a log, a part of it or the XML of an event cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Defect {
    /// Neither the file header nor the first chunk is one.
    #[error("not an event log")]
    NotAnEventLog,
    /// The operating system does not let us read.
    #[error("cannot be read: {0}")]
    Read(io::ErrorKind),
    /// The file header is overwritten, or its checksum is wrong.
    #[error("the file header is damaged")]
    FileHeader,
    /// A chunk does not begin with its mark.
    #[error("a chunk has lost its header")]
    ChunkMark,
    /// A chunk header's checksum is wrong.
    #[error("a chunk header fails its checksum")]
    ChunkHeader,
    /// The checksum over a chunk's records is wrong.
    #[error("a chunk's records fail their checksum")]
    ChunkRecords,
    /// The file ends in the middle of a chunk.
    #[error("the file ends in the middle of a chunk")]
    CutChunk,
    /// No record where one must begin.
    #[error("no record where one must begin")]
    RecordMark,
    /// The two sizes of a record differ.
    #[error("the two sizes of a record differ")]
    RecordSize,
    /// A structure goes past the end of what holds it.
    #[error("a record is cut short")]
    Short,
    /// No token of binary XML (MS-EVEN6 section 2.2.12).
    #[error("no token of binary XML: {0:#04x}")]
    Token(u8),
    /// Tokens in an order that makes no element.
    #[error("the elements of a record do not fit together")]
    Structure,
    /// A record names a template that is not there, or another one.
    #[error("a record's template is missing or overwritten")]
    Template,
    /// A value of this type cannot have this size.
    #[error("a value of type {0:#04x} has the wrong size")]
    Value(u8),
    /// Elements or templates within each other beyond reason.
    #[error("elements lie too deep within each other")]
    Depth,
    /// A chunk whose records would grow beyond reason.
    #[error("a chunk unfolds to more than a log can hold")]
    Swollen,
    /// An element that every event has.
    #[error("an event without {0}")]
    Missing(&'static str),
    /// Not well-formed XML.
    #[error("malformed XML: {0}")]
    Xml(String),
}

impl From<Summary> for crate::event::Summary {
    fn from(log: Summary) -> Self {
        let damaged = u64::try_from(log.damaged.len()).unwrap_or(u64::MAX).saturating_add(log.damaged_unlisted);
        Self { records: log.records_seen, matched: log.matched, damaged, oldest: log.oldest, newest: log.newest }
    }
}
