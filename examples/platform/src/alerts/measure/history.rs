use std::time::Duration;

use tenancy_core::time::Time;
use tenancy_observability::report::Part;

const WINDOW: Duration = Duration::from_secs(5 * 60);
const WINDOWS_OF_HOUR: u32 = 12;

/// For how long windows are told apart; of what is older, hours are.
const APART: u32 = 7 * WINDOWS_OF_HOUR;

/// What somebody's requests came to, by windows of five minutes, and further back by the hour: at most 3 KiB
/// for three days.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// By their starts, and after all hours.
    windows: Vec<Bucket>,
    hours: Vec<Bucket>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    start: Window,
    sum: Sum,
}

/// The number of a window of five minutes since 1970.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Window(u32);

/// What some requests came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sum {
    requests: u32,
    cancelled: u32,
    errors: u32,
    milliseconds: f32,
}

impl History {
    /// Knows what there was from a window on, in place of what was known of that time. The window is an
    /// hour's first one, or there was nothing before it.
    pub(super) fn put(&mut self, from: Window, parts: &[Part]) {
        self.windows.retain(|window| window.start < from);
        self.hours.retain(|hour| hour.start < from);
        let with_requests = parts.iter().filter(|part| part.requests > 0);
        self.windows.extend(with_requests.map(|part| Bucket {
            start: Window::of(part.from),
            sum: Sum::of(part),
        }));
    }

    /// Gives up what was before a window, and tells windows apart no longer that are hours old.
    pub(super) fn age(&mut self, now: Window, first: Window) {
        let old = now.hour().0.saturating_sub(APART);
        let old = self.windows.partition_point(|window| window.start.0 < old);
        for Bucket { start, sum } in self.windows.drain(..old) {
            match self.hours.last_mut() {
                Some(hour) if hour.start == start.hour() => hour.sum = hour.sum.and(sum),
                _ => self.hours.push(Bucket {
                    start: start.hour(),
                    sum,
                }),
            }
        }
        self.hours.retain(|hour| hour.start >= first.hour());
        self.windows.retain(|window| window.start >= first);
    }

    /// What there was from a window on, with all of an hour that it is in.
    pub(super) fn since(&self, first: Window) -> Sum {
        let hours = self.hours.iter().filter(|hour| hour.start >= first.hour());
        let windows = self.windows.iter().filter(|window| window.start >= first);
        let all = hours.chain(windows);
        all.fold(Sum::default(), |sum, bucket| sum.and(bucket.sum))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.windows.is_empty() && self.hours.is_empty()
    }
}

impl Window {
    pub(super) fn of(time: Time) -> Self {
        let number = time.as_microseconds() / WINDOW.as_micros() as i64;
        Self(u32::try_from(number).unwrap_or_default())
    }

    /// That which was so long before.
    pub(super) fn before(time: Time, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::of(Time::from_microseconds(
            time.as_microseconds().saturating_sub(micros),
        ))
    }

    /// The first of its hour.
    pub(super) fn hour(self) -> Self {
        Self(self.0 - self.0 % WINDOWS_OF_HOUR)
    }

    pub(super) fn start(self) -> Time {
        Time::from_microseconds(i64::from(self.0) * WINDOW.as_micros() as i64)
    }
}

impl Sum {
    fn of(part: &Part) -> Self {
        let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
        let mean = part.response_time.map_or(0.0, |times| times.mean);
        Self {
            requests: count(part.requests),
            cancelled: count(part.cancelled),
            errors: count(part.errors),
            milliseconds: (mean * part.requests as f64) as f32,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            cancelled: self.cancelled.saturating_add(other.cancelled),
            errors: self.errors.saturating_add(other.errors),
            milliseconds: self.milliseconds + other.milliseconds,
        }
    }

    pub(super) fn requests(self) -> u32 {
        self.requests
    }

    /// From 0 to 1, of those that ended by themselves.
    pub(super) fn error_share(self) -> Option<f64> {
        let ended = self.requests.saturating_sub(self.cancelled);
        (ended > 0).then(|| f64::from(self.errors) / f64::from(ended))
    }

    pub(super) fn response_time_ms(self) -> Option<f64> {
        let mean = || f64::from(self.milliseconds) / f64::from(self.requests);
        (self.requests > 0).then(mean)
    }
}
