use std::process::ExitCode;

use rdpdoctor_diagnosis::Verdict;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing stops a connection, or what was asked for was printed.
    Good = 0,
    /// Something stops a connection.
    Stopped = 1,
    /// Wrong usage.
    Usage = 2,
    /// We could not do our work, or not settle the question.
    Unsettled = 3,
    /// ^C.
    Interrupted = 130,
}

impl Exit {
    /// One answer for several targets: a wall outweighs an open question, which outweighs everything else.
    pub(crate) fn of(verdicts: &[Verdict], fail_on_warning: bool) -> Self {
        let exits = || verdicts.iter().map(|verdict| Self::of_one(*verdict, fail_on_warning));
        [Self::Stopped, Self::Unsettled].into_iter().find(|exit| exits().any(|one| one == *exit)).unwrap_or(Self::Good)
    }

    fn of_one(verdict: Verdict, fail_on_warning: bool) -> Self {
        match verdict {
            Verdict::Warning if fail_on_warning => Self::Stopped,
            Verdict::Healthy | Verdict::Warning => Self::Good,
            Verdict::Broken | Verdict::Unreachable => Self::Stopped,
            Verdict::Inconclusive => Self::Unsettled,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Broken, Healthy, Inconclusive, Unreachable, Warning};

    #[test]
    fn the_worst_target_decides() {
        assert_eq!(Exit::of(&[Healthy, Warning], false), Exit::Good);
        assert_eq!(Exit::of(&[Healthy, Warning], true), Exit::Stopped);
        assert_eq!(Exit::of(&[Healthy, Inconclusive], false), Exit::Unsettled);
        assert_eq!(Exit::of(&[Inconclusive, Broken], false), Exit::Stopped);
        assert_eq!(Exit::of(&[Unreachable, Inconclusive], false), Exit::Stopped);
        assert_eq!(Exit::of(&[Inconclusive, Warning], true), Exit::Stopped);
    }
}
