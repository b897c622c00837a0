//! Channels of the event log.

mod merge;
mod results;
mod xpath;

use windows_sys::Win32::System::EventLog::{EvtQueryForwardDirection, EvtQueryReverseDirection};

use self::results::Results;
use crate::event::{Event, Summary, Wanted};
use crate::{Answer, Unreadable};

const ANY: &str = "*";

/// Passes the wanted events of a channel to `each`, the oldest first.
pub(super) fn events(channel: &str, wanted: &Wanted, each: &mut dyn FnMut(Event)) -> Answer<Summary> {
    let Some(mut forward) = Results::of(channel, ANY, EvtQueryForwardDirection)? else { return Ok(None) };
    let mut reverse = Results::of(channel, ANY, EvtQueryReverseDirection)?;
    let oldest = forward.next()?;
    let newest = reverse.as_mut().map(Results::next).transpose()?.flatten();
    let mut streams = matching(channel, wanted)?;
    let mut matched = 0;
    merge::in_order(&mut streams, Results::next, |event| {
        if wanted.has(&event.provider, event.id) && wanted.since.is_none_or(|since| event.time >= since) {
            matched += 1;
            each(event);
        }
    })?;
    Ok(Some(Summary {
        records: results::count(channel).unwrap_or(matched),
        matched,
        damaged: streams.iter().map(|stream| stream.damaged).sum(),
        oldest: oldest.map(|event| event.time),
        newest: newest.map(|event| event.time),
    }))
}

fn matching(channel: &str, wanted: &Wanted) -> Result<Vec<Results>, Unreadable> {
    let queries = xpath::queries(wanted);
    queries.iter().filter_map(|query| Results::of(channel, query, EvtQueryForwardDirection).transpose()).collect()
}
