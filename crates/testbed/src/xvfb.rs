//! A screen without a monitor, for programs that insist on one.

use std::path::Path;

use tempfile::TempDir;

use crate::Unavailable;
use crate::process::{Program, command};

/// A screen, until it is dropped.
#[derive(Debug)]
pub struct Screen {
    display: String,
    // In the order in which they have to end.
    _program: Program,
    _folder: TempDir,
}

impl Screen {
    /// Waits until it is there.
    pub fn start() -> Result<Self, Unavailable> {
        let folder = tempfile::tempdir()?;
        let (program, display) = start(folder.path())?;
        Ok(Self { display, _program: program, _folder: folder })
    }

    /// The value of `DISPLAY`.
    pub fn display(&self) -> &str {
        &self.display
    }
}

/// A screen for one server: it picks a free display number itself.
pub(crate) fn start(folder: &Path) -> Result<(Program, String), Unavailable> {
    let mut command = command(None, "Xvfb")?;
    // Without -noreset the screen ends with its first client.
    command.args(["-displayfd", "1", "-screen", "0", "800x600x24", "-nolisten", "tcp", "-noreset"]);
    let mut program = Program::start(command, "Xvfb", folder)?;
    program.wait_until(|log| display(log).is_some())?;
    let display = display(&program.log()).unwrap_or_default();
    Ok((program, display))
}

/// The number is a line of its own among the messages.
fn display(log: &str) -> Option<String> {
    let complete = log.get(..=log.rfind('\n')?)?;
    let number = complete.lines().find(|line| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some(format!(":{number}"))
}

#[cfg(test)]
mod tests {
    use super::display;

    #[test]
    fn the_display_is_the_line_that_is_a_number() {
        assert_eq!(display("a warning\n17\n").as_deref(), Some(":17"));
        assert_eq!(display("a warning of 3 lines\n1"), None, "the line is not complete");
    }
}
