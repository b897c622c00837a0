use thiserror::Error;

use super::line::{Header, Line, VERSION};
use crate::State;
use crate::step::Step;

/// Steps of one repair: no plan has more.
const MOST_STEPS: usize = 10_000;

/// What a journal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// How it began.
    pub header: Header,
    /// The steps, in the order in which they were begun.
    pub entries: Vec<Entry>,
    /// Whether all steps were made.
    pub finished: bool,
    /// Whether somebody said that it may stay.
    pub confirmed: bool,
    /// Whether everything was taken back.
    pub undone: bool,
}

/// A step that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What.
    pub step: Step,
    /// What was there before.
    pub before: State,
    /// Whether it was made for certain.
    pub done: bool,
    /// Why it was not.
    pub failed: Option<String>,
    /// Whether it was taken back.
    pub undone: bool,
}

/// How a repair stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// All steps were made.
    Made,
    /// It ended before all were made: by a crash, a surprise, or because it is being made now.
    CutShort,
    /// It was being taken back, and that ended early.
    UndoCutShort,
    /// Everything was taken back.
    Undone,
}

/// Why a journal cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// There is not even a first line: nothing was changed.
    #[error("it has no first line, so nothing was changed")]
    Empty,
    /// A newer program wrote it.
    #[error("version {0} of the journal is newer than this program: use the program that lies beside it")]
    Newer(u32),
    /// A line in its midst.
    #[error("line {number} is damaged: {why}")]
    Damaged {
        /// Which, from 1.
        number: usize,
        /// How.
        why: String,
    },
}

impl Record {
    pub(super) fn new(header: Header) -> Self {
        Self { header, entries: Vec::new(), finished: false, confirmed: false, undone: false }
    }

    /// Reads a journal. A last line that was cut off is left out.
    pub fn read(text: &str) -> Result<Self, RecordError> {
        let whole = text.rfind('\n').map_or("", |end| text.split_at(end).0);
        let mut lines = whole.lines().enumerate();
        let (_, first) = lines.next().ok_or(RecordError::Empty)?;
        let mut record = Self::new(header(first)?);
        for (index, line) in lines {
            let damaged = |why: String| RecordError::Damaged { number: index + 1, why };
            let line: Line = serde_json::from_str(line).map_err(|error| damaged(error.to_string()))?;
            if !record.take(line) {
                return Err(damaged("it does not follow from those before it".to_owned()));
            }
        }
        Ok(record)
    }

    /// How the repair stands.
    pub fn standing(&self) -> Standing {
        match (self.undone, self.entries.iter().any(|entry| entry.undone), self.finished) {
            (true, ..) => Standing::Undone,
            (false, true, _) => Standing::UndoCutShort,
            (false, false, true) => Standing::Made,
            (false, false, false) => Standing::CutShort,
        }
    }

    /// Takes a line up. False where it does not fit.
    pub(super) fn take(&mut self, line: Line) -> bool {
        match line {
            Line::Begun(_) => return false,
            Line::Doing { number, step, before } => {
                if number != self.entries.len() || number >= MOST_STEPS {
                    return false;
                }
                self.entries.push(Entry { step, before, done: false, failed: None, undone: false });
            }
            Line::Done { number } => return self.mark(number, |entry| entry.done = true),
            Line::Failed { number, why } => return self.mark(number, |entry| entry.failed = Some(why)),
            Line::Undoing { number, .. } => return self.mark(number, |_| ()),
            Line::Undone { number } => return self.mark(number, |entry| entry.undone = true),
            Line::Finished => self.finished = true,
            Line::Confirmed => self.confirmed = true,
            Line::UndoFinished => self.undone = true,
        }
        true
    }

    fn mark(&mut self, number: usize, how: impl FnOnce(&mut Entry)) -> bool {
        self.entries.get_mut(number).map(how).is_some()
    }
}

/// The version is read first, as the rest of a newer header may be anything.
fn header(line: &str) -> Result<Header, RecordError> {
    let damaged = |why: String| RecordError::Damaged { number: 1, why };
    let value: serde_json::Value = serde_json::from_str(line).map_err(|error| damaged(error.to_string()))?;
    let version = value.get("journal").and_then(serde_json::Value::as_u64).and_then(|it| u32::try_from(it).ok());
    match version {
        Some(VERSION) => {}
        Some(version) if version > VERSION => return Err(RecordError::Newer(version)),
        _ => return Err(damaged("it is no journal of rdpdoctor".to_owned())),
    }
    match serde_json::from_value(value) {
        Ok(Line::Begun(header)) => Ok(header),
        Ok(_) => Err(damaged("a journal begins otherwise".to_owned())),
        Err(error) => Err(damaged(error.to_string())),
    }
}
