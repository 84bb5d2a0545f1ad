use std::time::Duration;

use tenancy_core::time::Time;

/// How long the windows are in which requests are counted.
pub(super) const WINDOW: Duration = Duration::from_secs(5 * 60);

/// How long those are that older ones are made into.
pub(super) const HOUR: Duration = Duration::from_secs(60 * 60);

/// The beginning of the window of this length that a time is in. Windows lie end to end from 1970 on,
/// in UTC, so no change of a clock for summer makes one longer.
pub(super) fn beginning(of: Time, length: Duration) -> Time {
    let length = microseconds(length);
    let since = of.as_microseconds().rem_euclid(length);
    Time::from_microseconds(of.as_microseconds() - since)
}

pub(super) fn before(time: Time, duration: Duration) -> Time {
    Time::from_microseconds(
        time.as_microseconds()
            .saturating_sub(microseconds(duration)),
    )
}

fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// From when to when a report goes: from the first moment on, and up to the last one without it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Period {
    from: Time,
    to: Time,
}

impl Period {
    /// From one time to another, as far as whole windows of five minutes go: both bounds are moved out
    /// to the next edge of one.
    pub fn between(from: Time, to: Time) -> Self {
        let to_edge = beginning(to, WINDOW);
        let to = match to_edge == to {
            true => to,
            false => to_edge.after(WINDOW),
        };
        let from = beginning(from, WINDOW);
        Self {
            from,
            to: to.max(from),
        }
    }

    /// So much before a time.
    pub fn ending(to: Time, duration: Duration) -> Self {
        Self::between(before(to, duration), to)
    }

    /// The last so much before `now`, with the window that `now` is in.
    pub fn last(duration: Duration, now: Time) -> Self {
        Self::between(before(now, duration), now.after(Duration::from_micros(1)))
    }

    /// The first moment.
    pub fn from(&self) -> Time {
        self.from
    }

    /// The first moment after it.
    pub fn to(&self) -> Time {
        self.to
    }

    /// As far as it goes with a window that lies partly in it.
    pub(super) fn with(self, start: Time, length: Duration) -> Self {
        Self {
            from: self.from.min(start),
            to: self.to.max(start.after(length)),
        }
    }

    /// Whether something of a window lies in it.
    pub(super) fn meets(&self, start: Time, length: Duration) -> bool {
        start < self.to && start.after(length) > self.from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_made_of_whole_windows_and_ends_before_its_end() {
        let time = |text: &str| Time::from(text.parse::<jiff::Timestamp>().unwrap());
        let check = |from: &str, to: &str, expected: (&str, &str)| {
            let period = Period::between(time(from), time(to));
            assert_eq!(
                (period.from(), period.to()),
                (time(expected.0), time(expected.1))
            );
        };
        // The night in which clocks in Berlin go back: each hour is there once.
        check(
            "2026-10-25T00:30:00Z",
            "2026-10-25T02:30:00Z",
            ("2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z"),
        );
        check(
            "2026-10-25T00:31:00Z",
            "2026-10-25T02:31:00Z",
            ("2026-10-25T00:30:00Z", "2026-10-25T02:35:00Z"),
        );
        check(
            "2026-10-25T00:31:00Z",
            "2026-10-24T02:31:00Z",
            ("2026-10-25T00:30:00Z", "2026-10-25T00:30:00Z"),
        );
        check(
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00Z",
            ("1969-12-31T23:55:00Z", "1970-01-01T00:00:00Z"),
        );
        let last = Period::last(HOUR, time("2026-01-01T10:00:00Z"));
        assert_eq!(last.to(), time("2026-01-01T10:05:00Z"));
        let period = Period::between(time("2026-01-01T10:00:00Z"), time("2026-01-01T10:05:00Z"));
        let meets = |start: &str, length| period.meets(time(start), length);
        assert!(meets("2026-01-01T10:00:00Z", WINDOW) && meets("2026-01-01T10:00:00Z", HOUR));
        assert!(!meets("2026-01-01T09:55:00Z", WINDOW) && !meets("2026-01-01T10:05:00Z", WINDOW));
        assert!(!meets("2026-01-01T09:00:00Z", HOUR));
    }
}
