//! What was changed, on disk before it is changed: one folder a repair, one line a word of it.
//!
//! A line is flushed before the change that it announces, so that after a crash every change that may have been made
//! stands in the journal. A last line that was cut off announces a change that was not begun.

mod folder;
mod line;
mod record;

use std::fs::File;
use std::io::{self, Write};

pub use folder::{Folder, FolderError, Listed, Lock, PLACE};
pub use line::{Header, Line, VERSION};
pub use record::{Entry, Record, RecordError, Standing};

/// Where the lines of a journal go. Each is on the disk when it returns.
pub trait Pen {
    /// Writes a line, without its end, which it adds.
    fn write(&mut self, line: &str) -> io::Result<()>;
}

impl Pen for File {
    fn write(&mut self, line: &str) -> io::Result<()> {
        self.write_all(format!("{line}\n").as_bytes())?;
        self.sync_all()
    }
}

/// A journal that is being written.
pub struct Journal {
    pen: Box<dyn Pen>,
    record: Record,
}

impl Journal {
    /// Begins one.
    pub fn begin(header: Header, pen: Box<dyn Pen>) -> io::Result<Self> {
        let mut journal = Self { pen, record: Record::new(header.clone()) };
        journal.pen.write(&line::text(&Line::Begun(header))?)?;
        Ok(journal)
    }

    /// Goes on with one that was read.
    pub fn resume(record: Record, pen: Box<dyn Pen>) -> Self {
        Self { pen, record }
    }

    /// What it says so far.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Writes a line and takes it up.
    pub fn write(&mut self, line: Line) -> io::Result<()> {
        self.pen.write(&line::text(&line)?)?;
        self.record.take(line);
        Ok(())
    }
}
