//! What the log says of the certificates that Windows made, or could not make.

use jiff::Timestamp;

use crate::causes::logged::{Logged, MANAGER, logged};
use crate::evidence::Snapshot;
use crate::evidence::snapshot::{HostEvent, Reading};

/// A new certificate was made.
const MADE: u32 = 1056;
/// None could be made, and the one that has ended could not be replaced.
const FAILED: [u32; 2] = [1057, 1058];
/// A day, in seconds.
const DAY: i64 = 86_400;

/// Statuses of a container that is in the way, with Windows' English words for them.
const IN_THE_WAY: [(u32, &str); 5] = [
    (0x8009_000b, "key not valid for use in specified state"),
    (0x8009_000f, "object already exists"),
    (0x8009_0010, "access denied"),
    (0x8009_0016, "keyset does not exist"),
    (0x8007_0005, "access is denied"),
];

/// Failures since Windows last made a certificate, in order of time; none where the log was not read.
pub(super) fn failures(host: &Snapshot) -> Option<Vec<Logged<'_>>> {
    is_logged(host).then(|| {
        let made = made(host);
        logged(host, MANAGER, &FAILED).into_iter().filter(|one| Some(one.event.time) > made).collect()
    })
}

/// When Windows last made a certificate, as far as the log goes back.
pub(super) fn made(host: &Snapshot) -> Option<Timestamp> {
    logged(host, MANAGER, &[MADE]).last().map(|one| one.event.time)
}

/// Whether the log in which it would stand was read.
pub(super) fn is_logged(host: &Snapshot) -> bool {
    host.channels.get("System").and_then(Reading::observed).is_some_and(Option::is_some)
}

/// Whether a moment is more than a day after another.
pub(super) fn is_past(now: Timestamp, end: Timestamp) -> bool {
    now.as_second().saturating_sub(end.as_second()) > DAY
}

/// Whether the event's status is one of a container that can be neither opened nor replaced.
pub(super) fn is_in_the_way(event: &HostEvent) -> bool {
    event.data.iter().any(|(_, text)| {
        let text = text.trim().to_ascii_lowercase();
        let status = status(&text);
        IN_THE_WAY.iter().any(|(code, words)| status == Some(*code) || text.contains(words))
    })
}

/// A status as events write it: `0x8009000F`, `%%2148073487`, or the number.
fn status(text: &str) -> Option<u32> {
    if let Some((_, after)) = text.split_once("0x") {
        let digits: String = after.chars().take_while(char::is_ascii_hexdigit).collect();
        return u32::from_str_radix(&digits, 16).ok();
    }
    let number = text.strip_prefix("%%").unwrap_or(text);
    number.parse().ok().or_else(|| number.parse::<i32>().ok().map(i32::cast_unsigned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Machine;

    fn event(text: &str) -> HostEvent {
        let data = vec![(String::new(), text.to_owned())];
        HostEvent { time: Timestamp::UNIX_EPOCH, provider: MANAGER.to_owned(), id: 1057, record: 1, data }
    }

    #[test]
    fn the_status_is_read_in_every_spelling() {
        for text in ["0x8009000F", "%%2148073487", "-2146893809", "Object already exists.\r\n", "Fehler 0x80090016 ."] {
            assert!(is_in_the_way(&event(text)), "{text}");
        }
        for text in ["", "0x", "0x80070070", "Der Datentr\u{e4}ger ist voll", "99999999999"] {
            assert!(!is_in_the_way(&event(text)), "{text}");
        }
    }

    #[test]
    fn a_success_ends_the_failures_before_it() {
        let machine = || Machine::healthy().event("System", MANAGER, 1057, 100, &[]);
        assert_eq!(failures(&machine().snapshot()).unwrap().len(), 1);
        assert!(failures(&machine().event("System", MANAGER, 1056, 50, &[]).snapshot()).unwrap().is_empty());
        assert!(failures(&Machine::unread().snapshot()).is_none());
    }
}
