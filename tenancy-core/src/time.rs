//! Points in time, as they are stored.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A point in time in microseconds since 1970 in UTC, shown as RFC 3339.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Time(i64);

impl Time {
    /// Now, by the system's clock.
    pub fn now() -> Self {
        Self(Timestamp::now().as_microsecond())
    }

    /// The time this many microseconds after 1970 (before, when negative), clamped to the years
    /// that can be shown (-9999 to 9999).
    pub fn from_microseconds(microseconds: i64) -> Self {
        // The last second's fraction is beyond what jiff reads back.
        Self(microseconds.clamp(
            Timestamp::MIN.as_second() * 1_000_000,
            Timestamp::MAX.as_second() * 1_000_000,
        ))
    }

    /// Microseconds since 1970.
    pub const fn as_microseconds(self) -> i64 {
        self.0
    }

    /// The time as jiff's type.
    pub fn to_timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0).expect("every constructor keeps the range")
    }

    /// This time plus a duration, clamped like [`from_microseconds`](Self::from_microseconds).
    #[must_use]
    pub fn after(self, duration: std::time::Duration) -> Self {
        let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::from_microseconds(self.0.saturating_add(microseconds))
    }
}

impl From<Timestamp> for Time {
    fn from(timestamp: Timestamp) -> Self {
        Self::from_microseconds(timestamp.as_microsecond())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_timestamp().fmt(f)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse::<Timestamp>()
            .map(Self::from)
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_time_can_be_shown() {
        for far in [i64::MIN, i64::MAX] {
            let time = Time::from_microseconds(far);
            let shown = time.to_string();
            assert_eq!(shown.parse::<Timestamp>().map(Time::from).ok(), Some(time));
        }
        let last = Time::from(Timestamp::MAX).after(std::time::Duration::from_secs(1));
        assert_eq!(last, Time::from_microseconds(i64::MAX));
    }
}
