//! Whether a person agrees.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use super::Failure;

/// Characters of an answer that are read.
const LONGEST_ANSWER: u64 = 64;

/// Whether a person can be asked.
pub(super) fn is_somebody_there() -> bool {
    io::stdin().is_terminal()
}

/// Asks, unless it was said before. Where nobody can be asked, that is an error.
pub(super) fn asked(question: &str, said_before: bool) -> Result<bool, Failure> {
    if said_before {
        return Ok(true);
    }
    if !is_somebody_there() {
        return Err(Failure::Usage("nobody can be asked here: add --yes to agree beforehand".to_owned()));
    }
    let mut error = io::stderr();
    write!(error, "{question} Type yes to agree: ")?;
    error.flush()?;
    let mut answer = String::new();
    io::stdin().lock().take(LONGEST_ANSWER).read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}
