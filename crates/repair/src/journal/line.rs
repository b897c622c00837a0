use std::io;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::State;
use crate::step::Step;

/// The version of the lines.
pub const VERSION: u32 = 1;

/// How a journal begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the lines: 1.
    pub journal: u32,
    /// The name of the repair and of its folder.
    pub id: String,
    /// When it was begun.
    pub begun: Timestamp,
    /// The version of the program.
    pub program: String,
    /// The MachineGuid of the machine, where it has one.
    pub machine: Option<String>,
    /// What it is to mend.
    pub causes: Vec<String>,
    /// What it does, in words.
    pub titles: Vec<String>,
    /// When it is taken back by itself, unless it is confirmed first.
    #[serde(default)]
    pub revert: Option<Timestamp>,
    /// Whether it is taken back in any case: it was a bridge.
    #[serde(default)]
    pub temporary: bool,
}

/// A line of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "kebab-case")]
pub enum Line {
    /// It begins.
    Begun(Header),
    /// A step is about to be made.
    Doing {
        /// Its number, from 0.
        number: usize,
        /// What.
        step: Step,
        /// What was there.
        before: State,
    },
    /// It was made, and what it was to bring about was read back.
    Done {
        /// Its number.
        number: usize,
    },
    /// It was not made, or not as it should have been.
    Failed {
        /// Its number.
        number: usize,
        /// Why not.
        why: String,
    },
    /// All steps were made.
    Finished,
    /// Somebody who still got in said that it may stay.
    Confirmed,
    /// A step is being taken back by another.
    Undoing {
        /// The number of the step that is taken back.
        number: usize,
        /// By what.
        step: Step,
        /// What was there just before.
        before: State,
    },
    /// A step was taken back, or needed not to be.
    Undone {
        /// Its number.
        number: usize,
    },
    /// Everything was taken back.
    UndoFinished,
}

pub(super) fn text(line: &Line) -> io::Result<String> {
    serde_json::to_string(line).map_err(io::Error::other)
}
