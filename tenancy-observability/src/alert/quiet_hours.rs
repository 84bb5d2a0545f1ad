use jiff::civil;
use jiff::tz::TimeZone;
use tenancy_core::time::Time;

/// Hours in which a channel carries what is critical and nothing else. What waited is sent at their end.
#[derive(Clone, Debug)]
pub struct QuietHours {
    from: civil::Time,
    to: civil::Time,
    zone: TimeZone,
}

impl QuietHours {
    /// From one time of the day to another, over midnight where that is earlier; where both are the same
    /// there are none.
    pub fn new(from: civil::Time, to: civil::Time, zone: TimeZone) -> Self {
        Self { from, to, zone }
    }

    /// When they end, if they are now.
    pub(super) fn end(&self, now: Time) -> Option<Time> {
        let here = now.to_timestamp().to_zoned_datetime(self.zone.clone());
        let time = here.time();
        let over_midnight = self.from > self.to;
        let is_quiet = match over_midnight {
            true => time >= self.from || time < self.to,
            false => time >= self.from && time < self.to,
        };
        if !is_quiet {
            return None;
        }
        let today = here.date();
        let date = match over_midnight && time >= self.from {
            true => today.tomorrow().ok()?,
            false => today,
        };
        let end = date
            .to_datetime(self.to)
            .to_zoned_datetime(self.zone.clone())
            .ok()?;
        Some(end.timestamp().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_go_over_midnight_and_end_once() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let night = QuietHours::new(
            civil::time(22, 0, 0, 0),
            civil::time(7, 0, 0, 0),
            zone.clone(),
        );
        let noon = QuietHours::new(civil::time(12, 0, 0, 0), civil::time(13, 0, 0, 0), zone);
        let check = |hours: &QuietHours, now: &str, expected: Option<&str>| {
            let time = |text: &str| Time::from(text.parse::<jiff::Timestamp>().unwrap());
            assert_eq!(hours.end(time(now)), expected.map(time), "{now}");
        };
        check(&night, "2026-03-01T19:59:59Z", None);
        check(&night, "2026-03-01T20:00:00Z", Some("2026-03-02T05:00:00Z"));
        check(&night, "2026-03-01T23:30:00Z", Some("2026-03-02T05:00:00Z"));
        check(&night, "2026-03-02T04:59:59Z", Some("2026-03-02T05:00:00Z"));
        check(&night, "2026-03-02T05:00:00Z", None);
        check(&noon, "2026-03-02T10:30:00Z", Some("2026-03-02T11:00:00Z"));
        check(&noon, "2026-03-02T11:00:00Z", None);
    }
}
