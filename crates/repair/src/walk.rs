//! A repair and its undo, cut off after each of their writes in turn.

#[cfg(windows)]
mod live;

use crate::Subject;
use crate::apply::apply;
use crate::plan::Plan;
use crate::testing::{Cut, Paper, Power};
use crate::undo::undo;

/// More writes than any plan has.
const ENOUGH: usize = 500;

/// Cuts off the repair of a machine after every write, and takes it back. Counts the cuts.
pub(crate) fn cut_repairs<S: Subject>(plan: &Plan, broken: impl Fn() -> S, bytes: impl Fn(&S) -> String) -> usize {
    for writes in 0..ENOUGH {
        let (subject, paper, power) = (broken(), Paper::default(), Power::until(writes));
        let before = bytes(&subject);
        let made = paper
            .begin(&power)
            .map_err(drop)
            .and_then(|mut journal| apply(plan, &Cut::new(&subject, &power), &mut journal, &mut |_| ()).map_err(drop));
        match paper.resume(&Power::endless()) {
            Some(mut journal) => undo(&mut journal, &subject, false, &mut |_| ()).unwrap(),
            None => assert_eq!(writes, 0, "a journal that cannot be read is one that was not begun"),
        }
        assert_eq!(bytes(&subject), before, "cut off after {writes} writes");
        if made.is_ok() {
            return writes;
        }
    }
    panic!("it has no end");
}

/// Cuts off the undo of a whole repair after every write, and finishes it. Counts the cuts.
pub(crate) fn cut_undos<S: Subject>(plan: &Plan, broken: impl Fn() -> S, bytes: impl Fn(&S) -> String) -> usize {
    for writes in 0..ENOUGH {
        let (subject, paper, power) = (broken(), Paper::default(), Power::until(writes));
        let before = bytes(&subject);
        let mut journal = paper.begin(&Power::endless()).unwrap();
        apply(plan, &subject, &mut journal, &mut |_| ()).unwrap();
        assert_ne!(bytes(&subject), before, "it changes something");
        let undone = undo(&mut paper.resume(&power).unwrap(), &Cut::new(&subject, &power), false, &mut |_| ()).is_ok();
        let mut journal = paper.resume(&Power::endless()).unwrap();
        if !journal.record().undone {
            undo(&mut journal, &subject, false, &mut |_| ()).unwrap();
        }
        assert_eq!(bytes(&subject), before, "cut off after {writes} writes");
        if undone {
            return writes;
        }
    }
    panic!("it has no end");
}
