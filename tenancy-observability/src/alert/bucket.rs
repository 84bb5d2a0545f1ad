use std::time::Duration;

use tenancy_core::time::Time;

/// How much may be sent: some at once, and then one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    burst: u32,
    every: Duration,
    /// When it will be full again.
    full_at: Time,
}

impl Bucket {
    pub(super) fn new(burst: u32, every: Duration) -> Self {
        Self {
            burst: burst.max(1),
            every,
            full_at: Time::from_microseconds(0),
        }
    }

    /// Takes one if there is one.
    pub(super) fn take(&mut self, now: Time) -> bool {
        let full_at = self.full_at.max(now).after(self.every);
        let is_there = full_at <= now.after(self.every * self.burst);
        if is_there {
            self.full_at = full_at;
        }
        is_there
    }

    /// Puts back what was taken and not used.
    pub(super) fn put_back(&mut self, count: u32) {
        let unused = self.every.saturating_mul(count).as_micros();
        let unused = i64::try_from(unused).unwrap_or(i64::MAX);
        let full_at = self.full_at.as_microseconds().saturating_sub(unused);
        self.full_at = Time::from_microseconds(full_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_go_at_once_and_then_one_after_the_other() {
        let second = Duration::from_secs(1);
        let mut bucket = Bucket::new(3, second);
        let start = Time::from_microseconds(1_700_000_000_000_000);
        let mut taken =
            |after: Duration| (0..5).filter(|_| bucket.take(start.after(after))).count();
        assert_eq!(taken(Duration::ZERO), 3);
        assert_eq!(taken(second / 2), 0);
        assert_eq!(taken(second), 1);
        assert_eq!(taken(3 * second), 2);
        assert_eq!(taken(60 * second), 3);
    }

    #[test]
    fn what_is_put_back_can_be_taken_again() {
        let mut bucket = Bucket::new(3, Duration::from_secs(1));
        let now = Time::from_microseconds(1_700_000_000_000_000);
        let mut taken = |count: u32| {
            let taken = (0..5).filter(|_| bucket.take(now)).count();
            bucket.put_back(count);
            taken
        };
        assert_eq!([taken(2), taken(0), taken(3), taken(0)], [3, 2, 0, 3]);
    }
}
