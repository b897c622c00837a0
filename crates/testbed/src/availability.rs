use std::io;
use std::io::Write as _;

/// Why a server or a network could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unavailable {
    /// The package that holds the program is not installed.
    #[error("{0} is not installed")]
    ProgramMissing(String),
    /// The kernel or our rights do not allow it: namespaces, TUN devices, packet filters, unreadable keys.
    #[error("this machine does not allow {what}: {why}")]
    NotAllowed {
        /// What was tried.
        what: &'static str,
        /// What the system said to it.
        why: String,
    },
    /// The program ran but did not do what it was started for.
    #[error("{program} did not get ready: {log}")]
    NotReady {
        /// Its name.
        program: String,
        /// The end of what it printed.
        log: String,
    },
    /// A scratch file or a process could not be made.
    #[error("scratch files or processes: {0}")]
    Io(#[from] io::Error),
}

/// The value, or `None` after a line that says why the test is skipped.
///
/// # Panics
/// When a server does not start, and, under `CI=true` or `RDPDOCTOR_TEST_REQUIRE=1`, when its program is missing: there
/// the packages are promised, whereas no kernel ability is.
#[expect(clippy::panic, reason = "a test that must run and cannot has failed")]
pub fn on_hand<T>(made: Result<T, Unavailable>) -> Option<T> {
    match made {
        Ok(value) => Some(value),
        Err(reason @ Unavailable::NotAllowed { .. }) => skip(&reason),
        Err(reason @ Unavailable::ProgramMissing(_)) if !programs_are_promised() => skip(&reason),
        Err(reason) => panic!("{reason}"),
    }
}

fn skip<T>(reason: &Unavailable) -> Option<T> {
    // Past the test harness, which swallows what a passing test prints with macros.
    let _ = writeln!(io::stderr(), "SKIP: {reason}");
    None
}

fn programs_are_promised() -> bool {
    let is = |name, value| std::env::var(name).is_ok_and(|found| found == value);
    is("CI", "true") || is("RDPDOCTOR_TEST_REQUIRE", "1")
}
