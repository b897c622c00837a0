//! FILETIME: units of 100 ns since 1601, which is how Windows keeps times in hives, event logs and answers.

use jiff::Timestamp;

const TICKS_PER_SECOND: u64 = 10_000_000;
/// Seconds from 1601 to 1970.
const UNIX_EPOCH: i64 = 11_644_473_600;

/// The moment of a FILETIME. `None` after the year 9999.
pub fn timestamp(filetime: u64) -> Option<Timestamp> {
    let seconds = i64::try_from(filetime / TICKS_PER_SECOND).ok()? - UNIX_EPOCH;
    let nanoseconds = i32::try_from(filetime % TICKS_PER_SECOND * 100).ok()?;
    Timestamp::new(seconds, nanoseconds).ok()
}

/// The FILETIME of a moment: 0 before 1601; what is finer than a unit is dropped.
pub fn filetime(time: Timestamp) -> u64 {
    let ticks = time.as_nanosecond().div_euclid(100) + i128::from(UNIX_EPOCH) * i128::from(TICKS_PER_SECOND);
    u64::try_from(ticks).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive() {
        for ticks in [0, 1, 133_000_000_000_000_001, 116_444_736_000_000_000] {
            assert_eq!(timestamp(ticks).map(filetime), Some(ticks));
        }
        assert_eq!(timestamp(u64::MAX), None);
        assert_eq!(timestamp(116_444_736_000_000_000).unwrap(), Timestamp::UNIX_EPOCH);
        assert_eq!(timestamp(133_485_408_000_000_001).unwrap().to_string(), "2024-01-01T00:00:00.0000001Z");
        assert_eq!(filetime(Timestamp::MIN), 0);
    }
}
