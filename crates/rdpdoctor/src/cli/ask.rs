//! A double click on the program: it asks what to do, and keeps its window.

use std::ffi::OsString;
use std::io::{self, BufRead, Read as _, Write};

const WELCOME: &str = "rdpdoctor finds out why a Remote Desktop connection fails, and proves it.\n";
const QUESTION: &str = "\nType a host name, an error code, or nothing to leave: ";
/// Nobody types more, and what is pasted beyond it is no host and no code.
const LONGEST_LINE: u64 = 4096;

/// Asks until nothing is typed, and has each line run as if it stood behind `rdpdoctor`.
pub(super) fn ask(
    input: &mut impl BufRead,
    output: &mut impl Write,
    mut run: impl FnMut(Vec<OsString>),
) -> io::Result<()> {
    output.write_all(WELCOME.as_bytes())?;
    loop {
        output.write_all(QUESTION.as_bytes())?;
        output.flush()?;
        let line = read_line(input)?;
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        if words.is_empty() {
            return Ok(());
        }
        run(words);
    }
}

/// At most so much of a line; the rest of it is passed over.
fn read_line(input: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    let mut last = line.last().copied();
    while last.is_some_and(|byte| byte != b'\n') {
        let mut rest = Vec::new();
        input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut rest)?;
        last = rest.last().copied();
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

/// Whether the console was made for this process alone, as Explorer does on a double click.
#[cfg(windows)]
pub(super) fn console_is_ours_alone() -> bool {
    processes_at_console() == 1
}

#[cfg(not(windows))]
pub(super) fn console_is_ours_alone() -> bool {
    false
}

#[cfg(windows)]
#[expect(unsafe_code, reason = "no safe wrapper of GetConsoleProcessList exists")]
fn processes_at_console() -> u32 {
    let mut processes = [0; 2];
    // SAFETY: the buffer is valid for writes of the two elements that the call is told of. More processes than that make
    // it return their number and write nothing.
    unsafe { windows_sys::Win32::System::Console::GetConsoleProcessList(processes.as_mut_ptr(), 2) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(typed: &[u8]) -> (Vec<Vec<OsString>>, String) {
        let (mut ran, mut said) = (Vec::new(), Vec::new());
        ask(&mut &typed[..], &mut said, |words| ran.push(words)).unwrap();
        (ran, String::from_utf8(said).unwrap())
    }

    #[test]
    fn each_line_is_run_until_nothing_is_typed() {
        let (ran, said) = asked(b"ts01 --deep\r\n0x904/0x7\n\nnever\n");
        assert_eq!(ran, [vec!["ts01", "--deep"], vec!["0x904/0x7"]]);
        assert_eq!(said.matches(QUESTION).count(), 3);
    }

    #[test]
    fn the_end_of_input_ends_it() {
        assert!(asked(b"").0.is_empty());
        assert_eq!(asked(b"ts01").0, [["ts01"]]);
    }

    #[test]
    fn a_line_without_end_is_cut_and_the_rest_passed_over() {
        let (ran, _) = asked(&[vec![b'a'; 10_000], b"\nts01\n".to_vec()].concat());
        assert_eq!((ran.len(), ran[0][0].len()), (2, 4096));
        assert_eq!(ran[1], ["ts01"]);
    }
}
