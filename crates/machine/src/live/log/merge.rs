//! The answers of several queries as one, in the order of the log.

use crate::event::Event;
use crate::{Answer, Unreadable};

/// Passes the events of all streams, each of which is in the order of the log, to `each` by the number of the record.
pub(super) fn in_order<S>(
    streams: &mut [S],
    next: impl Fn(&mut S) -> Answer<Event>,
    mut each: impl FnMut(Event),
) -> Result<(), Unreadable> {
    let mut heads = streams.iter_mut().map(&next).collect::<Result<Vec<_>, _>>()?;
    loop {
        let waiting = streams.iter_mut().zip(&mut heads).filter(|(_, head)| head.is_some());
        let Some((stream, head)) = waiting.min_by_key(|(_, head)| head.as_ref().map(|event| event.record)) else {
            return Ok(());
        };
        let following = next(stream)?;
        if let Some(event) = std::mem::replace(head, following) {
            each(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::IntoIter;

    use jiff::Timestamp;

    use super::*;

    fn event(record: u64) -> Event {
        Event {
            record,
            time: Timestamp::UNIX_EPOCH,
            provider: String::new(),
            id: 0,
            qualifiers: None,
            level: 0,
            channel: String::new(),
            computer: String::new(),
            process: None,
            activity: None,
            user: None,
            data: Vec::new(),
            binary: None,
        }
    }

    #[test]
    fn streams_come_in_the_order_of_the_log() {
        let mut streams = [vec![1, 5, 6].into_iter(), vec![].into_iter(), vec![2, 3, 9].into_iter()];
        let mut seen = Vec::new();
        let next = |stream: &mut IntoIter<u64>| Ok(stream.next().map(event));
        in_order(&mut streams, next, |event| seen.push(event.record)).unwrap();
        assert_eq!(seen, [1, 2, 3, 5, 6, 9]);
    }

    #[test]
    fn what_came_before_a_failure_has_been_passed() {
        let mut streams = [vec![1, 2].into_iter()];
        let mut seen = Vec::new();
        let next = |stream: &mut IntoIter<u64>| match stream.next() {
            Some(record) => Ok(Some(event(record))),
            None => Err(Unreadable::NoAnswer),
        };
        assert_eq!(in_order(&mut streams, next, |event| seen.push(event.record)), Err(Unreadable::NoAnswer));
        assert_eq!(seen, [1]);
    }
}
