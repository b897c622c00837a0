//! One line on the terminal that says what is being done; nothing where stderr is no terminal.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use rdpdoctor_diagnosis::evidence::Target;
use rdpdoctor_protocol::text::safe_ascii;

const FALLBACK_COLUMNS: usize = 80;

pub(crate) struct Progress {
    line: Option<Mutex<Line>>,
}

struct Line {
    targets: Vec<String>,
    done: usize,
    /// Columns of what stands on the terminal now.
    shown: usize,
}

impl Progress {
    pub(crate) fn new(targets: &[Target]) -> Self {
        let targets = targets.iter().map(ToString::to_string).collect();
        let line = io::stderr().is_terminal().then(|| Mutex::new(Line { targets, done: 0, shown: 0 }));
        Self { line }
    }

    /// What is being done with the target at this place of the arguments.
    pub(crate) fn says(&self, place: usize, step: &str) {
        self.with(|line| line.show(place, step));
    }

    /// One target more is done.
    pub(crate) fn done(&self) {
        self.with(|line| line.done += 1);
    }

    /// Makes room for other output.
    pub(crate) fn clear(&self) {
        self.with(Line::clear);
    }

    fn with(&self, change: impl FnOnce(&mut Line)) {
        if let Some(line) = &self.line {
            change(&mut line.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl Line {
    fn show(&mut self, place: usize, step: &str) {
        let target = self.targets.get(place).map_or("", String::as_str);
        let text = match self.targets.len() {
            1 => format!("{target}: {step}"),
            all => format!("{} of {all} done; {target}: {step}", self.done),
        };
        // One column less than there are: a full line would wrap and could not be taken back.
        let columns =
            terminal_size::terminal_size_of(io::stderr()).map_or(FALLBACK_COLUMNS, |(width, _)| width.0.into());
        let text = safe_ascii(text.as_bytes(), columns.saturating_sub(1));
        let _ = write!(io::stderr(), "\r{text:<0$}", self.shown);
        self.shown = text.len();
    }

    /// Blanks instead of an escape sequence: old Windows consoles know no other way.
    fn clear(&mut self) {
        if self.shown > 0 {
            let _ = io::stderr().write_all(blank_out(self.shown).as_bytes());
            self.shown = 0;
        }
    }
}

fn blank_out(columns: usize) -> String {
    format!("\r{}\r", " ".repeat(columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_back_with_blanks() {
        assert_eq!(blank_out(3), "\r   \r");
    }
}
