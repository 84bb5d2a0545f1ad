use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

const NANOSECONDS: u64 = 1_000_000_000;

/// So many at once, refilled evenly over a window: the generic cell rate algorithm (GCRA, ITU-T
/// I.371, annex A).
///
/// Whoever has used nothing may use the whole amount at once, and then gets one back every
/// `window / amount`. So any window admits fewer than twice the amount: all at its beginning, and
/// what is refilled until its end; and over a long time exactly the amount for each window.
///
/// As text it is `1000/h` or `10/5min`; in serde `{"amount":1000,"window_seconds":3600}`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(from = "Written", into = "Written")]
pub struct Quota {
    amount: u32,
    window_seconds: NonZeroU32,
    /// Nanoseconds for one, rounded up, so that a window never admits one too many.
    interval: u64,
}

/// How a quota stands in settings.
#[derive(Deserialize, Serialize)]
struct Written {
    amount: u32,
    window_seconds: NonZeroU32,
}

impl Quota {
    /// This amount for each window. An amount of zero admits nothing.
    pub const fn new(amount: u32, window_seconds: NonZeroU32) -> Self {
        let window = window_seconds.get() as u64 * NANOSECONDS;
        let uses = if amount == 0 { 1 } else { amount as u64 };
        Self {
            amount,
            window_seconds,
            interval: window.div_ceil(uses),
        }
    }

    /// This amount for each second.
    pub const fn per_second(amount: u32) -> Self {
        Self::new(amount, seconds(1))
    }

    /// This amount for each minute.
    pub const fn per_minute(amount: u32) -> Self {
        Self::new(amount, seconds(60))
    }

    /// This amount for each hour.
    pub const fn per_hour(amount: u32) -> Self {
        Self::new(amount, seconds(3600))
    }

    /// This amount for each day.
    pub const fn per_day(amount: u32) -> Self {
        Self::new(amount, seconds(86_400))
    }

    /// How much may be used at once.
    pub const fn amount(self) -> u32 {
        self.amount
    }

    /// How long it takes until all of it is there again.
    pub const fn window(self) -> Duration {
        Duration::from_secs(self.window_seconds.get() as u64)
    }

    pub(super) const fn window_seconds(self) -> u32 {
        self.window_seconds.get()
    }

    /// So many times the amount for each window.
    pub(crate) const fn times(self, factor: u32) -> Self {
        Self::new(self.amount.saturating_mul(factor), self.window_seconds)
    }

    #[inline]
    pub(super) const fn pace(self) -> Pace {
        Pace {
            interval: self.interval,
            capacity: self.interval * self.amount as u64,
        }
    }
}

impl From<Written> for Quota {
    fn from(written: Written) -> Self {
        Self::new(written.amount, written.window_seconds)
    }
}

impl From<Quota> for Written {
    fn from(quota: Quota) -> Self {
        Self {
            amount: quota.amount,
            window_seconds: quota.window_seconds,
        }
    }
}

/// What a window's unit is called, and its seconds; the longest first.
const UNITS: [(&str, u32); 4] = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)];

/// The text is no [`Quota`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a quota is an amount for each s, min, h or d, such as 1000/h or 10/5min")]
pub struct InvalidQuota;

impl FromStr for Quota {
    type Err = InvalidQuota;

    fn from_str(text: &str) -> Result<Self, InvalidQuota> {
        let (amount, window) = text.split_once('/').ok_or(InvalidQuota)?;
        let digits = window.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = window.split_at(digits);
        let count = if count.is_empty() { "1" } else { count };
        let unit = UNITS.into_iter().find(|(name, _)| *name == unit);
        let (_, seconds) = unit.ok_or(InvalidQuota)?;
        let count: u32 = count.parse().map_err(|_| InvalidQuota)?;
        let window = count.checked_mul(seconds).and_then(NonZeroU32::new);
        let is_plain = !amount.is_empty() && amount.bytes().all(|byte| byte.is_ascii_digit());
        let amount = amount.parse().ok().filter(|_| is_plain);
        Ok(Self::new(
            amount.ok_or(InvalidQuota)?,
            window.ok_or(InvalidQuota)?,
        ))
    }
}

/// As in `10/5min`, in the longest unit that fits.
impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.window_seconds();
        let fits = |(_, unit): &(&str, u32)| seconds.is_multiple_of(*unit);
        let (name, unit) = UNITS.into_iter().find(fits).unwrap_or(("s", 1));
        match seconds / unit {
            1 => write!(f, "{}/{name}", self.amount),
            count => write!(f, "{}/{count}{name}", self.amount),
        }
    }
}

/// A number of seconds that is written down in this file.
const fn seconds(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("no window above is zero")
}

/// A quota in time: what one costs, and what may be owed. A client owes what it used until time
/// has paid for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Pace {
    /// Nanoseconds for one.
    pub(super) interval: u64,
    /// Nanoseconds for the whole amount.
    pub(super) capacity: u64,
}

impl Pace {
    /// What will be owed after so many more, if that is allowed.
    #[inline]
    pub(super) fn add(self, debt: u64, cost: u32) -> Option<u64> {
        let after = debt.checked_add(self.interval.checked_mul(u64::from(cost))?)?;
        (after <= self.capacity).then_some(after)
    }

    /// A debt under another pace: the same number of uses, though never more than may be owed.
    pub(super) fn convert(self, debt: u64, from_interval: u64) -> u64 {
        let uses = u128::from(debt) * u128::from(self.interval);
        let debt = uses.div_ceil(u128::from(from_interval.max(1)));
        u64::try_from(debt).map_or(self.capacity, |debt| debt.min(self.capacity))
    }

    /// How many more are allowed now.
    pub(super) fn left(self, debt: u64) -> u32 {
        let left = self.capacity.saturating_sub(debt) / self.interval;
        u32::try_from(left).unwrap_or(u32::MAX)
    }

    /// How long until so many are allowed; `None` if they never are.
    pub(super) fn wait(self, debt: u64, cost: u32) -> Option<u64> {
        let price = self.interval.checked_mul(u64::from(cost))?;
        let room = self.capacity.checked_sub(price)?;
        Some(debt.saturating_sub(room))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_amount_is_allowed_at_once_and_not_one_more() {
        let check = |quota: Quota| {
            let (pace, amount) = (quota.pace(), quota.amount());
            assert_eq!(pace.left(0), amount, "{quota:?}");
            assert_eq!(pace.add(0, amount), Some(pace.capacity), "{quota:?}");
            assert_eq!(pace.add(pace.interval, amount), None, "{quota:?}");
            assert_eq!(
                pace.wait(pace.capacity, 1),
                (amount > 0).then_some(pace.interval)
            );
            let window = u64::from(quota.window_seconds()) * NANOSECONDS;
            assert!(pace.capacity >= window || amount == 0, "{quota:?}");
        };
        check(Quota::per_hour(1000));
        check(Quota::per_second(7));
        check(Quota::per_second(u32::MAX));
        check(Quota::new(u32::MAX, NonZeroU32::MAX));
        check(Quota::new(1, NonZeroU32::MAX));
        check(Quota::per_day(0));
    }

    #[test]
    fn a_quota_is_written_as_people_say_it() {
        let check = |text: &str, expected: Quota| {
            assert_eq!(text.parse(), Ok(expected), "{text}");
            assert_eq!(expected.to_string(), text);
        };
        check("1000/h", Quota::per_hour(1000));
        check("10/5min", Quota::new(10, seconds(300)));
        check("0/s", Quota::per_second(0));
        check("7/90s", Quota::new(7, seconds(90)));
        check("7/49710d", Quota::new(7, seconds(49_710 * 86_400)));
        assert_eq!("60/60s".parse(), Ok(Quota::per_minute(60)));
        let wrong = [
            "",
            "5",
            "/h",
            "5/",
            "5/0h",
            "5/m",
            "+5/h",
            "5/-1h",
            "5/49711d",
            "4294967296/h",
            "5/1.5h",
        ];
        for text in wrong {
            assert_eq!(text.parse::<Quota>(), Err(InvalidQuota), "{text}");
        }
    }

    #[test]
    fn what_can_never_fit_has_no_end_to_wait_for() {
        let pace = Quota::per_minute(10).pace();
        assert_eq!(pace.wait(0, 10), Some(0));
        assert_eq!(pace.wait(0, 11), None);
        assert_eq!(Quota::per_minute(0).pace().wait(0, 1), None);
    }

    #[test]
    fn another_pace_keeps_the_number_of_uses() {
        let (ten, hundred) = (Quota::per_minute(10).pace(), Quota::per_minute(100).pace());
        assert_eq!(
            hundred.left(hundred.convert(ten.capacity, ten.interval)),
            90
        );
        assert_eq!(
            ten.left(ten.convert(hundred.interval * 4, hundred.interval)),
            6
        );
        assert_eq!(
            ten.convert(hundred.capacity, hundred.interval),
            ten.capacity
        );
    }
}
