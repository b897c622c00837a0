//! The results of one query, through wevtapi.

use std::collections::VecDeque;

use windows_sys::Win32::Foundation::{ERROR_EVT_CHANNEL_NOT_FOUND, ERROR_NO_MORE_ITEMS, ERROR_SUCCESS};
use windows_sys::Win32::System::EventLog::{
    EVT_HANDLE, EVT_QUERY_FLAGS, EVT_VARIANT, EvtClose, EvtGetLogInfo, EvtLogNumberOfLogRecords, EvtNext,
    EvtOpenChannelPath, EvtOpenLog, EvtQuery, EvtQueryChannelPath, EvtRender, EvtRenderEventXml, EvtVarTypeUInt64,
};

use super::super::system::{bytes_of, filled, forget_error, last_error, narrow, size_of_u32, why, wide};
use crate::event::Event;
use crate::{Answer, Unreadable, evtx};

/// Events fetched at once. A batch of more than some 1.8 MB is refused, and an event has 64 KiB at most.
const BATCH: usize = 16;
/// Milliseconds that the service may take for a batch; it has the whole log to look through.
const PATIENCE: u32 = 60_000;
/// The XML of one event, in bytes.
const LARGEST: usize = 2 << 20;

/// Events that match a query, in one of the two directions.
pub(super) struct Results {
    query: Handle,
    fetched: VecDeque<Handle>,
    /// Events that could not be rendered or read.
    pub(super) damaged: u64,
}

impl Results {
    /// None where there is no such channel.
    pub(super) fn of(channel: &str, query: &str, direction: EVT_QUERY_FLAGS) -> Answer<Self> {
        let (channel, query) = (wide(channel)?, wide(query)?);
        forget_error();
        // SAFETY: both texts are terminated; session 0 is this machine.
        let handle = unsafe { EvtQuery(0, channel.as_ptr(), query.as_ptr(), EvtQueryChannelPath | direction) };
        match (handle, last_error()) {
            (0, ERROR_EVT_CHANNEL_NOT_FOUND) => Ok(None),
            (0, code) => Err(why(code)),
            _ => Ok(Some(Self { query: Handle(handle), fetched: VecDeque::new(), damaged: 0 })),
        }
    }

    /// The next event that can be read.
    pub(super) fn next(&mut self) -> Answer<Event> {
        loop {
            if self.fetched.is_empty() {
                self.fetched = self.fetch()?;
            }
            let Some(handle) = self.fetched.pop_front() else { return Ok(None) };
            match handle.event() {
                Some(event) => return Ok(Some(event)),
                None => self.damaged += 1,
            }
        }
    }

    /// The next batch, which is empty behind the last.
    fn fetch(&self) -> Result<VecDeque<Handle>, Unreadable> {
        let mut batch: [EVT_HANDLE; BATCH] = [0; BATCH];
        let (room, mut count) = (u32::try_from(BATCH).unwrap_or(1), 0);
        // SAFETY: the results are open, and the batch is valid for writes of the handles that are told.
        let done = unsafe { EvtNext(self.query.0, room, batch.as_mut_ptr(), PATIENCE, 0, &raw mut count) };
        let failure = if done == 0 { Some(last_error()) } else { None };
        // Whatever happened, handles that were given are ours to close.
        let given = batch.into_iter().take(usize::try_from(count).unwrap_or(0)).filter(|handle| *handle != 0);
        let given: VecDeque<Handle> = given.map(Handle).collect();
        match failure {
            None => Ok(given),
            Some(ERROR_NO_MORE_ITEMS) => Ok(VecDeque::new()),
            Some(code) => Err(why(code)),
        }
    }
}

/// How many records a channel has, where the service says.
pub(super) fn count(channel: &str) -> Option<u64> {
    let channel = wide(channel).ok()?;
    // SAFETY: the path is terminated; session 0 is this machine.
    let log = unsafe { EvtOpenLog(0, channel.as_ptr(), EvtOpenChannelPath) };
    let log = (log != 0).then_some(Handle(log))?;
    let mut value = EVT_VARIANT::default();
    let (size, mut used) = (size_of_u32::<EVT_VARIANT>(), 0);
    // SAFETY: the log is open, and the value valid for writes of the size that is told.
    let done = unsafe { EvtGetLogInfo(log.0, EvtLogNumberOfLogRecords, size, &raw mut value, &raw mut used) };
    if done == 0 || value.Type != EvtVarTypeUInt64.cast_unsigned() {
        return None;
    }
    // SAFETY: the type says that this member is set.
    Some(unsafe { value.Anonymous.UInt64Val })
}

/// A log, results, or an event.
struct Handle(EVT_HANDLE);

impl Handle {
    fn event(&self) -> Option<Event> {
        let xml = self.xml().ok()?;
        evtx::from_xml(&xml).ok()
    }

    fn xml(&self) -> Result<String, Unreadable> {
        let bytes = filled(LARGEST, |buffer| {
            let (room, size) = (buffer.as_mut_ptr().cast(), bytes_of(buffer));
            let (mut used, mut properties) = (0, 0);
            // SAFETY: the event is open, and the buffer valid for writes of the size that is told.
            let done =
                unsafe { EvtRender(0, self.0, EvtRenderEventXml, size, room, &raw mut used, &raw mut properties) };
            (if done == 0 { last_error() } else { ERROR_SUCCESS }, used)
        })?;
        let units: Vec<u16> = bytes.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
        Ok(narrow(&units))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle was given to us and is closed once.
        unsafe { EvtClose(self.0) };
    }
}
