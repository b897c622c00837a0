use std::path::Path;

use crate::Unavailable;
use crate::process::{Program, command};

/// A screen without a monitor, for one server: it picks a free display number itself.
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
